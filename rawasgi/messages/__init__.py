"""An idea of a protocol in -> its messages, its states and its rules as data out.

This is the line between server and application, and the bottom floor: it knows neither of them, and needs the
standard library alone. `types` says what a message looks like, `states` when it may be sent, `rules` why, and
`errors` who is to blame when it was not so.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: starlette.types:Message, an untyped mapping
In Flask:     none, because WSGI has no messages: one call, one iterable
Left out:     nothing
"""
