from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

TEXT = ("Content-Type", "text/plain; charset=utf-8")
set_by = ContextVar("set_by", default="nobody")


def layer(app: App, name: str) -> App:
    def layered(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start_with_layer(status: str, headers: Headers, exc_info: Any = None) -> Any:  # [2]
            print(f"<{name} {set_by.get()}")
            return start_response(status, [*headers, ("X-Layer", name)], exc_info)  # [3]

        print(f">{name}")  # [1]
        set_by.set(name)  # [5]
        try:
            return app(environ, start_with_layer)
        except KeyError:  # [4]
            print(f"!{name}")
            raise

    return layered


def endpoint(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    match environ["PATH_INFO"]:
        case "/" | "/thread":
            return respond(start_response, "200 OK", visit())
        case "/stream":
            start_response("200 OK", [TEXT])
            return words()
        case "/crash":
            raise KeyError("crash")
        case _:
            return respond(start_response, "404 Not Found", "Not Found")


def visit() -> str:
    answer = f"set by {set_by.get()}"
    set_by.set("app")
    return answer


def words() -> Iterator[bytes]:
    for word in ("one", "two"):
        print(word)
        yield word.encode()
    raise KeyError("torn")


def respond(start_response: StartResponse, status: str, text: str) -> Iterable[bytes]:
    start_response(status, [TEXT, ("Content-Length", str(len(text)))])
    return [text.encode()]


app = layer(layer(endpoint, "B"), "A")  # [6]
