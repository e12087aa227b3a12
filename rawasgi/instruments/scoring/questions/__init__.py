"""A server that runs in -> what it does against the specification out: one function a question.

[bytes > server > app] > middleware > routing > handler > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     nothing
"""
