"""A server in -> the rules of ASGI that it breaks out.

[bytes > server > app] > middleware > routing > handler > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     nothing
"""
