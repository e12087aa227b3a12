"""A public name in -> the object behind it out, loaded on first use.

bytes > server > [app > middleware > routing > handler > response] > bytes

Spec:         none, because it is a matter of packaging: https://peps.python.org/pep-0562/
In FastAPI:   none, because `import fastapi` loads all it has
In Starlette: none, because its package is empty and names are imported from their modules
In Flask:     none, because `import flask` loads all it has
Left out:     nothing
"""

from importlib import import_module

__version__ = "0.1.0"

# module -> the public names that live there. `import rawasgi` reads this table and nothing else.
MODULES = {
    "app": "App",
    "bridges.asgi_in_wsgi": "ASGIMiddleware",
    "bridges.wsgi_in_asgi": "WSGIMiddleware",
    "call_next": "BaseHTTPMiddleware",
    "concurrency": "BackgroundTask BackgroundTasks run_in_threadpool",
    "datastructures": "Headers ImmutableMultiDict MutableHeaders QueryParams State",
    "exceptions": "HTTPException WebSocketException",
    "instruments.checking.checker": "Checker",
    "instruments.faults.cancelling": "CancelledAt",
    "instruments.faults.leaving": "LeavesAfter TornBody",
    "instruments.faults.leftovers": "Leftovers",
    "instruments.faults.slow": "SlowClient",
    "instruments.stepping.story": "step",
    "instruments.xraying.exposure": "xray",
    "instruments.testclient": "TestClient",
    "instruments.tracing.recorder": "trace",
    "instruments.virtual.clock": "VirtualClock",
    "instruments.virtual.loop": "Deadlock VirtualEventLoop",
    "messages.errors": "AppProtocolError PeerProtocolError",
    "messages.types": "ASGIApp Message Receive Scope Send",
    "middleware": "Middleware",
    "middlewares.access_log": "AccessLogMiddleware",
    "middlewares.authentication": "AuthCredentials AuthenticationBackend AuthenticationError AuthenticationMiddleware "
    "BaseUser SimpleUser UnauthenticatedUser requires",
    "middlewares.body_limit": "RequestBodyLimitMiddleware",
    "middlewares.cors": "CORSMiddleware",
    "middlewares.gzip": "GZipMiddleware",
    "middlewares.https_redirect": "HTTPSRedirectMiddleware",
    "middlewares.proxy_headers": "ProxyHeadersMiddleware",
    "middlewares.request_ids": "RequestIdFilter RequestIdMiddleware request_id",
    "middlewares.sessions": "SessionMiddleware",
    "middlewares.timeout": "TimeoutMiddleware",
    "middlewares.timing": "TimingMiddleware",
    "middlewares.trusted_host": "TrustedHostMiddleware",
    "paths": "Convertor Match NoMatchFound register_url_convertor",
    "requests": "ClientDisconnect HTTPConnection Request",
    "responses": "HTMLResponse JSONResponse PlainTextResponse RedirectResponse Response StreamingResponse",
    "routing": "BaseRoute Mount Route Router WebSocketRoute",
    "toolkit.broadcast": "Broadcast",
    "toolkit.broadcast_valkey": "ValkeyBroadcast",
    "toolkit.conditional": "conditional etag_of precondition",
    "toolkit.config": "CommaSeparatedStrings Config Secret",
    "toolkit.endpoints": "HTTPEndpoint WebSocketEndpoint",
    "toolkit.events": "EventSourceResponse ServerSentEvent format_sse_event last_event_id",
    "toolkit.files": "FileResponse",
    "toolkit.formdata": "FormData UploadFile",
    "toolkit.hints": "TrailersResponse send_early_hints",
    "toolkit.hosts": "Host",
    "toolkit.jsonlines": "JSONLinesResponse",
    "toolkit.lifespans": "LifespanError with_mounts",
    "toolkit.multidict": "MultiDict",
    "toolkit.routers": "APIRouter",
    "toolkit.static": "StaticFiles",
    "toolkit.templates": "Jinja2Templates",
    "typed.encoders": "jsonable_encoder",
    "typed.errors": "RequestValidationError ResponseValidationError WebSocketRequestValidationError "
    "http_exception_handler request_validation_exception_handler",
    "typed.openapi.docs": "add_docs",
    "typed.openapi.document": "get_openapi",
    "typed.openapi.pages": "get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html",
    "typed.params": "Body Cookie Depends File Form Header Path Query Security SecurityScopes nonblocking",
    "typed.routing": "APIRoute APIWebSocketRoute",
    "typed.security.api_key": "APIKeyCookie APIKeyHeader APIKeyQuery",
    "typed.security.comparison": "is_same_secret",
    "typed.security.http": "HTTPAuthorizationCredentials HTTPBasic HTTPBasicCredentials HTTPBearer",
    "typed.security.oauth2": "OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer "
    "OAuth2PasswordRequestForm OAuth2PasswordRequestFormStrict",
    "typed.security.openid": "OpenIdConnect",
    "typed.security.passwords": "Passwords",
    "typed.security.tokens": "Claims Tokens",
    "urls": "Address URL URLPath",
    "websockets": "WebSocket WebSocketDisconnect WebSocketState",
}

# name -> module; `status` is public as a module.
NAMES = {name: f"rawasgi.{module}" for module, names in MODULES.items() for name in names.split()}
NAMES["status"] = "rawasgi.messages.status"

__all__ = ["__version__", *NAMES]


def __getattr__(name: str) -> object:
    """Load a public name the first time somebody asks for it; the next look-up finds it in the module itself."""
    if name not in NAMES:
        raise AttributeError(f"module 'rawasgi' has no attribute {name!r}")
    module = import_module(NAMES[name])
    value = module if module.__name__.endswith(f".{name}") else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
