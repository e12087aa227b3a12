"""An app in -> the same app in bad company, and what it leaves behind there, out.

[bytes > server > app > middleware > routing > handler > response > bytes]

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#disconnect-receive-event
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because its test client stays, and waits
In Flask:     none, because werkzeug.test:run_wsgi_app reads to the end
Left out:     nothing
"""
