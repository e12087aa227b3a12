"""A path in -> the routes that may answer it, in the order of their registration, out.

bytes > server > app > middleware > [routing] > handler > response > bytes

Two steps. A template such as `/items/{id:int}` is compiled once into a regular expression and its inverse. Then all
templates of a router go into a `PathIndex` for each scope type, a tree with a level for each segment. A request walks
down the tree and meets only routes that may fit; the order of registration still decides between them. What whole
segments cannot express (a `path` in the middle, convertors of your own, hosts, routes with their own idea of matching)
is kept aside as a row of barriers, which every request tries one by one: it costs what it did before, and nothing else
costs more.

That buys a price that does not grow: the last of 200 routes is found as fast as the only one. A scan looks at 200.

    /items/{id} and /items/new, asked for "/items/new"  ->  both, and the one that was registered first has the word

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
Grown from:   tiny/app.py:find_route, because a scan of all routes costs more with every route
In FastAPI:   starlette.routing:compile_path, and a scan
In Starlette: starlette.routing:compile_path, and a scan
In Flask:     werkzeug.routing.matcher:StateMachineMatcher, a tree too, whose weights decide and not the order
Left out:     nothing
"""

import enum
import math
import re
from collections.abc import Callable, Iterable
from functools import wraps
from operator import itemgetter
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from rawasgi.urls import URLPath

T = TypeVar("T")


class Convertor(Generic[T]):
    """How one parameter is written in a path. A subclass sets `regex`, `convert` and `to_string`.

    `convert` gets text that matched `regex`; a ValueError from it means that the path does not match after all.
    """

    regex: ClassVar[str] = ""

    def convert(self, value: str) -> T:
        """The text of the path -> the value that the handler sees."""
        raise NotImplementedError(f"{type(self).__name__} must say how to read a value")

    def to_string(self, value: T) -> str:
        """A value -> its text in a URL; ValueError where it has none."""
        raise NotImplementedError(f"{type(self).__name__} must say how to write a value")


class StringConvertor(Convertor[str]):
    """One segment of a path: anything but `/`."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        """The segment itself."""
        return value

    def to_string(self, value: str) -> str:
        """The text; it must not be empty, nor hold a `/`."""
        text = str(value)
        if not text or "/" in text:
            raise ValueError(f"a path segment must not be empty nor hold a slash: {text!r}; use {{name:path}}")
        return text


class PathConvertor(StringConvertor):
    """The rest of the path, slashes and all; it may be empty."""

    regex = "(?s:.*)"

    def to_string(self, value: str) -> str:
        """The text."""
        return str(value)


class IntegerConvertor(Convertor[int]):
    """Decimal digits, without a sign."""

    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        """The number. Python reads at most 4,300 digits: a longer number matches no route."""
        return int(value)

    def to_string(self, value: int) -> str:
        """The digits; ValueError for a negative number."""
        if (number := int(value)) < 0:
            raise ValueError(f"an int in a path has no sign: {number}")
        return str(number)


class FloatConvertor(Convertor[float]):
    """Digits, perhaps with a decimal point."""

    regex = r"[0-9]+(?:\.[0-9]+)?"

    def convert(self, value: str) -> float:
        """The number; one that is too large for a float matches no route."""
        if not math.isfinite(number := float(value)):
            raise ValueError(f"a float in a path is finite: {value}")
        return number

    def to_string(self, value: float) -> str:
        """Up to 20 decimals, without trailing zeros; ValueError for what has no such form."""
        number = float(value)
        if not math.isfinite(number) or number < 0:
            raise ValueError(f"a float in a path is finite and has no sign: {number}")
        return f"{number:.20f}".rstrip("0").rstrip(".")


class UUIDConvertor(Convertor[Any]):
    """A UUID, with or without hyphens."""

    regex = "[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"

    def convert(self, value: str) -> Any:
        """A `uuid.UUID`."""
        # Imported here because most apps have no such route, and `uuid` asks the system about itself.
        import uuid

        return uuid.UUID(value)

    def to_string(self, value: Any) -> str:
        """With hyphens, lower case."""
        return str(value)


CONVERTOR_TYPES: dict[str, Convertor[Any]] = {"str": StringConvertor(), "path": PathConvertor()}
CONVERTOR_TYPES |= {"int": IntegerConvertor(), "float": FloatConvertor(), "uuid": UUIDConvertor()}
PARAMETER = re.compile(r"{([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-zA-Z_][a-zA-Z0-9_]*))?}")


def register_url_convertor(key: str, convertor: Convertor[Any]) -> None:
    """Let templates say `{name:key}`; routes that exist already keep the convertor they have."""
    CONVERTOR_TYPES[key] = convertor


def rooted(path: str) -> str:
    """A path that begins with a slash; ValueError for another."""
    if not path.startswith("/"):
        raise ValueError(f"a path begins with a slash: {path!r}")
    return path


class PathTemplate:
    """`/items/{id:int}`, compiled: `match` reads a path, `fill` writes one.

    Also used for hosts (`{tenant}.example.org`), whose case does not count. ValueError for a template that names an
    unknown convertor, or one parameter twice.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.convertors: dict[str, Convertor[Any]] = {}
        pattern, end = "", 0
        for parameter in PARAMETER.finditer(path):
            name, kind = parameter[1], parameter[2] or "str"
            if kind not in CONVERTOR_TYPES:
                raise ValueError(f"{path!r}: no convertor {kind!r}; there are {', '.join(sorted(CONVERTOR_TYPES))}")
            if name in self.convertors:
                raise ValueError(f"{path!r} names the parameter {name!r} twice")
            self.convertors[name] = CONVERTOR_TYPES[kind]
            pattern += re.escape(path[end : parameter.start()]) + f"(?P<{name}>{self.convertors[name].regex})"
            end = parameter.end()
        convertors = self.convertors.items()  # text is what a path is made of: it needs no converting
        self.converting = [(name, c.convert) for name, c in convertors if not isinstance(c, StringConvertor)]
        flags = re.NOFLAG if path.startswith("/") or not path else re.IGNORECASE
        self.regex = re.compile(pattern + re.escape(path[end:]), flags)
        self.fullmatch = self.regex.fullmatch

    def match(self, path: str) -> dict[str, Any] | None:
        """The parameters of a path that fits, converted; None for a path that does not."""
        found = self.fullmatch(path)
        if found is None:
            return None
        values: dict[str, Any] = found.groupdict()
        try:
            for name, convert in self.converting:
                values[name] = convert(values[name])
        except ValueError:  # 5,000 digits are no int, 400 no float: no such resource
            return None
        return values

    def fill(self, values: dict[str, Any]) -> str:
        """The path for these parameters, all of them: KeyError where one is missing."""
        return PARAMETER.sub(lambda parameter: self.convertors[parameter[1]].to_string(values[parameter[1]]), self.path)

    def segments(self) -> list[str] | None:
        """The way down the tree: literals, `PARAMETER_SEGMENT`, at the end perhaps `TAIL`; None where there is none."""
        way: list[str] = []
        pieces = self.path.split("/")[1:]
        for place, piece in enumerate(pieces, 1):
            kinds = [type(self.convertors[parameter[1]]) for parameter in PARAMETER.finditer(piece)]
            if kinds == [PathConvertor] and place == len(pieces) and PARAMETER.fullmatch(piece):
                way.append(TAIL)
            elif not all(kind in ONE_SEGMENT for kind in kinds):
                return None
            else:
                way.append(PARAMETER_SEGMENT if kinds else piece)
        return way

    def __repr__(self) -> str:
        return f"PathTemplate({self.path!r})"


ONE_SEGMENT = (StringConvertor, IntegerConvertor, FloatConvertor, UUIDConvertor)
PARAMETER_SEGMENT, TAIL = "{}", "{:path}"


class NoMatchFound(Exception):
    """No route has this name and these parameters."""

    def __init__(self, name: str, path_params: dict[str, Any]) -> None:
        super().__init__(f"no route is named {name!r} with the parameters {sorted(path_params)}")


def first_url(routes: Iterable[Any], name: str, path_params: dict[str, Any]) -> URLPath:
    """The path of the first route that has this name and takes these parameters; else `NoMatchFound`."""
    for route in routes:
        try:
            found: URLPath = route.url_path_for(name, **path_params)
            return found
        except Exception as error:
            if type(error).__name__ != NoMatchFound.__name__:  # an app of Starlette's has routes that raise their own
                raise
    raise NoMatchFound(name, path_params)


class Match(enum.Enum):
    """How well a route fits a scope; PARTIAL is a path that fits and a method that does not."""

    NONE = 0
    PARTIAL = 1
    FULL = 2


class Node(Generic[T]):
    """One step down the tree: by a literal, by a parameter; who ends here, and who swallows all the rest."""

    __slots__ = ("ends", "literals", "parameter", "tails")

    def __init__(self) -> None:
        self.literals: dict[str, Node[T]] = {}
        self.parameter: Node[T] | None = None
        self.ends: list[Entry[T]] = []
        self.tails: list[Entry[T]] = []


class Entry(NamedTuple, Generic[T]):
    """A route in an index, and its place in the order of registration; without a template it may match anything.

    `methods` are those for which its path alone decides; an app, which answers every method, has none.
    """

    order: int
    route: T
    template: PathTemplate | None
    methods: tuple[str | None, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """Whether path and method say all: no parameter to read, nothing to ask."""
        return self.template is not None and not self.template.convertors and bool(self.methods)


class PathIndex(Generic[T]):
    """Which of many templates may fit a path, without trying each: the tree, and the barriers beside it."""

    def __init__(self) -> None:
        self.root: Node[T] = Node()
        self.barriers: list[Entry[T]] = []

    def add(self, entry: Entry[T]) -> None:
        """Put a route where requests will pass; off the tree it becomes a barrier."""
        way = entry.template.segments() if entry.template else None
        if way is None:
            self.barriers.append(entry)
            return
        node = self.root
        for segment in way:
            if segment == TAIL:
                node.tails.append(entry)
                return
            if segment == PARAMETER_SEGMENT:
                node.parameter = node.parameter or Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, Node())
        node.ends.append(entry)

    def candidates(self, path: str) -> list[Entry[T]]:
        """All that may match `path`, in the order of registration; the template itself has the last word."""
        found = self.barriers[:]
        self.descend(self.root, path.split("/")[1:], found)
        if len(found) > 1:
            found.sort(key=BY_ORDER)
        return found

    def descend(self, node: Node[T], segments: list[str], found: list[Entry[T]]) -> None:
        """Find who ends at the end of the segments, or swallows what is left of them on the way."""
        for place, segment in enumerate(segments, 1):
            if node.tails:
                found += node.tails
            literal, parameter = node.literals.get(segment), node.parameter
            if literal is not None and parameter is not None:  # the way forks
                self.descend(literal, segments[place:], found)
                literal = None
            following = literal or parameter
            if following is None:
                return
            node = following
        found += node.ends

    def __repr__(self) -> str:
        return f"<PathIndex with {len(self.barriers)} barriers>"


BY_ORDER = itemgetter(0)


class RouteTable(Generic[T]):
    """All routes of a router: an index for each scope type, and beside it the answers that are known beforehand.

    `fixed` answers the common case with one look: (method, path) -> route, for paths without parameters that no route
    registered earlier may match too. The method of a websocket is None.
    """

    def __init__(self) -> None:
        self.indexes: dict[str, PathIndex[T]] = {"http": PathIndex(), "websocket": PathIndex()}
        self.fixed: dict[tuple[str | None, str], T] = {}
        self.size = 0

    def add(
        self, route: T, kinds: Iterable[str], template: PathTemplate | None, methods: Iterable[str | None] = ()
    ) -> None:
        """The next route, for scopes of these kinds. `methods` are those for which its path alone decides."""
        entry = Entry(self.size, route, template, tuple(methods))
        self.size += 1
        for kind in kinds:
            index = self.indexes[kind]
            if template and entry.is_fixed and all(rival.is_fixed for rival in index.candidates(template.path)):
                for method in entry.methods:
                    self.fixed.setdefault((method, template.path), route)
            index.add(entry)

    def __repr__(self) -> str:
        return f"<RouteTable of {self.size}, {len(self.fixed)} answers fixed>"


class RouteList(list[T]):
    """Routes in the order of their registration, and the table that was made of them: a change drops it."""

    table: RouteTable[T] | None = None


def noting(change: Callable[..., Any]) -> Callable[..., Any]:
    """A method of `list` that drops the table of what was there before."""

    @wraps(change)
    def noted(self: RouteList[Any], *args: Any, **kwargs: Any) -> Any:
        self.table = None
        return change(self, *args, **kwargs)

    return noted


for _change in "append extend insert remove pop clear sort reverse __setitem__ __delitem__ __iadd__ __imul__".split():
    setattr(RouteList, _change, noting(getattr(list, _change)))
