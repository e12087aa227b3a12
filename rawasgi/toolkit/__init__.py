"""A need of a small app in -> the piece that meets it out.

Forms, configuration, broadcast: each piece is a module of its own, and none is imported by the core.

[bytes > server > app > middleware > routing > handler > response > bytes]

Spec:         none, because the specification ends where these begin
In FastAPI:   none, because its package is flat
In Starlette: none, because its package is flat
In Flask:     none, because its package is flat, and much of this is left to extensions
Left out:     nothing
"""
