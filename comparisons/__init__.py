"""One contract in -> the same feature in every stack, run on real servers and compared, out.

Reading order: outcome > contract > wire, http_client, websocket_client > servers, forkserver > runner > judge > matrix, show.
"""
