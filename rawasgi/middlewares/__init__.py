"""A name in -> a layer to put around an app out.

One pure-ASGI wrapper to a file: each is an app that calls an app, and nothing else. Each works around any ASGI app, lets
the lifespan pass, keeps no piece of a stream back, and answers nothing twice.

Outermost first, and why: `request_ids` (all others may log), `proxy_headers` (all others want the real client),
`trusted_host`, `https_redirect`, `cors` (a preflight carries no credentials), `gzip`, `timeout`, `body_limit`, `sessions`,
`authentication` (its backend may look into the session), `access_log`.

A layer that adds to the scope (`proxy_headers`, `sessions`, `authentication`) hands on a copy: "make a copy of the scope
object before mutating it". What the router writes, `scope["route"]`, is therefore seen inside of these three only.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
In FastAPI:   starlette.middleware.gzip:GZipMiddleware, for example
In Starlette: starlette.middleware.gzip:GZipMiddleware, for example
In Flask:     werkzeug.middleware.proxy_fix:ProxyFix, for example
Left out:     nothing
"""
