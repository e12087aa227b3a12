import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
TEXT, CLOSE = 0x81, 0x88


def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    if environ.get("HTTP_UPGRADE", "").lower() != "websocket":  # [1]
        return respond(start_response, "404 Not Found", b"Not Found")
    if "HTTP_SEC_WEBSOCKET_KEY" not in environ:
        return respond(start_response, "400 Bad Request")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        return respond(start_response, "426 Upgrade Required", b"", ("Sec-WebSocket-Version", "13"))
    match environ["PATH_INFO"]:
        case "/echo" | "/sum":
            accept(environ, start_response)
            return converse(environ)
        case "/ticks":
            accept(environ, start_response)
            return converse(environ, b"tick 1", b"tick 2", b"tick 3")
        case "/members" if environ.get("HTTP_ORIGIN") == "http://localhost":
            accept(environ, start_response, ("X-Room", "7"))
            return converse(environ)
        case "/busy":
            return respond(start_response, "429 Too Many Requests", b"Come back later", ("Retry-After", "60"))
        case _:
            return respond(start_response, "403 Forbidden")  # [2] refuse


def accept(environ: Environ, start_response: StartResponse, *headers: tuple[str, str]) -> None:  # [2] accept
    key = environ["HTTP_SEC_WEBSOCKET_KEY"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    token = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    switch = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Accept", token)]
    if "chat.v2" in environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", ""):
        switch.append(("Sec-WebSocket-Protocol", "chat.v2"))
    start_response("101 Switching Protocols", [*switch, *headers])


def converse(environ: Environ, *greetings: bytes) -> Iterator[bytes]:
    for greeting in greetings:
        yield frame(TEXT, greeting)  # [4]
    while head := environ["wsgi.input"].read(6):  # [3] two bytes and the mask
        yield frame(head[0], environ["wsgi.input"].read(head[1] & 0x7F))
    print("left: the input has ended")  # [5]
    yield frame(CLOSE, (1000).to_bytes(2))  # [6]
    raise ConnectionError("nobody was heard")


def frame(head: int, payload: bytes) -> bytes:
    return bytes([head, len(payload)]) + payload


def respond(
    start_response: StartResponse, status: str, body: bytes = b"", *headers: tuple[str, str]
) -> Iterable[bytes]:
    kind = [("Content-Type", "text/plain; charset=utf-8")] if body else []
    start_response(status, [*kind, ("Content-Length", str(len(body))), *headers])
    return [body]
