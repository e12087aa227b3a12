"""OAuth2: flows, and the form of a login."""

import inspect
from typing import get_args

import pytest
from fastapi.security import OAuth2PasswordRequestForm as TheirForm
from fastapi.security import OAuth2PasswordRequestFormStrict as TheirStrictForm

from rawasgi.typed.security.oauth2 import (
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    OAuth2PasswordRequestFormStrict,
)


def test_a_flow_says_what_it_was_given_and_has_scopes():
    """None is left out; `scopes` is always there, since OpenAPI demands it."""
    assert OAuth2PasswordBearer("token").model == {
        "type": "oauth2",
        "flows": {"password": {"tokenUrl": "token", "scopes": {}}},
    }
    code = OAuth2AuthorizationCodeBearer("in", "token", "again", "Shop", {"read": "to look"}, "log in")
    assert code.model == {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "in",
                "tokenUrl": "token",
                "refreshUrl": "again",
                "scopes": {"read": "to look"},
            }
        },
        "description": "log in",
    }
    assert code.scheme_name == "Shop"


@pytest.mark.parametrize(
    ("flows", "says"),
    [
        (
            {"device": {}},
            "there is no OAuth2 flow 'device'; there are implicit, password, clientCredentials, authorizationCode",
        ),
        ({"password": {"scopes": {}}}, "the OAuth2 flow password needs tokenUrl"),
        ({"authorizationCode": {}}, "the OAuth2 flow authorizationCode needs authorizationUrl and tokenUrl"),
    ],
)
def test_a_flow_that_no_document_could_print_is_refused(flows, says):
    """ValueError where the scheme is made."""
    with pytest.raises(ValueError) as refused:
        OAuth2(flows=flows)
    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("ours", "theirs"), [(OAuth2PasswordRequestForm, TheirForm), (OAuth2PasswordRequestFormStrict, TheirStrictForm)]
)
def test_the_fields_of_the_form_are_fastapis(ours, theirs):
    """Types, defaults, patterns and what the documentation shows are equal."""

    def fields(form):
        found = {}
        for parameter in inspect.signature(form).parameters.values():
            kind, declared, *_ = get_args(parameter.annotation)
            found[parameter.name] = [kind, parameter.default, *about(declared)]
        return found

    def about(declared):
        options = getattr(declared, "options", {"json_schema_extra": getattr(declared, "json_schema_extra", None)})
        patterns = [part.pattern for part in getattr(declared, "metadata", ()) if hasattr(part, "pattern")]
        return options.get("json_schema_extra"), options.get("pattern", *patterns)

    assert fields(ours) == fields(theirs)


def test_the_scopes_of_a_login_are_words():
    """A form that is made by hand is one that a client has sent."""
    form = OAuth2PasswordRequestForm(username="ada", password="x", scope="items:read  items:write ")
    assert vars(form) == {
        "grant_type": None,
        "username": "ada",
        "password": "x",
        "scopes": ["items:read", "items:write"],
        "client_id": None,
        "client_secret": None,
    }
    strict = OAuth2PasswordRequestFormStrict("password", "ada", "x", "a", "me", "secret")
    assert vars(strict) == {
        "grant_type": "password",
        "username": "ada",
        "password": "x",
        "scopes": ["a"],
        "client_id": "me",
        "client_secret": "secret",
    }
