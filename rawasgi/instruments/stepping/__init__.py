"""An app and a request in -> the request, one message at a time, out.

`steps` has the words, `loop_free` and `gated` are the two drivers, `story` chooses between them, `display` shows what
they saw, `command` is `rawasgi step`.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves this to debuggers
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     nothing
"""
