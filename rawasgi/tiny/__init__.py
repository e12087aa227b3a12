"""`module:app` in -> that application, served, out.

The two files to read first. `server` turns bytes into calls of an ASGI application, `app` turns such a call into a
call of your function; between them lie only the three arguments `scope`, `receive` and `send`. Neither file knows
the other: either works with any other server and any other framework.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   fastapi:FastAPI, on uvicorn
In Starlette: starlette.applications:Starlette, on uvicorn
In Flask:     flask:Flask, on gunicorn
Left out:     what the core has more than `tiny.app`, and what uvicorn has more than `tiny.server`
"""
