"""The start of an answer in -> a copy of it, and its headers, to be changed, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

A message belongs to who made it, who may send it again: a layer that adds a header adds it to a copy.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
In FastAPI:   none, because its layers write into the message: starlette.middleware.cors:CORSMiddleware
In Starlette: none, for the same reason: starlette.middleware.cors:CORSMiddleware
In Flask:     none, because its layers wrap start_response
Left out:     nothing
"""

from rawasgi.datastructures import MutableHeaders
from rawasgi.messages.types import Message

ANSWERS = ("http.response.start", "websocket.accept", "websocket.http.response.start")  # what has headers for a client


def with_headers(message: Message) -> tuple[Message, MutableHeaders]:
    """The copy, and the headers in it: what is changed in these is sent."""
    copy = {**message, "headers": [*message.get("headers", ())]}
    return copy, MutableHeaders(raw=copy["headers"])
