"""A WSGI app and a request in -> a trace in the same format out.

bytes > server > [app > middleware > routing > handler > response] > bytes

WSGI has no messages: an app is one call, and what it says is a call of `start_response` and the items of what it
returns. Their counterparts: `environ` is `enter`, `start_response` the start of a response, each `item` a piece of its
body, and `close` the end. What the app reads of the request's body is its own affair.

Spec:         https://peps.python.org/pep-3333/#specification-details
In FastAPI:   none, because it speaks ASGI
In Starlette: none, because it speaks ASGI
In Flask:     werkzeug.test:run_wsgi_app
Left out:     files sent by the server's own hand (`wsgi.file_wrapper`)
"""

import io
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

from rawasgi.bridges.environ import environ_of
from rawasgi.instruments.apart import apart
from rawasgi.instruments.conversation import Exchange
from rawasgi.instruments.layers import WSGI, Layer, probed
from rawasgi.instruments.tracing.recorder import INSIDE, Call, Recorder, asked_of, scope_diff, trace_of
from rawasgi.instruments.tracing.trace import Trace

Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]


class WSGIRecorder(Recorder):
    """A recorder whose probes are called with environ and start_response."""

    def probe(self, layer: Layer) -> Any:
        """What stands before a layer."""

        def probe(environ: Environ, start_response: Any) -> Iterable[bytes]:
            around = INSIDE.get()
            call = Call(self, layer, environ, around if around is not None and around.recorder is self else None)
            self.note(call, "environ", None, scope_diff(call.outer_scope, call.scope))

            def start_and_note(status: str, headers: Any, *exc_info: Any) -> Any:
                self.note_sent(call, {"type": "start_response", "status": status, "headers": [*headers]})
                return start_response(status, headers, *exc_info)

            app: Any = layer.app
            INSIDE.set(call)
            try:
                body = app(environ, start_and_note)
            except BaseException as error:
                self.note(call, "raise", {"type": type(error).__name__, "message": str(error)})
                raise
            finally:
                INSIDE.set(around)
            return Items(self, call, body)

        return probe

    def note_sent(self, call: Call, message: Any) -> None:
        """The app says something, with a kind that is its type."""
        if call.depth == 0:
            self.sent.append(message)
        self.note(call, message["type"], message)


class Items:
    """What a layer returned: each item is noted as it is taken, and the close."""

    def __init__(self, recorder: WSGIRecorder, call: Call, body: Iterable[bytes]) -> None:
        self.recorder = recorder
        self.call = call
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        items = iter(self.body)
        while True:
            around = INSIDE.get()
            INSIDE.set(self.call)  # a generator runs only now
            try:
                item = next(items)
            except StopIteration:
                return
            except BaseException as error:
                self.recorder.note(self.call, "raise", {"type": type(error).__name__, "message": str(error)})
                raise
            finally:
                INSIDE.set(around)
            self.recorder.note_sent(self.call, {"type": "item", "body": item})
            yield item

    def close(self) -> None:
        """The server is done with it, whether it has taken all or not."""
        try:
            close = getattr(self.body, "close", None)
            if close is not None:
                close()
        finally:
            self.recorder.note(self.call, "close", None)


def trace_wsgi(app: App, exchange: Exchange, *, seconds: float = 5.0, target: str = "") -> Trace:
    """Ask a WSGI app once, on a thread of its own. The exchange is that of an ASGI app: a request over HTTP."""
    recorder = WSGIRecorder()
    error: Exception | None = None
    as_asgi: Any = app
    with probed(as_asgi, recorder.probe, WSGI) as watched:
        try:
            apart(lambda said: ask(watched, environ_from(exchange), said), seconds)
        except Exception as raised:
            error = raised
    return trace_of(recorder, exchange.scope, error, target)


def ask(app: Any, environ: Environ, said: Future[None]) -> None:
    """Play the server: call the app, take all its items, and close."""
    started: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        if started and exc_info is None:
            raise RuntimeError("start_response was called twice: PEP 3333 allows that only with exc_info")
        started.append(status)
        return lambda data: None

    body = app(environ, start_response)
    try:
        for _ in body:
            if not started:
                raise RuntimeError("the app has given an item before it has called start_response")
    finally:
        body.close()
    if not started:
        raise RuntimeError("the app has never called start_response")
    said.set_result(None)


def environ_from(exchange: Exchange) -> Environ:
    """The environ of a request that is written as an ASGI scope, with the target that gunicorn keeps in RAW_URI."""
    body = b"".join(message.get("body", b"") for message in exchange.messages)
    environ = environ_of(exchange.scope, io.BytesIO(body), len(body))
    return environ | {"RAW_URI": asked_of(exchange.scope).partition(" ")[2]}
