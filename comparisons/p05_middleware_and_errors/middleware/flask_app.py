from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from flask import Flask, Response

app = Flask(__name__)
set_by = ContextVar("set_by", default="nobody")


class A:
    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self.wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start_with_layer(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            print(f"<A {set_by.get()}")
            return start_response(status, [*headers, ("X-Layer", "A")], exc_info)

        print(">A")
        set_by.set("A")
        try:
            return self.wsgi_app(environ, start_with_layer)
        except KeyError:
            print("!A")
            raise


app.wsgi_app = A(app.wsgi_app)  # type: ignore[method-assign]  # [6]


@app.before_request
def b_in() -> None:
    print(">B")  # [1]
    set_by.set("B")  # [5]


@app.after_request
def b_out(response: Response) -> Response:
    print(f"<B {set_by.get()}")  # [2]
    response.headers.add("X-Layer", "B")  # [3]
    return response


@app.teardown_request
def b_end(error: BaseException | None) -> None:
    if isinstance(error, KeyError):
        print("!B")  # [4]


@app.get("/")
@app.get("/thread")
def visit() -> Response:
    answer = f"set by {set_by.get()}"
    set_by.set("app")
    return Response(answer, mimetype="text/plain")


@app.get("/stream")
def stream() -> Response:
    return Response(words(), mimetype="text/plain")


def words() -> Iterator[str]:
    for word in ("one", "two"):
        print(word)
        yield word
    raise KeyError("torn")


@app.get("/crash")
def crash() -> Response:
    raise KeyError("crash")
