"""A signature in -> a plan, and each request that runs it, out.

bytes > server > app > middleware > routing > [handler > response] > bytes

`params` are the words of a signature, `signature` reads them, `plan` puts them in order, `runner` obeys. The plan can be
read by people too: `app.explain("/path")`. Needs pydantic: pip install 'rawasgi[typed]'.

Spec:         none, because it lies between the messages: https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.dependencies.models:Dependant
In Starlette: none, because a handler takes its request and reads it
In Flask:     none, because a view reads flask.globals:request
Left out:     callbacks and webhooks, which say what the app asks of others
"""
