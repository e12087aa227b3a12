from collections.abc import Iterator
from contextlib import closing
from typing import Any

from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException, ServiceUnavailable


class SoldOut(LookupError): ...


def layer(app: Any) -> Any:
    def call(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        def start_with_name(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [*headers, ("X-Layer", "outside")], *more)

        try:
            with closing(app(environ, start_with_name)) as body:
                yield from body
        except Exception as error:
            print(f"outside hears {type(error).__name__}", flush=True)
            raise

    return call


app = Flask(__name__)
app.wsgi_app = layer(app.wsgi_app)  # type: ignore[method-assign]


@app.after_request
def inside(response: Response) -> Response:  # [4]
    response.mimetype = "text/plain"
    response.headers.add("X-Layer", "inside")
    return response


@app.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Any:  # [2]
    response = error.get_response()
    response.data = f"{error.code} {error.description}"
    return response


app.register_error_handler(LookupError, lambda error: (f"sorry, no {error}", 409))  # [3]
app.register_error_handler(500, lambda error: ("our fault", 500))  # [5]


@app.get("/tea")
@app.get("/coffee")
def order() -> str:
    raise SoldOut("coffee") if request.path == "/coffee" else ServiceUnavailable("no water", retry_after=60)  # [1]


@app.get("/torn", defaults={"headers": {}})
@app.get("/short", defaults={"headers": {"Content-Length": "10"}})
def stream(headers: dict[str, str]) -> tuple[Iterator[bytes], dict[str, str]]:
    def pieces() -> Iterator[bytes]:
        yield b"one"
        raise RuntimeError("after the start")  # [6]

    return pieces(), headers


@app.get("/later")
def later() -> Response:
    def fail() -> None:
        raise RuntimeError("after the end")  # [7]

    response = Response("thanks")
    response.call_on_close(fail)
    return response


@app.get("/share")
def share() -> str:
    if not request.args["among"].isdigit():
        abort(422, "among: not a number")
    return f"{6 // int(request.args['among'])} for each"
