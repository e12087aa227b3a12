"""What `add_docs` puts beside the routes of an app: where it is, what it links to, what can be left out or replaced."""

import json
import re
from typing import Any

import pytest
from fastapi import FastAPI

from rawasgi.app import App
from rawasgi.instruments.conversation import Exchange, converse, request
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Mount
from rawasgi.typed.openapi.docs import add_docs
from rawasgi.typed.openapi.document import get_openapi


def made(**options):
    """An app with documentation."""
    app: Any = App()
    add_docs(app, **options)
    return app


def paths(app):
    """What it answers."""
    return [route.path for route in app.routes]


def body(app, target, root_path=""):
    """Status and text of an answer."""
    scope, messages = request("GET", target)
    sent = converse(app, Exchange({**scope, "root_path": root_path}, messages))
    return sent[0]["status"], sent[1]["body"].decode()


def links(text):
    """The places that a page names, but for its icon."""
    found = re.findall(r'(?:src|href|spec-url)="(.*?)"', text)
    found += re.findall(r'"(?:url|oauth2RedirectUrl)": "(.*?)"', text)
    return sorted(link for link in found if link != "data:,")


def test_five_routes_are_there_and_none_of_them_is_documented():
    """The document, two pages, the way back from an authorization server, the files of the pages."""
    app = made()
    assert paths(app) == ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc", "/docs-assets/{name}"]
    assert [route.include_in_schema for route in app.routes] == [False] * 5
    names = [route.name for route in app.routes]
    assert names == ["openapi", "swagger_ui_html", "swagger_ui_redirect", "redoc_html", "docs_assets"]
    assert names[:4] == [getattr(route, "name", "") for route in FastAPI().routes]
    assert app.openapi()["paths"] == {}


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"openapi_url": None}, []),
        ({"docs_url": None}, ["/openapi.json", "/redoc", "/docs-assets/{name}"]),
        ({"redoc_url": None}, ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/docs-assets/{name}"]),
        ({"docs_url": None, "redoc_url": None}, ["/openapi.json"]),
        (
            {"swagger_ui_oauth2_redirect_url": None, "redoc_url": None, "assets_url": "/a"},
            ["/openapi.json", "/docs", "/a/{name}"],
        ),
    ],
)
def test_what_has_no_url_is_left_out(options, left):
    """Page by page; without the document there is no page at all, and still `app.openapi()`."""
    app = made(**options, title="Shop")
    assert paths(app) == left
    assert app.openapi()["info"]["title"] == "Shop"


def test_the_document_says_what_it_was_told():
    """Each argument has its place in it; what was not given is not there."""
    info: dict[str, Any] = {
        "title": "Shop",
        "version": "2",
        "summary": "Things",
        "description": "Many *things*",
        "terms_of_service": "/terms",
        "contact": {"name": "Ada"},
        "license_info": {"name": "MIT"},
        "openapi_tags": [{"name": "items"}],
        "servers": [{"url": "https://shop.example"}],
        "openapi_external_docs": {"url": "https://docs.example"},
    }
    status, text = body(made(**info), "/openapi.json")
    assert (status, json.loads(text)) == (
        200,
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Shop",
                "version": "2",
                "summary": "Things",
                "description": "Many *things*",
                "termsOfService": "/terms",
                "contact": {"name": "Ada"},
                "license": {"name": "MIT"},
            },
            "servers": [{"url": "https://shop.example"}],
            "paths": {},
            "tags": [{"name": "items"}],
            "externalDocs": {"url": "https://docs.example"},
        },
    )
    assert made().openapi() == {"openapi": "3.1.0", "info": {"title": "rawasgi", "version": "0.1.0"}, "paths": {}}


@pytest.mark.parametrize(("root_path", "path"), [("", ""), ("/v1", "/v1"), ("/v1/", "")])
def test_links_begin_below_the_root_path(root_path, path):
    """Behind a proxy that takes a prefix away, the client has to be told the prefix; servers may leave it out of the path."""
    root = root_path.rstrip("/")
    app = made(title="Shop")
    assert links(body(app, f"{path}/docs", root_path)[1]) == [
        f"{root}/docs-assets/swagger-ui-bundle.js",
        f"{root}/docs-assets/swagger-ui.css",
        f"{root}/docs/oauth2-redirect",
        f"{root}/openapi.json",
    ]
    assert links(body(app, f"{path}/redoc", root_path)[1]) == [
        f"{root}/docs-assets/redoc.standalone.js",
        f"{root}/openapi.json",
    ]


def test_a_root_path_becomes_the_first_server():
    """It is added to what is sent, not to the document that is kept, and only where it is not there."""
    app = made(servers=[{"url": "https://shop.example"}, {"url": "/known"}])

    def servers(root_path):
        return [s["url"] for s in json.loads(body(app, f"{root_path}/openapi.json", root_path)[1])["servers"]]

    assert servers("/v1") == ["/v1", "https://shop.example", "/known"]
    assert servers("/known") == servers("") == ["https://shop.example", "/known"]
    assert [server["url"] for server in app.openapi()["servers"]] == ["https://shop.example", "/known"]
    silent = made(root_path_in_servers=False)
    assert "servers" not in json.loads(body(silent, "/v1/openapi.json", "/v1")[1])


def test_a_mounted_app_documents_itself():
    """Its root path is the path of its mount."""
    outer = App(routes=[Mount("/shop", app=made(title="Shop"))])
    document = json.loads(body(outer, "/shop/openapi.json")[1])
    assert document["servers"] == [{"url": "/shop"}]
    assert "/shop/openapi.json" in links(body(outer, "/shop/docs")[1])


def test_a_root_path_cannot_leave_its_place():
    """Whoever sets it, a header of a proxy perhaps, writes no elements."""
    root = '/"><script>alert(1)</script>'
    plain = body(made(), "/v1/docs", "/v1")[1]
    for page in ("docs", "redoc"):
        status, text = body(made(), f"{root}/{page}".replace("<", "%3C").replace(">", "%3E").replace('"', "%22"), root)
        assert status == 200
        assert "<script>alert" not in text
    assert len(re.findall("<script", plain)) == 2


def test_the_document_is_made_once_and_again_when_routes_change():
    """The same object, until a route has come or gone."""
    app = made()
    first = app.openapi()
    assert app.openapi() is first
    app.add_route("/new", PlainTextResponse("new"))
    second = app.openapi()
    assert second is not first
    app.router.routes = list(app.routes)
    assert app.openapi() is second
    app.routes.pop()
    assert app.openapi() is not second


def test_another_document_may_take_its_place():
    """A function in `app.openapi` is asked from then on; it may keep its document where ours is kept."""
    app = made(title="Ours")

    def own():
        if app.openapi_schema is None:
            app.openapi_schema = get_openapi(title="Own", version="3", routes=app.routes)
            app.openapi_schema["info"]["x-logo"] = {"url": "/logo.png"}
        return app.openapi_schema

    app.openapi = own
    document = json.loads(body(app, "/openapi.json")[1])
    assert document["info"] == {"title": "Own", "version": "3", "x-logo": {"url": "/logo.png"}}
    assert app.openapi() is app.openapi_schema


def test_the_pages_have_the_title_of_the_app():
    """And the name of the program behind it."""
    app = made(title="Shop & Co")
    assert "<title>Shop &amp; Co - Swagger UI</title>" in body(app, "/docs")[1]
    assert "<title>Shop &amp; Co - ReDoc</title>" in body(app, "/redoc")[1]


def test_the_way_back_is_a_page():
    """It is asked for by an authorization server, with a query that only its script reads."""
    status, text = body(made(), "/docs/oauth2-redirect?code=1&state=2")
    assert (status, "swaggerUIRedirectOauth2" in text) == (200, True)
