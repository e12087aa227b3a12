"""An app in -> the same app, which now describes itself at /openapi.json, /docs and /redoc, out.

bytes > server > app > middleware > [routing > handler > response] > bytes

    app = App()
    add_docs(app, title="Shop", version="1.2", redoc_url=None)

Documentation is a need of some apps, so it is no part of `App`: a function puts what it needs beside your own routes,
and `app.routes` shows it there. Call it where you make the app, or at the end; the document is made when somebody first
asks for it, so it knows the routes of either moment. It is made again when routes have come or gone.

`app.openapi()` gives the document; whoever wants another one puts a function of his own there. The arguments, and the
names of the routes, are those of FastAPI's constructor.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope  (root_path)
In FastAPI:   fastapi.applications:FastAPI.setup
In Starlette: starlette.schemas:SchemaGenerator.OpenAPIResponse
In Flask:     none, because it has no documentation pages
Left out:     webhooks
"""

from collections.abc import Callable
from typing import Any

from rawasgi.requests import Request
from rawasgi.responses import HTMLResponse, JSONResponse
from rawasgi.typed.openapi.assets import send_asset
from rawasgi.typed.openapi.document import get_openapi
from rawasgi.typed.openapi.pages import (
    ASSETS_URL,
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)


def add_docs(
    app: Any,
    *,
    title: str = "rawasgi",
    summary: str | None = None,
    description: str = "",
    version: str = "0.1.0",
    openapi_url: str | None = "/openapi.json",
    openapi_tags: list[dict[str, Any]] | None = None,
    servers: list[dict[str, Any]] | None = None,
    docs_url: str | None = "/docs",
    redoc_url: str | None = "/redoc",
    swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect",
    swagger_ui_init_oauth: dict[str, Any] | None = None,
    terms_of_service: str | None = None,
    contact: dict[str, Any] | None = None,
    license_info: dict[str, Any] | None = None,
    root_path_in_servers: bool = True,
    swagger_ui_parameters: dict[str, Any] | None = None,
    separate_input_output_schemas: bool = True,
    openapi_external_docs: dict[str, Any] | None = None,
    assets_url: str = ASSETS_URL,
) -> None:
    """Register the document and the pages that show it, and give the app its `openapi()`.

    A URL that is None, or empty, leaves its page out; without `openapi_url` there is no page at all, and still
    `app.openapi()`. The programs of the pages are served below `assets_url`.
    """
    assets_url = assets_url.rstrip("/")
    info: dict[str, Any] = {"title": title, "version": version, "summary": summary, "description": description}
    info |= {"tags": openapi_tags, "servers": servers, "terms_of_service": terms_of_service, "contact": contact}
    info |= {"license_info": license_info, "external_docs": openapi_external_docs}
    info |= {"separate_input_output_schemas": separate_input_output_schemas}
    app.openapi_schema = None  # where the document is kept: a function that replaces `openapi` may use it too
    app.openapi = kept(app, lambda: get_openapi(**info, routes=app.routes))
    if not openapi_url:
        return
    register(app, openapi_url, "openapi", send_document(app, root_path_in_servers))
    if docs_url:
        back = swagger_ui_oauth2_redirect_url
        places = {"openapi_url": openapi_url, "oauth2_redirect_url": back}
        places |= {"swagger_js_url": f"{assets_url}/swagger-ui-bundle.js"}
        places |= {"swagger_css_url": f"{assets_url}/swagger-ui.css"}
        said = {"init_oauth": swagger_ui_init_oauth, "swagger_ui_parameters": swagger_ui_parameters}
        page = send_page(get_swagger_ui_html, places, title=f"{title} - Swagger UI", **said)
        register(app, docs_url, "swagger_ui_html", page)
        register(app, back, "swagger_ui_redirect", send_page(get_swagger_ui_oauth2_redirect_html, {}))
    if redoc_url:
        places = {"openapi_url": openapi_url, "redoc_js_url": f"{assets_url}/redoc.standalone.js"}
        register(app, redoc_url, "redoc_html", send_page(get_redoc_html, places, title=f"{title} - ReDoc"))
    if docs_url or redoc_url:
        register(app, f"{assets_url}/{{name}}", "docs_assets", send_asset)


def register(app: Any, path: str | None, name: str, handler: Callable[[Request], Any]) -> None:
    """A route that the document leaves out; none where there is no path."""
    if path:
        app.add_route(path, handler, name=name, include_in_schema=False)


def send_document(app: Any, root_path_in_servers: bool) -> Callable[[Request], Any]:
    """The handler that answers with `app.openapi()`: whatever is there when it is asked.

    It is a `def`, and so on a thread: the first document of three hundred routes takes a third of a second.
    """

    def openapi(request: Request) -> JSONResponse:
        document = app.openapi()
        return JSONResponse(with_server(document, root_of(request)) if root_path_in_servers else document)

    return openapi


def send_page(
    page: Callable[..., HTMLResponse], places: dict[str, str | None], **said: Any
) -> Callable[[Request], Any]:
    """The handler that answers with a page; each of `places` is a path below the app, which may lie below another."""

    async def documentation(request: Request) -> HTMLResponse:
        root = root_of(request)
        return page(**{name: root + path for name, path in places.items() if path}, **said)

    return documentation


def kept(app: Any, make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """A function that makes the document at its first call, and again where the routes are no longer the same."""
    known: list[Any] = []

    def openapi() -> dict[str, Any]:
        nonlocal known
        now = [*app.routes]
        if app.openapi_schema is None or known != now:
            app.openapi_schema, known = make(), now
        schema: dict[str, Any] = app.openapi_schema
        return schema

    return openapi


def root_of(request: Request) -> str:
    """The path that this app lies below, as its client sees it: what a proxy has taken away, and mounts."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def with_server(document: dict[str, Any], root: str) -> dict[str, Any]:
    """The document with the root path as its first server; the one that is kept stays as it is."""
    servers = document.get("servers", [])
    if not root or any(server.get("url") == root for server in servers):
        return document
    return {**document, "servers": [{"url": root}, *servers]}
