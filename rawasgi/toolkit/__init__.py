"""A need of the day in -> a short module that serves it out.

bytes > server > app > middleware > routing > [handler > response] > bytes

What a small framework is expected to have, and what its core can do without: nothing in the core imports it.

Spec:         none, because each module names its own
In FastAPI:   fastapi.responses:FileResponse, for example
In Starlette: starlette.responses:FileResponse, for example
In Flask:     flask.helpers:send_file, for example
Left out:     nothing
"""
