"""A template and a context in -> HTML as a response out.

bytes > server > app > middleware > routing > [handler > response] > bytes

    templates = Jinja2Templates(directory="templates")

    @app.get("/items/{id}", name="item")
    async def item(request):
        return templates.TemplateResponse(request, "item.html", {"id": request.path_params["id"]})

Jinja2 does the work. What is added: every template knows `request` and `url_for`, and a response that comes of one can
be asked which template and which context made it. In `.html`, `.htm` and `.xml` values are escaped.

Spec:         https://asgi.readthedocs.io/en/latest/extensions.html#debug
In FastAPI:   fastapi.templating:Jinja2Templates
In Starlette: starlette.templating:Jinja2Templates
In Flask:     flask.templating:render_template
Left out:     templates that await
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

try:
    import jinja2
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "Jinja2Templates needs jinja2: pip install 'rawasgi[templates]'", name=missing.name
    ) from None

from rawasgi.concurrency import BackgroundTask
from rawasgi.messages.types import Receive, Scope, Send
from rawasgi.requests import Request
from rawasgi.responses import HTMLResponse
from rawasgi.urls import URL

PathLike = str | os.PathLike[str]


class TemplateResponse(HTMLResponse):
    """A rendered template. It keeps `template` and `context`, and shows them to a test client that asks."""

    def __init__(
        self,
        template: jinja2.Template,
        context: dict[str, Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self.template, self.context = template, context
        super().__init__(template.render(context), status_code, headers, media_type, background)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Where the other side knows `http.response.debug`, which no real server does, tell what made this response."""
        if "http.response.debug" in (scope.get("extensions") or {}):
            await send({"type": "http.response.debug", "info": {"template": self.template, "context": self.context}})
        await super().__call__(scope, receive, send)


class Jinja2Templates:
    """Templates below a directory, or of an environment `env` of your own: one of the two, else TypeError.

    Each of `context_processors` is called with the request, and what it returns is put into the context.
    """

    def __init__(
        self,
        directory: PathLike | Sequence[PathLike] | None = None,
        *,
        context_processors: list[Callable[[Request], dict[str, Any]]] | None = None,
        env: jinja2.Environment | None = None,
    ) -> None:
        if (not directory) == (env is None):
            raise TypeError("Jinja2Templates() takes a directory or an env: one of them")
        if env is None:
            loader = jinja2.FileSystemLoader(directory or ())
            env = jinja2.Environment(loader=loader, autoescape=jinja2.select_autoescape())
        self.env = env
        self.env.globals.setdefault("url_for", url_for)
        self.context_processors = context_processors or []

    def get_template(self, name: str) -> jinja2.Template:
        """The template of that name; `jinja2.TemplateNotFound` where it is not below the directory."""
        return self.env.get_template(name)

    def TemplateResponse(  # noqa: N802  # the name it has in Starlette
        self,
        request: Request,
        name: str,
        context: dict[str, Any] | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> TemplateResponse:
        """Render a template: the request first, since the template may ask for its URLs."""
        if not isinstance(request, Mapping):  # a name, as older code has it
            raise TypeError("TemplateResponse(request, name, context): the request comes first")
        known: dict[str, Any] = {"request": request, **(context or {})}
        for processor in self.context_processors:
            known.update(processor(request))
        return TemplateResponse(self.get_template(name), known, status_code, headers, media_type, background)


@jinja2.pass_context
def url_for(context: Mapping[str, Any], name: str, /, **path_params: Any) -> URL:
    """`{{ url_for("item", id=7) }}`: the absolute URL of a route, below the request's own host."""
    request: Request = context["request"]
    return request.url_for(name, **path_params)
