"""What a scheme costs in a plan: one call on the loop, and nothing that it does not need."""

from typing import Annotated, Any

import pytest

from rawasgi.app import App
from rawasgi.typed.params import Depends, Security, SecurityScopes
from rawasgi.typed.plan import SecurityUse
from rawasgi.typed.security.api_key import APIKeyCookie, APIKeyHeader, APIKeyQuery
from rawasgi.typed.security.http import HTTPBasic, HTTPBearer
from rawasgi.typed.security.oauth2 import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from rawasgi.typed.security.openid import OpenIdConnect

SCHEMES = (
    HTTPBasic(),
    HTTPBearer(),
    APIKeyHeader(name="key"),
    APIKeyQuery(name="key"),
    APIKeyCookie(name="key"),
    OAuth2PasswordBearer("token"),
    OpenIdConnect(openIdConnectUrl="/openid"),
)


def plan_of(endpoint):
    """The plan of a route with this endpoint."""
    app = App()
    app.post("/")(endpoint)
    route: Any = app.routes[0]
    return route.plan


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.scheme_name)
def test_a_scheme_is_a_call_on_the_loop(scheme):
    """No thread, no body, nothing to tear down, and no parameter of its own in the documentation."""

    async def show(found: Annotated[Any, Depends(scheme)]): ...

    plan = plan_of(show)
    assert [(step.where, len(step.calls)) for step in plan.steps] == [("loop", 2)]
    assert [call.ends for call in plan.calls] == [None, None]
    assert (plan.body, plan.fields("query", "header", "cookie")) == (None, ())
    assert plan.security == (SecurityUse(scheme, ()),)


def test_a_scheme_knows_the_scopes_that_were_asked_of_it():
    """Those of all `Security` on the way to it."""
    scheme = OAuth2PasswordBearer("token")

    async def current(scopes: SecurityScopes, token: Annotated[Any, Depends(scheme)]): ...

    async def show(user: Annotated[Any, Security(current, scopes=["a", "b"])]): ...

    plan = plan_of(show)
    assert plan.security == (SecurityUse(scheme, ("a", "b")),)
    assert [(call.name, call.scopes) for call in plan.calls[:2]][-1] == ("current", ("a", "b"))


def test_the_form_of_a_login_is_read_as_a_form():
    """Six fields, and no thread for a class that only remembers them."""

    async def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]): ...

    plan = plan_of(login)
    assert [field.name for field in plan.body.fields] == [
        "grant_type",
        "username",
        "password",
        "scope",
        "client_id",
        "client_secret",
    ]
    assert plan.body.form
    assert [step.where for step in plan.steps] == ["loop"]
