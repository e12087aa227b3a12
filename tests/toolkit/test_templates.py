"""Templates: what they know, what is escaped, and the same text rendered by Starlette."""

from typing import Any

import jinja2
import pytest
import starlette.applications
import starlette.routing
import starlette.templating

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTask
from rawasgi.instruments.conversation import converse, request
from rawasgi.routing import Mount, Route
from rawasgi.toolkit.templates import Jinja2Templates
from tests.instruments.messages import start

PAGE = "{{ who }} at {{ url_for('item', id=7) }} by {{ request.url.path }}{{ more }}"


@pytest.fixture
def folder(tmp_path):
    """Two templates."""
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "plain.txt").write_text("{{ who }}")
    return tmp_path


def app_of(kit, templates, log, name="page.html"):
    """One handler that renders, in rawasgi or in Starlette."""

    async def item(request):
        context = {"who": "<Ada>"}
        more = {"status_code": 201, "headers": {"x-a": "b"}, "background": BackgroundTask(log.append, "work")}
        response = templates.TemplateResponse(request, name, context, **more)
        log.append(sorted(response.context))
        return response

    return kit.App(routes=[kit.Mount("/shop", routes=[kit.Route("/items/{id}", item, name="item")])])


class Rawasgi:
    App, Mount, Route = App, Mount, Route
    Templates = Jinja2Templates


class Starlette:
    App, Mount, Route = starlette.applications.Starlette, starlette.routing.Mount, starlette.routing.Route
    Templates = starlette.templating.Jinja2Templates


def greeting(request):
    """A context processor."""
    return {"more": f" {request.method}", "who": "<Grace>"}


@pytest.mark.parametrize("name", ["page.html", "plain.txt"])
def test_a_template_is_rendered_as_starlette_does_it(folder, name):
    """Every message, header and note is equal; so is what a processor adds, and what is escaped."""
    seen = []
    for kit in (Rawasgi, Starlette):
        log: list[Any] = []
        templates = kit.Templates(folder, context_processors=[greeting])
        sent = converse(app_of(kit, templates, log, name), request("GET", "/shop/items/7"))
        seen.append((sent, log))
    assert seen[0] == seen[1]
    body = {
        "page.html": b"&lt;Grace&gt; at http://testserver/shop/items/7 by /shop/items/7 GET",
        "plain.txt": b"<Grace>",
    }
    about = (b"x-a", b"b"), (b"content-length", b"%d" % len(body[name])), (b"content-type", b"text/html; charset=utf-8")
    assert seen[0] == (
        [start(201, *about), {"type": "http.response.body", "body": body[name]}],
        [["more", "request", "who"], "work"],
    )


def test_an_environment_of_ones_own_gets_url_for(folder):
    """Unless it has one."""
    env = jinja2.Environment(loader=jinja2.DictLoader({"page.html": "{{ url_for('item', id=1) }}"}), autoescape=True)
    body = converse(app_of(Rawasgi, Jinja2Templates(env=env), []), request("GET", "/shop/items/7"))[1]["body"]
    assert body == b"http://testserver/shop/items/1"
    env.globals["url_for"] = lambda name, **params: f"mine {name} {params}"
    body = converse(app_of(Rawasgi, Jinja2Templates(env=env), []), request("GET", "/shop/items/7"))[1]["body"]
    assert body == b"mine item {&#39;id&#39;: 1}"


def test_the_context_that_was_given_stays_as_it_was(folder):
    """What is added goes into a copy: a dict of defaults may be shared."""
    defaults = {"who": "Ada"}
    scope = request("GET", "/").scope
    templates = Jinja2Templates(folder, context_processors=[greeting])
    asked = type("Asked", (dict,), {"method": "GET"})(scope)
    response = templates.TemplateResponse(asked, "plain.txt", defaults)
    assert (response.body, defaults) == (b"<Grace>", {"who": "Ada"})
    assert response.template.name == "plain.txt"


def test_a_test_client_that_asks_is_shown_template_and_context(folder):
    """`http.response.debug`, before the start, and only where it is offered (X14, X15)."""
    exchange = request("GET", "/shop/items/7", extensions={"http.response.debug": {}})
    first, second, _ = converse(app_of(Rawasgi, Jinja2Templates(folder), []), exchange)
    assert first["type"] == "http.response.debug"
    assert (first["info"]["template"].name, sorted(first["info"]["context"])) == ("page.html", ["request", "who"])
    assert second["type"] == "http.response.start"


def test_a_mistake_is_named(folder):
    """Which folder, whose name, and that the request comes first."""
    templates = Jinja2Templates(folder)
    with pytest.raises(TypeError, match="takes a directory or an env: one of them"):
        Jinja2Templates()
    with pytest.raises(TypeError, match="takes a directory or an env: one of them"):
        Jinja2Templates(folder, env=jinja2.Environment(autoescape=True))
    with pytest.raises(TypeError, match="the request comes first"):
        templates.TemplateResponse("page.html", {"request": None})  # type: ignore[arg-type]  # as older code has it
    for name in ("missing.html", "../page.html", "/etc/passwd"):
        with pytest.raises(jinja2.TemplateNotFound):
            templates.get_template(name)
