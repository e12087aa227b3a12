"""A request in -> the text of one parameter, or several, out; and whether there was any.

bytes > server > app > middleware > routing > [handler] > response > bytes

    path    a part of it, perhaps converted already      query   the last value of a name, or all of them
    header  the first field of a name, or all of them    cookie  the last value of a name

Nothing is decoded before somebody asks, and then once; a query string without escapes is only split, which takes a
fifth of the time of `parse_qsl`. A list takes all values of its name, a parameter model one of each of its fields and
whatever else there is, so that the model may forbid it.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
In FastAPI:   fastapi.dependencies.utils:request_params_to_args
In Starlette: starlette.requests:HTTPConnection, whose attributes a handler reads
In Flask:     flask.wrappers:Request, whose attributes a view reads
Left out:     character sets other than UTF-8
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from rawasgi.exceptions import HTTPException
from rawasgi.messages.types import Header, Scope
from rawasgi.toolkit.cookies import parse_cookies
from rawasgi.toolkit.formdata import UploadFile

MOST_PARAMETERS = 1000  # of a query string, as of a form; each of them costs work before anything is known about it
MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()


def query_pairs(query_string: bytes) -> list[tuple[str, str]]:
    """`a=1&b=caf%C3%A9` -> pairs, in order; HTTPException 400 for more than a thousand."""
    try:
        return parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise HTTPException(400, f"The query string has more than {MOST_PARAMETERS} parameters") from None


def last_values(query_string: bytes) -> dict[str, str]:
    """The last value of each name. Most query strings are short and have no escape: then to split them is enough."""
    text = query_string.decode("latin-1")
    if "%" in text or "+" in text or len(text) > MOST_PARAMETERS:
        return dict(query_pairs(query_string))
    values: dict[str, str] = {}
    for piece in text.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            values[name] = value
    return values


def header_fields(scope: Scope) -> list[Header]:
    """The header fields of a scope. The specification allows any iterable; whoever asks next finds a list."""
    headers = scope["headers"]
    if not isinstance(headers, list):
        headers = scope["headers"] = list(headers)
    return headers


class Sources:
    """What a request says, by place; `body` is there once it was read. What nobody asks for is not decoded."""

    body: Any = MISSING
    # What was decoded at first use.
    _pairs: list[tuple[str, str]] | None = None
    _query: dict[str, str] | None = None
    _cookies: dict[str, str] | None = None

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query parameters, in order."""
        if self._pairs is None:
            self._pairs = query_pairs(self.scope.get("query_string") or b"")
        return self._pairs

    @property
    def query(self) -> dict[str, str]:
        """The last value of each query parameter."""
        if self._query is None:
            self._query = last_values(self.scope.get("query_string") or b"")
        return self._query

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies of all Cookie headers."""
        if self._cookies is None:
            texts = [value.decode("latin-1") for name, value in header_fields(self.scope) if name == b"cookie"]
            self._cookies = {name: value for text in texts for name, value in parse_cookies(text).items()}
        return self._cookies


def in_path(sources: Sources, name: str, many: bool) -> Any:
    """A part of the path."""
    return sources.scope["path_params"].get(name, MISSING)


def in_query(sources: Sources, name: str, many: bool) -> Any:
    """The last value of a query parameter, or all of them."""
    if many:
        return [value for key, value in sources.pairs if key == name] or MISSING
    return sources.query.get(name, MISSING)


def in_headers(sources: Sources, name: str, many: bool) -> Any:
    """The first header of a name, or all of them."""
    wanted = name.lower().encode("latin-1", "replace")
    if many:
        return [value.decode("latin-1") for key, value in header_fields(sources.scope) if key == wanted] or MISSING
    for key, value in header_fields(sources.scope):
        if key == wanted:
            return value.decode("latin-1")
    return MISSING


def in_cookies(sources: Sources, name: str, many: bool) -> Any:
    """A cookie; an empty one is no list."""
    value = sources.cookies.get(name, MISSING)
    return MISSING if many and value == "" else value


def in_form(sources: Sources, name: str, many: bool) -> Any:
    """The last field or file of a name, or all of them. What a browser sends for an input left empty counts for none."""
    if many:
        return [value for value in sources.body.getlist(name) if not is_unchosen(value)] or MISSING
    value = sources.body.get(name, "")
    return MISSING if value == "" or is_unchosen(value) else value


def is_unchosen(value: Any) -> bool:
    """Whether this is the file of an input in which no file was chosen."""
    return isinstance(value, UploadFile) and value.filename == "" and value.size == 0


FINDERS = {"path": in_path, "query": in_query, "header": in_headers, "cookie": in_cookies, "form": in_form}


def everything(sources: Sources, place: str) -> Iterable[tuple[str, Any]]:
    """All there is in a place: for a parameter model, which may look for more than its fields."""
    if place in ("form", "file"):
        return list(sources.body.multi_items())
    if place == "query":
        return list(sources.pairs)
    if place == "cookie":
        return list(sources.cookies.items())
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in header_fields(sources.scope)]


def grouped(pairs: Iterable[tuple[str, Any]], known: set[str]) -> dict[str, Any]:
    """What nobody knows, by name: one value as it is, several in a list."""
    groups: dict[str, list[Any]] = {}
    for name, value in pairs:
        if name not in known:
            groups.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in groups.items()}
