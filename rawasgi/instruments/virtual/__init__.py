"""A coroutine that waits for hours in -> its end, in microseconds, out.

[bytes > server > app > middleware > routing > handler > response > bytes]

Spec:         none, because time is the event loop's: https://docs.python.org/3/library/asyncio-eventloop.html
In FastAPI:   none, because it leaves time to the event loop
In Starlette: none, because it leaves time to the event loop
In Flask:     none, because a WSGI application waits in its thread
Left out:     nothing
"""
