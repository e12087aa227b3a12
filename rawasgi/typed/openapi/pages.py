"""The URL of an OpenAPI document in -> a page that shows it out.

bytes > server > app > middleware > routing > [handler > response] > bytes

Each page is a few lines of HTML that load a program, and tell it where the document is. What goes into them was written
by somebody: a title may hold `<`, a root path may hold `"`. So every value is escaped for the place it goes to: an
attribute, a text, or JSON inside a script.

A page also says what it may load (`content-security-policy`): its own program, the one script whose hash stands there,
and nothing from anywhere else. Both programs would fetch things of their makers: Swagger UI a badge, ReDoc a logo. Only
the requests that the reader sends from the page go wherever the document says (`connect-src`).

Spec:         https://www.w3.org/TR/CSP3/
In FastAPI:   fastapi.openapi.docs:get_swagger_ui_html
In Starlette: none, because it has no documentation pages
In Flask:     none, because it has no documentation pages
Left out:     fonts from elsewhere, an icon
"""

import base64
import hashlib
import json
import re
from html import escape
from typing import Any

from rawasgi.responses import HTMLResponse
from rawasgi.typed.openapi.assets import original

ASSETS_URL = "/docs-assets"  # where `add_docs` serves the packaged files
REDIRECT = original("oauth2-redirect.js").decode()
NO_ICON = "data:,"  # says that there is none, so no browser asks for /favicon.ico

swagger_ui_default_parameters: dict[str, Any] = {
    "dom_id": "#swagger-ui",
    "deepLinking": True,
    "validatorUrl": None,  # else it sends the document's address to its makers, for a badge
    "layout": "BaseLayout",
    "showCommonExtensions": True,
    "showExtensions": True,
}

SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
</head>
<body>
{body}
</body>
</html>
"""
ORIGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#\s;,]+")


def script_json(value: Any) -> str:
    """A value as JSON that can stand in a script: no `<`, so that no `</script>` in it ends the script."""
    text = json.dumps(value)  # which leaves nothing but ASCII
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def source_of(url: str) -> str:
    """How a policy names the place of a URL: by its origin, or `'self'` where it has none of its own."""
    found = ORIGIN.match(url)
    return found[0].removeprefix("//") if found else "'self'"


def policy(script: str, *urls: str) -> str:
    """What the page may load: this inline script, what lies where `urls` point to, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    places = " ".join(dict.fromkeys(source_of(url) for url in urls))
    rules = {
        "default-src": "'none'",
        "script-src": f"{places} 'sha256-{digest}'".strip(),
        "style-src": f"{places} 'unsafe-inline'".strip(),  # both programs make their style sheets while they run
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "connect-src": "*",
        "worker-src": "blob:",  # ReDoc searches in one
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def page(title: str, head: str, body: str, script: str, *urls: str) -> HTMLResponse:
    """The shell around `head` and `body`, which are HTML already, an inline script at the end, and the policy."""
    if script:
        body += f"\n<script>{script}</script>"
    html = SHELL.format(title=escape(title), head=head, body=body)
    return HTMLResponse(html, headers={"content-security-policy": policy(script, *urls)})


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = f"{ASSETS_URL}/swagger-ui-bundle.js",
    swagger_css_url: str = f"{ASSETS_URL}/swagger-ui.css",
    swagger_favicon_url: str = NO_ICON,
    oauth2_redirect_url: str | None = None,
    init_oauth: dict[str, Any] | None = None,
    swagger_ui_parameters: dict[str, Any] | None = None,
) -> HTMLResponse:
    """The page of Swagger UI. `swagger_ui_parameters` are its own options, over `swagger_ui_default_parameters`.

    TypeError for an option that JSON cannot say.
    """
    options = {**swagger_ui_default_parameters, **(swagger_ui_parameters or {}), "url": openapi_url}
    if oauth2_redirect_url:
        options["oauth2RedirectUrl"] = oauth2_redirect_url
    script = (
        f"const options = {script_json(options)};\n"
        "if (options.oauth2RedirectUrl)  // whole, since another server is to send the browser there\n"
        "  options.oauth2RedirectUrl = new URL(options.oauth2RedirectUrl, location.href).href;\n"
        "const ui = SwaggerUIBundle(options);\n"
    )
    if init_oauth:
        script += f"ui.initOAuth({script_json(init_oauth)});\n"
    head = (
        f'<link rel="icon" href="{escape(swagger_favicon_url)}">\n'
        f'<link rel="stylesheet" href="{escape(swagger_css_url)}">'
    )
    body = f'<div id="swagger-ui"></div>\n<script src="{escape(swagger_js_url)}"></script>'
    return page(title, head, body, script, swagger_js_url, swagger_css_url)


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = f"{ASSETS_URL}/redoc.standalone.js",
    redoc_favicon_url: str = NO_ICON,
) -> HTMLResponse:
    """The page of ReDoc."""
    head = f'<link rel="icon" href="{escape(redoc_favicon_url)}">\n<style>body {{ margin: 0 }}</style>'
    body = (
        f'<redoc spec-url="{escape(openapi_url)}"></redoc>\n'
        "<noscript>This page is made by a script, and your browser runs none.</noscript>\n"
        f'<script src="{escape(redoc_js_url)}"></script>'
    )
    return page(title, head, body, "", redoc_js_url)


def get_swagger_ui_oauth2_redirect_html() -> HTMLResponse:
    """The page that an authorization server sends the browser back to: it tells Swagger UI the code, and closes."""
    return page("Swagger UI: OAuth2", "", "", REDIRECT)
