import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]


class HTTPError(Exception): ...


class SoldOut(LookupError): ...


def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    def start_outside(status: str, headers: Headers, *more: Any) -> Any:
        return start_response(status, [*headers, ("X-Layer", "outside")], *more)

    try:
        yield from expect_errors(environ, start_outside)
    except Exception as error:
        print(f"outside hears {type(error).__name__}", flush=True)
        raise


def expect_errors(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    def start_inside(status: str, headers: Headers) -> Any:  # [4]
        return start_response(status, [*headers, ("X-Layer", "inside")])

    try:
        return shop(environ, start_inside)
    except HTTPError as error:  # [2]
        status, detail, *headers = error.args
        return answer(start_inside, status, f"{status[:3]} {detail}", *headers)
    except LookupError as error:  # [3]
        return answer(start_inside, "409 Conflict", f"sorry, no {error}")
    except Exception:  # [5]
        print("handler for Exception", flush=True)
        traceback.print_exc(file=environ["wsgi.errors"])
        return answer(start_response, "500 Internal Server Error", "our fault")


def shop(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
        case "GET" | "HEAD", "/tea":
            raise HTTPError("503 Service Unavailable", "no water", ("Retry-After", "60"))  # [1]
        case "GET", "/coffee":
            raise SoldOut("coffee")
        case "GET", "/torn" | "/short" as path:
            start_response("200 OK", [("Content-Length", "10")] if path == "/short" else [])
            return pieces(b"one", "after the start")  # [6]
        case "GET", "/later":
            answer(start_response, "200 OK", "thanks")
            return pieces(b"thanks", "after the end")  # [7]
        case "GET", "/share":
            among = environ["QUERY_STRING"].removeprefix("among=")
            if not among.isdigit():
                raise HTTPError("422 Unprocessable Content", "among: not a number")
            return answer(start_response, "200 OK", f"{6 // int(among)} for each")
        case _, "/tea":
            raise HTTPError("405 Method Not Allowed", "Method Not Allowed", ("Allow", "GET, HEAD"))
        case _:
            raise HTTPError("404 Not Found", "Not Found")


def pieces(body: bytes, error: str) -> Iterator[bytes]:
    yield body
    raise RuntimeError(error)


def answer(start_response: StartResponse, status: str, text: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    about = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))]
    start_response(status, [*about, *headers])
    return [text.encode()]
