"""What a chapter calls, out.

`listen` has a conversation with an app and draws it, `served` puts an app on a real socket, `beside` lays stacks next
to each other, `source` shows code as it runs; `predict` and `explain` are the question before and the answer after.
"""

from notebooks.kit.beside import beside, listen_to_wsgi
from notebooks.kit.predictions import explain, predict, score
from notebooks.kit.sources import source
from notebooks.kit.talk import Talk, life, listen
from notebooks.kit.wire import Watch, served

__all__ = [
    "Talk",
    "Watch",
    "beside",
    "explain",
    "life",
    "listen",
    "listen_to_wsgi",
    "predict",
    "score",
    "served",
    "source",
]
