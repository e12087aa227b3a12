"""An app in -> the app behind each layer, or behind all of them, out."""

from functools import partial
from typing import Any

from rawasgi.app import App
from rawasgi.middleware import Middleware, wrap
from rawasgi.middlewares.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    AuthenticationMiddleware,
    SimpleUser,
    requires,
)
from rawasgi.middlewares.body_limit import RequestBodyLimitMiddleware
from rawasgi.middlewares.cors import CORSMiddleware
from rawasgi.middlewares.gzip import GZipMiddleware
from rawasgi.middlewares.https_redirect import HTTPSRedirectMiddleware
from rawasgi.middlewares.proxy_headers import ProxyHeadersMiddleware
from rawasgi.middlewares.request_ids import RequestIdMiddleware, request_id
from rawasgi.middlewares.sessions import SessionMiddleware
from rawasgi.middlewares.timeout import TimeoutMiddleware
from rawasgi.middlewares.trusted_host import TrustedHostMiddleware
from rawasgi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from tests.drive import http


class Named(AuthenticationBackend):
    """`Authorization: ada read write` is Ada, who may read and write."""

    async def authenticate(self, conn):
        name, *scopes = conn.headers.get("authorization", "").split() or [""]
        if name == "liar":
            raise AuthenticationError("you are not")
        return (AuthCredentials(scopes), SimpleUser(name)) if name else None


# Outermost first, as one would put them around an app.
EVERY = {
    "request ids": Middleware(RequestIdMiddleware),
    "proxy headers": Middleware(ProxyHeadersMiddleware, trusted_hosts="127.0.0.1, 10.0.0.0/8"),
    "https": Middleware(HTTPSRedirectMiddleware),
    "hosts": Middleware(TrustedHostMiddleware, allowed_hosts=["example.org", "127.0.0.1"]),
    "cors": Middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["*"], allow_credentials=True),
    "gzip": Middleware(GZipMiddleware, minimum_size=10),
    "timeout": Middleware(TimeoutMiddleware, timeout=60),
    "body limit": Middleware(RequestBodyLimitMiddleware, max_body_size=100),
    "sessions": Middleware(SessionMiddleware, secret_key="secret"),
    "authentication": Middleware(AuthenticationMiddleware, backend=Named()),
}


def behind(name, app):
    """The app behind the layer of this name."""
    return wrap(app, [EVERY[name]])


def behind_all(app):
    """The app behind all of them."""
    return wrap(app, EVERY.values())


LAYERS: dict[str, Any] = {**{name: partial(behind, name) for name in EVERY}, "all": behind_all}

# What every layer lets pass, compressed on the way where that is asked for.
asked = partial(http, scheme="https", headers=[("host", "example.org"), ("accept-encoding", "gzip")])


def everything():
    """An app that uses what the layers bring."""
    app = App()

    @app.get("/")
    async def seen(request):
        request.session["visits"] = request.session.get("visits", 0) + 1
        who = [request.user.display_name, request.auth.scopes, request_id.get()]
        return JSONResponse([request.session["visits"], who, str(request.url), request.client])

    @app.get("/thread")
    def on_a_thread(request):
        return PlainTextResponse(request_id.get())

    @app.post("/")
    async def read(request):
        return PlainTextResponse(repr(await request.body()))

    @app.get("/stream")
    async def stream(request):
        return StreamingResponse([b"one ", b"two ", b"three"])

    @app.get("/guarded")
    @requires("read")
    async def guarded(request):
        return PlainTextResponse("in")

    @app.websocket("/talk")
    async def talk(websocket):
        await websocket.accept()
        await websocket.send_json([websocket.session, websocket.user.display_name])
        await websocket.close()

    return app
