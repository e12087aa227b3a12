from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any

from comparisons.p06_dependency_injection.dependencies.store import say

ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]


def watched(app: ASGIApp) -> ASGIApp:
    async def call(scope: Any, receive: Any, send: Any) -> None:
        async def send_and_say(message: Any) -> None:
            if message["type"] == "http.response.start":
                say("start")
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                say("end")
            await send(message)

        try:
            await app(scope, receive, send_and_say)
        except Exception:
            say("raised")
            raise

    return call


def watched_wsgi(app: Callable[..., Any]) -> Callable[..., Iterator[bytes]]:
    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        def start_and_say(*arguments: Any) -> Any:
            say("start")
            return start_response(*arguments)

        try:
            with closing(app(environ, start_and_say)) as body:
                yield from body
                say("end")
        except Exception:
            say("raised")
            raise

    return call
