"""Public names of rawasgi and their counterparts in Starlette or FastAPI: knowledge transfers both ways.

Same name, same argument names, order and kinds. A class is compared by its construction and by every public method
that its counterpart has too. What differs stands in DIFFERENCES with the reason; a difference that is gone fails.
"""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

MIRRORS = {
    "APIKeyCookie": "fastapi.security:APIKeyCookie",
    "APIKeyHeader": "fastapi.security:APIKeyHeader",
    "APIKeyQuery": "fastapi.security:APIKeyQuery",
    "APIRoute": "fastapi.routing:APIRoute",
    "APIRouter": "fastapi:APIRouter",
    "APIWebSocketRoute": "fastapi.routing:APIWebSocketRoute",
    "App": "starlette.applications:Starlette",
    "AuthCredentials": "starlette.authentication:AuthCredentials",
    "AuthenticationBackend": "starlette.authentication:AuthenticationBackend",
    "AuthenticationMiddleware": "starlette.middleware.authentication:AuthenticationMiddleware",
    "BackgroundTask": "starlette.background:BackgroundTask",
    "BackgroundTasks": "starlette.background:BackgroundTasks",
    "BaseHTTPMiddleware": "starlette.middleware.base:BaseHTTPMiddleware",
    "BaseRoute": "starlette.routing:BaseRoute",
    "BaseUser": "starlette.authentication:BaseUser",
    "Body": "fastapi:Body",
    "CORSMiddleware": "starlette.middleware.cors:CORSMiddleware",
    "CommaSeparatedStrings": "starlette.datastructures:CommaSeparatedStrings",
    "Config": "starlette.config:Config",
    "Convertor": "starlette.convertors:Convertor",
    "Cookie": "fastapi:Cookie",
    "Depends": "fastapi:Depends",
    "EventSourceResponse": "fastapi.sse:EventSourceResponse",
    "File": "fastapi:File",
    "FileResponse": "starlette.responses:FileResponse",
    "Form": "fastapi:Form",
    "FormData": "starlette.datastructures:FormData",
    "GZipMiddleware": "starlette.middleware.gzip:GZipMiddleware",
    "HTMLResponse": "starlette.responses:HTMLResponse",
    "HTTPAuthorizationCredentials": "fastapi.security:HTTPAuthorizationCredentials",
    "HTTPBasic": "fastapi.security:HTTPBasic",
    "HTTPBasicCredentials": "fastapi.security:HTTPBasicCredentials",
    "HTTPBearer": "fastapi.security:HTTPBearer",
    "HTTPConnection": "starlette.requests:HTTPConnection",
    "HTTPEndpoint": "starlette.endpoints:HTTPEndpoint",
    "HTTPException": "starlette.exceptions:HTTPException",
    "HTTPSRedirectMiddleware": "starlette.middleware.httpsredirect:HTTPSRedirectMiddleware",
    "Header": "fastapi:Header",
    "Headers": "starlette.datastructures:Headers",
    "Host": "starlette.routing:Host",
    "ImmutableMultiDict": "starlette.datastructures:ImmutableMultiDict",
    "JSONResponse": "starlette.responses:JSONResponse",
    "Jinja2Templates": "starlette.templating:Jinja2Templates",
    "Middleware": "starlette.middleware:Middleware",
    "Mount": "starlette.routing:Mount",
    "MultiDict": "starlette.datastructures:MultiDict",
    "MutableHeaders": "starlette.datastructures:MutableHeaders",
    "NoMatchFound": "starlette.routing:NoMatchFound",
    "Path": "fastapi:Path",
    "OAuth2": "fastapi.security:OAuth2",
    "OAuth2AuthorizationCodeBearer": "fastapi.security:OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer": "fastapi.security:OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm": "fastapi.security:OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict": "fastapi.security:OAuth2PasswordRequestFormStrict",
    "OpenIdConnect": "fastapi.security:OpenIdConnect",
    "PlainTextResponse": "starlette.responses:PlainTextResponse",
    "ProxyHeadersMiddleware": "uvicorn.middleware.proxy_headers:ProxyHeadersMiddleware",
    "Query": "fastapi:Query",
    "QueryParams": "starlette.datastructures:QueryParams",
    "RedirectResponse": "starlette.responses:RedirectResponse",
    "Request": "starlette.requests:Request",
    "RequestBodyLimitMiddleware": "starlette.middleware.body_limit:RequestBodyLimitMiddleware",
    "RequestValidationError": "fastapi.exceptions:RequestValidationError",
    "Response": "starlette.responses:Response",
    "ResponseValidationError": "fastapi.exceptions:ResponseValidationError",
    "Route": "starlette.routing:Route",
    "Router": "starlette.routing:Router",
    "Secret": "starlette.datastructures:Secret",
    "Security": "fastapi:Security",
    "SecurityScopes": "fastapi.security:SecurityScopes",
    "ServerSentEvent": "fastapi.sse:ServerSentEvent",
    "SessionMiddleware": "starlette.middleware.sessions:SessionMiddleware",
    "SimpleUser": "starlette.authentication:SimpleUser",
    "State": "starlette.datastructures:State",
    "StaticFiles": "starlette.staticfiles:StaticFiles",
    "StreamingResponse": "starlette.responses:StreamingResponse",
    "TestClient": "starlette.testclient:TestClient",
    "TrustedHostMiddleware": "starlette.middleware.trustedhost:TrustedHostMiddleware",
    "URL": "starlette.datastructures:URL",
    "URLPath": "starlette.datastructures:URLPath",
    "UnauthenticatedUser": "starlette.authentication:UnauthenticatedUser",
    "UploadFile": "starlette.datastructures:UploadFile",
    "WebSocket": "starlette.websockets:WebSocket",
    "WebSocketDisconnect": "starlette.websockets:WebSocketDisconnect",
    "WebSocketEndpoint": "starlette.endpoints:WebSocketEndpoint",
    "WebSocketException": "starlette.exceptions:WebSocketException",
    "WebSocketRequestValidationError": "fastapi.exceptions:WebSocketRequestValidationError",
    "WebSocketRoute": "starlette.routing:WebSocketRoute",
    "add_docs": "fastapi:FastAPI",
    "format_sse_event": "fastapi.sse:format_sse_event",
    "get_openapi": "fastapi.openapi.utils:get_openapi",
    "get_redoc_html": "fastapi.openapi.docs:get_redoc_html",
    "get_swagger_ui_html": "fastapi.openapi.docs:get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html": "fastapi.openapi.docs:get_swagger_ui_oauth2_redirect_html",
    "http_exception_handler": "fastapi.exception_handlers:http_exception_handler",
    "jsonable_encoder": "fastapi.encoders:jsonable_encoder",
    "register_url_convertor": "starlette.convertors:register_url_convertor",
    "request_validation_exception_handler": "fastapi.exception_handlers:request_validation_exception_handler",
    "requires": "starlette.authentication:requires",
    "run_in_threadpool": "starlette.concurrency:run_in_threadpool",
}


class Differs(NamedTuple):
    """Parameters of the counterpart that ours is without, parameters that only ours has, and why."""

    because: str
    without: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


# What FastAPI's decorators ask about typed parameters and OpenAPI.
DESCRIBED = (
    *("response_model", "status_code", "tags", "dependencies", "summary", "description", "response_description"),
    *("responses", "deprecated", "operation_id", "response_model_include", "response_model_exclude"),
    *("response_model_by_alias", "response_model_exclude_unset", "response_model_exclude_defaults"),
    *("response_model_exclude_none", "include_in_schema", "response_class", "callbacks", "openapi_extra"),
    *("generate_unique_id_function", "max_body_size", "form_limits"),
)
DECORATOR = Differs(
    "the options are named once, in typed.options, and handed through; `callbacks` are left out, limits are the app's",
    without=DESCRIBED,
    extra=("described",),
)
OLD = Differs("`pattern` and `examples` are the names since OpenAPI 3.1", without=("regex", "example"))
LIMIT = "one limit holds for the whole app"

DIFFERENCES: dict[str, Differs] = {
    **dict.fromkeys("Body Cookie File Form Header Path Query".split(), OLD),
    "APIRoute": Differs(
        "`callbacks` are left out; overrides and limits are the app's; it may have layers of its own",
        without=(
            *("dependency_overrides_provider", "callbacks", "strict_content_type", "max_body_size", "form_limits"),
        ),
        extra=("middleware",),
    ),
    "APIRouter": Differs(
        "the options are named once, in typed.options; it may have layers of its own, as a router of Starlette",
        without=(
            *("tags", "dependencies", "default_response_class", "responses", "callbacks"),
            *("dependency_overrides_provider", "on_startup", "on_shutdown", "deprecated"),
            *("include_in_schema", "generate_unique_id_function", "strict_content_type"),
            *("max_body_size", "form_limits"),
        ),
        extra=("middleware", "described"),
    ),
    **{f"APIRouter.{verb}": DECORATOR for verb in "api_route delete get head options patch post put".split()},
    "APIRouter.include_router": Differs(
        "the options are named once, in typed.options",
        without=(
            *("tags", "dependencies", "default_response_class", "responses", "callbacks", "deprecated"),
            *("include_in_schema", "generate_unique_id_function", "max_body_size", "form_limits"),
        ),
        extra=("described",),
    ),
    "APIRouter.websocket": Differs(
        "the options are named once, in typed.options", without=("dependencies",), extra=("described",)
    ),
    "APIWebSocketRoute": Differs(
        "overrides are the app's; it may have layers of its own",
        without=("dependency_overrides_provider",),
        extra=("middleware",),
    ),
    **{
        f"{kind}ValidationError": Differs(
            "where it happened is one line of text", without=("endpoint_ctx",), extra=("endpoint",)
        )
        for kind in ("Request", "Response", "WebSocketRequest")
    },
    "App": Differs(
        "FastAPI's app takes them too, and names all that `described` may hold", extra=("redirect_slashes", "described")
    ),
    "EventSourceResponse": Differs("FastAPI's routes send the comments, every 15 seconds", extra=("ping",)),
    "EventSourceResponse.stream_response": Differs("it asks the scope for HEAD and for websockets", extra=("scope",)),
    "Mount": Differs(LIMIT, without=("max_body_size",)),
    "Route": Differs(LIMIT, without=("max_body_size",)),
    "Router": Differs(LIMIT, without=("max_body_size",)),
    "StreamingResponse.stream_response": Differs("it asks the scope for HEAD and for websockets", extra=("scope",)),
    "add_docs": Differs(
        "what FastAPI's constructor takes beside these is the app's own, or a router's",
        without=(
            *("telemetry", "debug", "routes", "dependencies", "default_response_class", "redirect_slashes"),
            *("middleware", "exception_handlers", "on_startup", "on_shutdown", "lifespan", "root_path", "responses"),
            *("callbacks", "webhooks", "deprecated", "include_in_schema", "generate_unique_id_function"),
            *("strict_content_type", "max_body_size", "form_limits"),
        ),
        extra=("app", "assets_url"),
    ),
    "get_openapi": Differs("what an app asks of others is not documented", without=("webhooks",)),
    "get_redoc_html": Differs("a page loads nothing from elsewhere", without=("with_google_fonts",)),
    "TestClient": Differs(
        "there is one event loop, asyncio's, and another for virtual time",
        without=("backend", "backend_options"),
        extra=("clock",),
    ),
}


def resolve(pointer: str) -> Any:
    """`package.module:Class.method` -> the object."""
    module, _, qualname = pointer.partition(":")
    found: Any = import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def counterpart(name: str) -> Any:
    """What a name, or a method of a mirrored class, is compared with; None where nothing is."""
    owner, _, method = name.partition(".")
    if name in MIRRORS:
        return resolve(MIRRORS[name])
    return getattr(resolve(MIRRORS[owner]), method, None) if owner in MIRRORS else None


def parameters(callable_object: Any) -> list[inspect.Parameter]:
    """Names and kinds in order: no instance, no defaults, no annotations."""
    found = [
        p.replace(default=p.empty, annotation=p.empty) for p in inspect.signature(callable_object).parameters.values()
    ]
    return [parameter for parameter in found if parameter.name != "self"]


def shared_methods(ours: Any, theirs: Any) -> Iterator[str]:
    """The public methods of our class that the counterpart has too; what a builtin base brings is not compared."""
    for name, value in inspect.getmembers(ours, callable):
        by_hand = inspect.isfunction(inspect.unwrap(getattr(value, "__func__", value)))
        if by_hand and not name.startswith("_") and callable(getattr(theirs, name, None)):
            yield name


def disagreements(name: str, ours: Any, theirs: Any, declared: Differs | None) -> Iterator[str]:
    """Compare two signatures, the declared difference taken into account."""
    without, extra = (declared.without, declared.extra) if declared else ((), ())
    mine, others = parameters(ours), parameters(theirs)
    for gone in (*set(without) - {p.name for p in others}, *set(extra) - {p.name for p in mine}):
        yield f"{name}: the declared difference {gone!r} is no longer there"
    mine = [parameter for parameter in mine if parameter.name not in extra]
    others = [parameter for parameter in others if parameter.name not in without]
    if mine != others:
        yield f"{name}: {inspect.Signature(mine)} is not {inspect.Signature(others)}"


def compared(name: str, ours: Any, theirs: Any, differences: dict[str, Differs]) -> Iterator[str]:
    """Compare a name with its counterpart: the callable itself and, for classes, the methods that both have."""
    yield from disagreements(name, ours, theirs, differences.get(name))
    if inspect.isclass(ours):
        for method in shared_methods(ours, theirs):
            pair = getattr(ours, method), getattr(theirs, method)
            yield from disagreements(f"{name}.{method}", *pair, differences.get(f"{name}.{method}"))
