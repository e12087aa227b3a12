"""One small site, written once for the frameworks whose words are the same: Starlette, FastAPI, rawasgi."""

import json
from types import SimpleNamespace
from typing import Any

import fastapi
import starlette.applications
import starlette.exceptions
import starlette.responses
import starlette.routing

import rawasgi

STARLETTE = SimpleNamespace(
    App=starlette.applications.Starlette,
    HTTPException=starlette.exceptions.HTTPException,
    **{name: getattr(starlette.responses, name) for name in ("PlainTextResponse", "RedirectResponse", "Response")},
    **{name: getattr(starlette.responses, name) for name in ("JSONResponse", "StreamingResponse")},
    Route=starlette.routing.Route,
    WebSocketRoute=starlette.routing.WebSocketRoute,
)
FASTAPI = SimpleNamespace(
    **{**vars(STARLETTE), "App": fastapi.FastAPI, "HTTPException": fastapi.HTTPException},
)
KITS = {"rawasgi": rawasgi, "Starlette": STARLETTE, "FastAPI": FASTAPI}


def told(scope):
    """What of a scope can be said in JSON."""
    names = ("method", "scheme", "path", "root_path", "http_version", "client", "server")
    plain = {name: scope[name] for name in names if name in scope}
    coded = {name: scope[name].decode() for name in ("raw_path", "query_string")}
    return {**plain, **coded, "headers": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]]}


def echoes(kit: Any) -> list[Any]:
    """Routes that tell what they were sent, or send one there."""

    async def echo(request):
        body = (await request.body()).decode("latin-1")
        return kit.JSONResponse({**told(request.scope), "body": body})

    async def to_echo(request):
        status = request.path_params["status"]
        return kit.RedirectResponse("/echo?from=" + status, int(status))

    every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return [
        kit.Route("/echo", echo, methods=every),
        kit.Route("/a b/{rest:path}", echo),
        kit.Route("/redirect/{status}", to_echo, methods=["GET", "POST"]),
    ]


def answers(kit: Any) -> list[Any]:
    """Routes that answer in various ways."""

    async def set_cookie(request):
        response = kit.PlainTextResponse("set")
        response.set_cookie("a", "1")
        response.set_cookie("b", "2", path="/echo")
        return response

    async def drop_cookie(request):
        response = kit.PlainTextResponse("dropped")
        response.delete_cookie("a")
        return response

    async def stream(request):
        async def pieces():
            for number in range(3):
                yield f"{number}\n".encode()

        return kit.StreamingResponse(pieces(), media_type="text/plain")

    async def empty(request):
        return kit.Response(status_code=204)

    async def refuse(request):
        raise kit.HTTPException(403, "not you", headers={"x-why": "because"})

    async def repeated(request):
        response = kit.PlainTextResponse("é", 206, {"x-a": "1"})
        response.headers.append("x-a", "2")
        return response

    named = {"set": set_cookie, "drop": drop_cookie, "stream": stream, "empty": empty}
    named |= {"refuse": refuse, "repeated": repeated}
    return [kit.Route(f"/{name}", endpoint) for name, endpoint in named.items()]


def site(kit: Any) -> Any:
    """An app that echoes, redirects, sets cookies, streams and refuses."""
    return kit.App(routes=[*echoes(kit), *answers(kit)])


def header_of(response, name):
    """A header that the app was sent, as the echo tells; None where there was none."""
    return dict(json.loads(response.content)["headers"]).get(name)


def last_task(client: Any) -> Any:
    """The task in which the app was called last."""
    return client.conversations[-1].task
