"""A name in -> a layer to put around an app out.

One pure-ASGI wrapper to a file: each is an app that calls an app, and nothing else.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
In FastAPI:   starlette.middleware.gzip:GZipMiddleware, for example
In Starlette: starlette.middleware.gzip:GZipMiddleware, for example
In Flask:     werkzeug.middleware.proxy_fix:ProxyFix, for example
Left out:     nothing
"""
