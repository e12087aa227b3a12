"""Security schemes on rawasgi and on FastAPI: equal messages, but for what is declared.

They are asked in raw handlers and in handshakes, and are dependencies of typed ones.
"""

# mypy: disable-error-code="name-defined"
# An annotation may be a name of the kit, which no type checker knows.

from base64 import b64encode
from functools import partial
from typing import Annotated, Any

import pytest
from starlette.exceptions import HTTPException

from tests.wire.kits import FASTAPI, RAWASGI, changes, get, play, websocket


def schemes(kit):
    """Each scheme, and those without `auto_error`, which let a client in that shows nothing."""
    urls = {"authorizationUrl": "https://example.org/login", "tokenUrl": "token"}
    return {
        "basic": kit.HTTPBasic(),
        "basic-realm": kit.HTTPBasic(realm="the shop"),
        "basic-maybe": kit.HTTPBasic(auto_error=False),
        "bearer": kit.HTTPBearer(),
        "bearer-maybe": kit.HTTPBearer(auto_error=False),
        "header": kit.APIKeyHeader(name="X-Key"),
        "header-maybe": kit.APIKeyHeader(name="X-Key", auto_error=False),
        "query": kit.APIKeyQuery(name="key"),
        "query-maybe": kit.APIKeyQuery(name="key", auto_error=False),
        "cookie": kit.APIKeyCookie(name="key"),
        "cookie-maybe": kit.APIKeyCookie(name="key", auto_error=False),
        "oauth2": kit.OAuth2(),
        "oauth2-maybe": kit.OAuth2(auto_error=False),
        "password": kit.OAuth2PasswordBearer("token"),
        "password-maybe": kit.OAuth2PasswordBearer("token", auto_error=False),
        "code": kit.OAuth2AuthorizationCodeBearer(**urls),
        "code-maybe": kit.OAuth2AuthorizationCodeBearer(**urls, auto_error=False),
        "openid": kit.OpenIdConnect(openIdConnectUrl="https://example.org/.well-known/openid-configuration"),
        "openid-maybe": kit.OpenIdConnect(openIdConnectUrl="/openid", auto_error=False),
    }


def in_text(kit):
    """An app whose errors are text."""
    app = kit.App()

    @app.exception_handler(kit.HTTPException)
    @app.exception_handler(HTTPException)
    async def as_text(request, error):
        return kit.PlainTextResponse(error.detail, error.status_code, error.headers)

    return app


def asking(name, kit, log):
    """A raw route and a raw websocket for the scheme of this name, which say what it has found."""
    app, scheme = in_text(kit), schemes(kit)[name]

    @app.get(f"/{name}")
    async def shown(request: kit.Request):
        return kit.JSONResponse(plain(await scheme(request)))

    @app.websocket(f"/{name}")
    async def talk(websocket: kit.WebSocket):
        found = plain(await scheme(websocket))
        await websocket.accept()
        await websocket.send_json(found)
        await websocket.close()

    return app


def depending(name, kit, log):
    """The same with typed handlers, which return what they were given."""
    app, scheme = in_text(kit), schemes(kit)[name]

    @app.get(f"/{name}")
    async def shown(found: Annotated[Any, kit.Depends(scheme)]):
        return found

    @app.websocket(f"/{name}")
    async def talk(websocket: kit.WebSocket, found: Annotated[Any, kit.Depends(scheme)]):
        await websocket.accept()
        await websocket.send_json(plain(found))
        await websocket.close()

    return app


def plain(found):
    """What a scheme has found, as JSON says it."""
    return vars(found) if hasattr(found, "__dict__") else found


def basic(pair):
    """The header value of a pair."""
    return b"Basic " + b64encode(pair)


def authorized(paths, **values):
    """A scene for each path and each value of Authorization; the name of the value names the scene."""
    return {
        f"{path} {name.replace('_', ' ')}": get(f"/{path}", headers=[(b"authorization", value)])
        for path in paths.split()
        for name, value in values.items()
    }


EVERY = " ".join(schemes(RAWASGI))
OF_AUTHORIZATION = " ".join(name for name in EVERY.split() if name.split("-")[0] not in ("header", "query", "cookie"))
BASICS = "basic basic-maybe"
BEARERS = "bearer bearer-maybe password password-maybe code code-maybe"

SCENES = {
    **{f"{path} nothing": get(f"/{path}") for path in EVERY.split()},
    **authorized(OF_AUTHORIZATION, basic=basic(b"ada:enchantress"), bearer=b"Bearer abc.def-~+/==", digest=b"Digest a"),
    **authorized(OF_AUTHORIZATION, empty=b"", blank=b" "),
    **authorized(
        BASICS,
        in_capitals=b"BASIC" + basic(b"a:b")[5:],
        in_lower_case=b"basic" + basic(b"a:b")[5:],
        more_spaces=b"Basic    " + b64encode(b"a:b") + b"  ",
        colons_in_the_password=basic(b"a:b:c:"),
        no_name=basic(b":b"),
        no_password=basic(b"a:"),
        neither=basic(b":"),
        no_colon=basic(b"ab"),
        no_base64=b"Basic a:b",
        no_padding=b"Basic YTpiYQ",
        latin_1=basic("é:è".encode("latin-1")),
        utf_8=basic("é:è".encode()),
        no_ascii=b"Basic \xe9\xe8",
        nothing_behind_it=b"Basic",
        foreign_characters=b"Basic Y!T*p?i",
        control_characters=basic(b"a\0:b\n"),
    ),
    **authorized(
        BEARERS,
        in_capitals=b"BEARER abc",
        in_lower_case=b"bearer abc",
        more_spaces=b"Bearer    abc  ",
        a_tab=b"Bearer\tabc",
        two_words=b"Bearer abc def",
        no_ascii=b"Bearer \xe9",
        nothing_behind_it=b"Bearer",
        a_space_behind_it=b"Bearer  ",
    ),
    **{
        f"{path} two headers": get(
            f"/{path}", headers=[(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")]
        )
        for path in ("bearer", "bearer-maybe", "password", "oauth2")
    },
    "header a key": get("/header", headers=[(b"x-key", b"s3cret")]),
    "header no ascii": get("/header", headers=[(b"x-key", b"\xe9")]),
    "header empty": get("/header", headers=[(b"x-key", b"")]),
    "header-maybe empty": get("/header-maybe", headers=[(b"x-key", b"")]),
    "header two": get("/header", headers=[(b"x-key", b"a"), (b"x-key", b"b")]),
    "query a key": get("/query", query=b"key=s3cret"),
    "query empty": get("/query", query=b"key="),
    "query no utf-8": get("/query", query=b"key=%ff"),
    "query two": get("/query", query=b"key=a&key=b"),
    "cookie a key": get("/cookie", headers=[(b"cookie", b"a=b; key=s3cret")]),
    "cookie empty": get("/cookie", headers=[(b"cookie", b"key=")]),
    "cookie two": get("/cookie", headers=[(b"cookie", b"key=a; key=b")]),
    "cookie no cookies": get("/cookie", headers=[(b"cookie", b";;=; \xff")]),
    "a handshake with a token": websocket("/bearer", headers=[(b"authorization", b"Bearer abc")]),
    "a handshake with a password": websocket("/basic", headers=[(b"authorization", basic(b"a:b"))]),
    "a handshake with a key": websocket("/query", query_string=b"key=a"),
    "a handshake with nothing": websocket("/bearer"),
    "a handshake with nothing, where a refusal can be told": websocket(
        "/bearer", extensions=["websocket.http.response"]
    ),
}


def challenge(*scenes, realm=""):
    """Basic's 401 in these scenes: the challenge is FastAPI's and more."""
    theirs = f'Basic realm="{realm}"' if realm else "Basic"
    lines = f"-   www-authenticate: {theirs}", f'+   www-authenticate: Basic realm="{realm}", charset="UTF-8"'
    return dict.fromkeys(scenes, lines)


def refused(*scenes, body, header=(), status=401, says="Not authenticated"):
    """FastAPI gives the handler something in these scenes, of which the JSON is `body`; rawasgi answers with an error."""
    lines = (
        "- http.response.start status=200",
        f"+ http.response.start status={status}",
        *(f"+   www-authenticate: {value}" for value in header),
        f"-   content-length: {len(body)}",
        f"+   content-length: {len(says)}",
        "-   content-type: application/json",
        "+   content-type: text/plain; charset=utf-8",
        f"- http.response.body body={body!r}",
        f"+ http.response.body body={says.encode()!r}",
    )
    return dict.fromkeys(scenes, lines)


BASIC = ('Basic realm="", charset="UTF-8"',)
IN_UTF_8 = (
    "- http.response.start status=401",
    "-   www-authenticate: Basic",
    "-   content-length: 17",
    "-   content-type: text/plain; charset=utf-8",
    "- http.response.body body=b'Not authenticated'",
    "+ http.response.start status=200",
    "+   content-length: 33",
    "+   content-type: application/json",
    r"""+ http.response.body body=b'{"username":"\xc3\xa9","password":"\xc3\xa8"}'""",
)
NO_TOKEN = (
    "-   content-length: 2",
    "+   content-length: 4",
    "- http.response.body body=b'\"\"'",
    "+ http.response.body body=b'null'",
)
BROKEN = ("no colon", "no base64", "no padding", "latin 1", "no ascii", "nothing behind it")

FROM_FASTAPI = {
    "a challenge of Basic must have a realm, and may name the charset (RFC 7617, 2 and 2.1)": {
        **challenge(*(f"basic {name}" for name in ("nothing", "bearer", "digest", "empty", "blank", *BROKEN))),
        **challenge(*(f"basic-maybe {name}" for name in BROKEN)),
        **challenge(*(f"basic-realm {name}" for name in "nothing bearer digest empty blank".split()), realm="the shop"),
    },
    "names and passwords are UTF-8, not ASCII alone (RFC 7617, 2.1)": {
        "basic utf 8": IN_UTF_8,
        "basic-maybe utf 8": IN_UTF_8,
    },
    "base64 is read strictly: one password has one spelling (RFC 4648, 3.3)": refused(
        "basic foreign characters",
        "basic-maybe foreign characters",
        body=b'{"username":"a","password":"b"}',
        header=BASIC,
    ),
    "names and passwords have no control characters (RFC 7617, 2)": refused(
        "basic control characters",
        "basic-maybe control characters",
        body=rb'{"username":"a\u0000","password":"b\n"}',
        header=BASIC,
    ),
    "an empty token is no token: FastAPI hands it to the handler as the empty string": {
        **refused(
            *(f"{path} {name} behind it" for path in ("password", "code") for name in ("nothing", "a space")),
            body=b'""',
            header=("Bearer",),
        ),
        **dict.fromkeys(
            (f"{path}-maybe {name} behind it" for path in ("password", "code") for name in ("nothing", "a space")),
            NO_TOKEN,
        ),
    },
    "two credentials in one place are refused: FastAPI takes the first header, and the last of a query": {
        **refused(
            "bearer two headers",
            "bearer-maybe two headers",
            body=b'{"scheme":"Bearer","credentials":"a"}',
            status=400,
            says="More than one Authorization header",
        ),
        **refused("password two headers", body=b'"a"', status=400, says="More than one Authorization header"),
        **refused("oauth2 two headers", body=b'"Bearer a"', status=400, says="More than one Authorization header"),
        **refused("header two", body=b'"a"', status=400, says="More than one X-Key header"),
        **refused("query two", body=b'"b"', status=400, says="More than one query parameter key"),
    },
    "a refusal is a response only where the server offers that: FastAPI sends one that it may not understand": {
        "a handshake with nothing": (
            "- websocket.http.response.start status=401",
            "-   www-authenticate: Bearer",
            "-   content-length: 17",
            "-   content-type: text/plain; charset=utf-8",
            "- websocket.http.response.body body=b'Not authenticated'",
            "+ websocket.close code=1000 reason=''",
        ),
    },
}
DECLARED = {scene: found for scenes in FROM_FASTAPI.values() for scene, found in scenes.items()}


@pytest.mark.parametrize("app", [asking, depending], ids=lambda app: app.__name__)
@pytest.mark.parametrize("scene", SCENES)
def test_the_messages_are_fastapis(app, scene):
    """Status, challenge and body are equal, or differ in exactly the lines that are declared."""
    exchange = SCENES[scene]
    of_its_scheme = partial(app, exchange.scope["path"].strip("/"))
    found = changes(play(of_its_scheme, FASTAPI, exchange), play(of_its_scheme, RAWASGI, exchange))
    assert sorted(found) == sorted(DECLARED.get(scene, ()))


def test_every_declaration_has_its_scene():
    """A difference is declared once, and for a scene that is played."""
    assert [scene for scene in DECLARED if scene not in SCENES] == []
    assert len(DECLARED) == sum(map(len, FROM_FASTAPI.values()))


@pytest.mark.parametrize("name", schemes(RAWASGI))
def test_the_document_is_fastapis(name):
    """A scheme's model is the object that FastAPI prints into the document, and its name there is the same."""
    ours, theirs = schemes(RAWASGI)[name], schemes(FASTAPI)[name]
    printed = theirs.model.model_dump(by_alias=True, exclude_none=True, mode="json")
    assert (ours.model, ours.scheme_name, ours.auto_error) == (printed, theirs.scheme_name, theirs.auto_error)
