"""A random source in -> a table of routes, and the paths that may or may not fit it, out.

A table is plain data, so that it can be built with the routes of either library, and printed when the two disagree.
"""

from typing import Any, NamedTuple

LITERALS = ["a", "b", "items", "new", "1", "A", "é", "a.b", "a b", "x-y", "me", ""]
KINDS = {
    "str": ["a", "new", "1", "é", "a.b", "%2F", "x y"],
    "int": ["1", "007", "1" * 30],
    "float": ["1", "1.5", "0.0"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000"],
    "path": ["", "a", "a/b", "a//b/", "/"],
}
WRONG = ["", "-1", "1.", "1.5.2", "zz", "A", "٣", "123e4567", "a-b", "a-b-c", "..", "%2f", "?", "#", "a\tb", "\\"]
METHODS: list[list[str] | None] = [None, None, None, ["GET"], ["POST"], ["GET", "POST"], ["DELETE"], ["HEAD"], ["get"]]
ASKED = ["GET", "GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS", "get", "websocket"]
HOSTS = ["example.org", "{tenant}.example.org", "{a}-{b:int}.example.org", "example.org:8000"]
ASKED_HOSTS = [
    "example.org",
    "x.example.org",
    "X-1.Example.ORG",
    "example.org:9",
    "x.y.example.org",
    "no host",
    "[::1]",
]


class Row(NamedTuple):
    """One route: its kind, its template or host, its methods, and for a mount or host the rows below."""

    kind: str  # route · app · websocket · mount · router · host
    template: str
    methods: list[str] | None = None
    rows: tuple[Any, ...] = ()


def template(source, deep=False):
    """A template of up to four segments: literals, parameters, both mixed."""
    segments, names = [], iter("pqrstuvw" if deep else "abcdefgh")
    for _ in range(source.randint(0, 4)):
        shape = source.random()
        kind = source.choice(["str", "str", "str", "int", "float", "uuid"])
        if shape < 0.45:
            segments.append(source.choice(LITERALS))
        elif shape < 0.85:
            segments.append(f"{{{next(names)}:{kind}}}" if kind != "str" else f"{{{next(names)}}}")
        elif shape < 0.92:
            segments.append(f"{{{next(names)}}}-{{{next(names)}:{kind}}}")
        elif shape < 0.96:
            segments.append(f"v{{{next(names)}:{kind}}}.json")
        else:
            segments.append(f"{{{next(names)}:path}}")
    return "/" + "/".join(segments) + ("/" if source.random() < 0.15 else "")


def table(source, size, depth=0):
    """A list of `size` rows; those below a mount or host are shorter lists."""
    rows = []
    for _ in range(size):
        kind = source.choices(["route", "app", "websocket", "mount", "router", "host"], [60, 6, 8, 4, 8, 4])[0]
        if kind in ("router", "host") and depth == 2:
            kind = "route"
        where = source.choice(HOSTS) if kind == "host" else template(source, deep=depth > 0)
        below = tuple(table(source, source.randint(0, 5), depth + 1)) if kind in ("router", "host") else ()
        rows.append(Row(kind, where, source.choice(METHODS) if kind in ("route", "app") else None, below))
    return rows


def build(rows, library, called):
    """The routes of a table, by one library; each notes in `called` by which place it was reached, and how."""
    return [route(row, library, called, str(place)) for place, row in enumerate(rows)]


def route(row, library, called, place):
    """One row as a route; what it answers is a note of what it was asked."""

    async def note(scope, receive, send):
        params = {name: repr(value) for name, value in scope["path_params"].items()}
        called.append((place, params, scope.get("root_path"), scope["path"], type(scope["route"]).__name__))

    async def by_request(request):
        await note(request.scope, None, None)
        return library.Response()

    async def by_websocket(websocket):
        await note(websocket.scope, None, None)

    class App:
        async def __call__(self, scope, receive, send):
            await note(scope, receive, send)

    match row.kind:
        case "route":
            return library.Route(row.template, by_request, methods=row.methods)
        case "app":
            return library.Route(row.template, App(), methods=row.methods)
        case "websocket":
            return library.WebSocketRoute(row.template, by_websocket)
        case "mount":
            return library.Mount(row.template, App())
    below = [route(child, library, called, f"{place}.{n}") for n, child in enumerate(row.rows)]
    if row.kind == "router":
        return library.Mount(row.template, routes=below)
    return library.Host(row.template, library.Router(below))


def leaves(rows, prefix=""):
    """(kind, whole template) of all routes of a table, those below mounts with their prefix."""
    for row in rows:
        if row.kind == "host":
            yield from leaves(row.rows, prefix)
        else:
            yield row.kind, prefix + row.template
            yield from leaves(row.rows, prefix + row.template.rstrip("/"))


def filled(source, template):
    """A path that fits a template, most of the time."""
    parts = template.replace("{", "\0{").replace("}", "}\0").split("\0")
    for place, part in enumerate(parts):
        if part.startswith("{"):
            kind = part[1:-1].partition(":")[2] or "str"
            parts[place] = source.choice(WRONG if source.random() < 0.15 else KINDS[kind])
    return "".join(parts)


def damaged(source, path):
    """The same path with one thing wrong, or right again."""
    place = source.randrange(len(path) + 1)
    return source.choice(
        [
            path + "/",
            path.rstrip("/"),
            path + "//",
            "/" + path,
            path.replace("/", "//", 1),
            path.swapcase(),
            path[:place] + path[place + 1 :],
            path[:place] + "/" + path[place:],
            path[:place] + source.choice(WRONG) + path[place:],
            path + "/" + source.choice(LITERALS),
            path.rpartition("/")[0],
        ]
    )


def request(source, rows):
    """(method, host, root path, path) of a request that a table of these rows may know."""
    kind, wanted = source.choice([*leaves(rows)] or [("route", "/")])
    path = filled(source, wanted)
    if source.random() < 0.4:
        path = damaged(source, path)
    root = source.choice(["", "", "", "/root", "/a"])
    if source.random() < 0.9:
        path = root + path
    method = "websocket" if kind == "websocket" else source.choice(ASKED)
    return method, source.choice(ASKED_HOSTS), root, path
