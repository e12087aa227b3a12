"""An app, or a server around one, in -> the rules of ASGI that either breaks out.

[bytes > server > app > middleware > routing > handler > response > bytes]

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because its rules are conditions spread over the code
In Flask:     wsgiref.validate:validator
Left out:     nothing
"""
