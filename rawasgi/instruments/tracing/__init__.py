"""An app and an exchange in -> every message at every boundary, as text, a page, a diagram or JSON Lines, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#events
In FastAPI:   none, because it traces requests as a whole: fastapi.telemetry
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     nothing
"""
