"""The pages as text: what goes into them stays what it is, and they load nothing that they do not name."""

import base64
import hashlib
import html
import json
import re
from typing import Any

import pytest

from rawasgi.typed.openapi import pages
from rawasgi.typed.openapi.pages import (
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
    script_json,
    source_of,
)

EVIL = """"'></script><script>alert(1)</script><!--&amp;\u2028{title}"""


def text_of(response):
    """The page."""
    return response.body.decode()


def rules_of(response):
    """The policy of the page, name -> places."""
    rules = (rule.split(" ") for rule in response.headers["content-security-policy"].split("; "))
    return {name: places for name, *places in rules}


def script_of(response):
    """The one script that stands in the page itself."""
    (script,) = re.findall(r"<script>(.*?)</script>", text_of(response), re.DOTALL)
    return script


def options_of(response):
    """What Swagger UI is told."""
    (options,) = re.findall(r"const options = (.*);\n", script_of(response))
    return json.loads(options)


def test_swagger_ui_is_told_where_the_document_is():
    """The defaults of the page, and the document's URL."""
    response = get_swagger_ui_html(openapi_url="/v1/openapi.json", title="Shop")
    options = options_of(response)
    assert (options.pop("url"), options) == ("/v1/openapi.json", pages.swagger_ui_default_parameters)
    assert (options["validatorUrl"], options["dom_id"]) == (None, "#swagger-ui")
    assert "<title>Shop</title>" in text_of(response)
    assert re.findall(r'(?:src|href)="(.*?)"', text_of(response)) == [
        "data:,",
        "/docs-assets/swagger-ui.css",
        "/docs-assets/swagger-ui-bundle.js",
    ]


def test_swagger_ui_takes_options_and_a_client():
    """`swagger_ui_parameters` go over the defaults, `init_oauth` to the form for authorization."""
    response = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Shop",
        swagger_ui_parameters={"deepLinking": False, "filter": "<b>"},
        oauth2_redirect_url="/docs/oauth2-redirect",
        init_oauth={"clientId": "shop"},
    )
    options = options_of(response)
    assert (options["deepLinking"], options["filter"]) == (False, "<b>")
    assert options["oauth2RedirectUrl"] == "/docs/oauth2-redirect"
    assert script_of(response).endswith('ui.initOAuth({"clientId": "shop"});\n')
    assert pages.swagger_ui_default_parameters["deepLinking"] is True


def test_redoc_is_told_where_the_document_is():
    """In an attribute of its element."""
    response = get_redoc_html(openapi_url="/v1/openapi.json", title="Shop")
    assert '<redoc spec-url="/v1/openapi.json"></redoc>' in text_of(response)
    assert re.findall(r'(?:src|href)="(.*?)"', text_of(response)) == ["data:,", "/docs-assets/redoc.standalone.js"]


@pytest.mark.parametrize("place", ["openapi_url", "title", "swagger_js_url", "swagger_css_url", "swagger_favicon_url"])
def test_what_goes_into_swagger_ui_cannot_leave_its_place(place):
    """Quotes, tags and comments: the page has the same elements as with a plain value, and the value is read whole."""
    arguments: dict[str, Any] = {"openapi_url": "/openapi.json", "title": "Shop"}
    plain, evil = (
        get_swagger_ui_html(**{**arguments, place: value}, init_oauth={"a": value}) for value in ("plain", EVIL)
    )
    assert re.findall(r"</?[a-z]+|<!--", text_of(evil)) == re.findall(r"</?[a-z]+|<!--", text_of(plain))
    assert EVIL in (options_of(evil)["url"] if place == "openapi_url" else html.unescape(text_of(evil)))


@pytest.mark.parametrize("place", ["openapi_url", "title", "redoc_js_url", "redoc_favicon_url"])
def test_what_goes_into_redoc_cannot_leave_its_place(place):
    """The same for the other page, which has attributes alone."""
    arguments = {"openapi_url": "/openapi.json", "title": "Shop"}
    plain, evil = (text_of(get_redoc_html(**{**arguments, place: value})) for value in ("plain", EVIL))
    assert re.findall(r"</?[a-z]+|<!--", evil) == re.findall(r"</?[a-z]+|<!--", plain)
    assert EVIL in html.unescape(evil)


def test_json_in_a_script_is_read_as_it_was():
    """No character in it means anything to HTML, and the value comes back whole."""
    text = script_json({"a": EVIL})
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == {"a": EVIL}


def test_a_value_that_json_cannot_say_is_refused():
    """A function, for example, would have to be a script."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        get_swagger_ui_html(openapi_url="", title="", swagger_ui_parameters={"plugins": object()})


@pytest.mark.parametrize(
    "response",
    [
        get_swagger_ui_html(openapi_url="/openapi.json", title="Shop", oauth2_redirect_url="/docs/oauth2-redirect"),
        get_swagger_ui_oauth2_redirect_html(),
    ],
    ids=["docs", "oauth2-redirect"],
)
def test_the_policy_allows_the_script_of_the_page_and_no_other(response):
    """By its hash; what a description smuggles in does not run."""
    digest = base64.b64encode(hashlib.sha256(script_of(response).encode()).digest()).decode()
    rules = rules_of(response)
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"][-1] == f"'sha256-{digest}'"
    assert set(rules["script-src"][:-1]) <= {"'self'"}


def test_the_policy_names_the_places_that_were_asked_for():
    """A program from elsewhere is loaded from there, and from nowhere beside."""
    places: dict[str, Any] = {
        "swagger_js_url": "https://a.example/x.js",
        "swagger_css_url": "https://b.example:8443/x.css?y",
    }
    rules = rules_of(get_swagger_ui_html(openapi_url="/openapi.json", title="Shop", **places))
    assert rules["script-src"][:-1] == rules["style-src"][:-1] == ["https://a.example", "https://b.example:8443"]
    rules = rules_of(get_redoc_html(openapi_url="/openapi.json", title="Shop", redoc_js_url="//c.example/x.js"))
    assert rules["script-src"][:-1] == ["c.example"]


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("/docs-assets/x.js", "'self'"),
        ("x.js", "'self'"),
        ("https://a.example", "https://a.example"),
        ("https://a.example; script-src *", "https://a.example"),
        ("javascript:alert(1)", "'self'"),
    ],
)
def test_a_place_is_an_origin_or_this_one(url, source):
    """Nothing of a URL but its origin goes into the header."""
    assert source_of(url) == source


def test_the_way_back_from_an_authorization_server_tells_the_page_that_opened_it():
    """Swagger UI's own script, in a page of its own."""
    assert "window.opener.swaggerUIRedirectOauth2" in script_of(get_swagger_ui_oauth2_redirect_html())
