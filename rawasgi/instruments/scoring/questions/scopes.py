"""A request as it was sent in -> where the scope says something else out.

[bytes > server > app] > middleware > routing > handler > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     types and keys: the checker around the probe app sees to them
"""

from collections.abc import Iterator
from typing import Any

from rawasgi.instruments.checking.finding import Fault, tail
from rawasgi.instruments.scoring.stage import HELLO, Stage
from rawasgi.instruments.scoring.verdict import NotOffered, Question
from rawasgi.instruments.scoring.wire import HOST, Answer

GROUP = "scope"
SHARED = {"shared": [1]}  # what the lifespan of the main process puts into the state

Scope = dict[str, Any]
SENT = [
    ("X-Odd-Case", "1"),
    ("x-twice", "b"),
    ("X-Between", "caf\xe9"),
    ("x-twice", "a"),
    ("Cookie", "a=1"),
    ("Cookie", "b=2"),
]


def headers(stage: Stage) -> Iterator[Fault]:
    """Names in lower case; the values of each as many as were sent, in their order, byte for byte."""
    scope = stage.ask(HELLO, fields=SENT).scope
    if odd := [name for name, _ in (scope.get("headers") or ()) if name != name.lower()]:
        yield Fault("H12", f"the header {odd[0]!r}")
    for sent in dict.fromkeys(name for name, _ in SENT):  # "order of header names is not important"
        wanted = [value.encode("latin-1") for name, value in SENT if name == sent]
        came = [value for name, value in (scope.get("headers") or ()) if name.lower() == sent.lower().encode()]
        if came != wanted:
            yield Fault("H13", f"the values of {sent} come as {came}", (str(wanted),))


def target(stage: Stage) -> Iterator[Fault]:
    """Escapes decoded in `path`, kept in `raw_path` and `query_string`; slashes as many as were sent."""
    scope = stage.ask(HELLO, "GET /caf%C3%A9/a%2Fb%20c?x=%20y&z=? HTTP/1.1").scope
    if scope.get("path") != "/café/a/b c":
        yield Fault("H5", f"path is {scope.get('path')!r} for /caf%C3%A9/a%2Fb%20c", ("/café/a/b c",))
    if scope.get("raw_path") not in (None, b"/caf%C3%A9/a%2Fb%20c"):
        yield Fault("H7", f"raw_path is {scope['raw_path']!r} for /caf%C3%A9/a%2Fb%20c")
    if scope.get("query_string") != b"x=%20y&z=?":
        yield Fault("H9", f"query_string is {scope.get('query_string')!r} for ?x=%20y&z=?")
    doubled = stage.ask(HELLO, "GET //a//b HTTP/1.1")
    if answered(doubled.answer) and doubled.scope.get("path") != "//a//b":
        yield Fault("H5", f"path is {doubled.scope.get('path')!r} for //a//b", ("//a//b",))


def answered(answer: Answer | None) -> bool:
    """Whether the app has answered, and not the server in its place."""
    return answer is not None and answer.status == 200


def absolute(stage: Stage) -> Iterator[Fault]:
    """A target that names a host too, as proxies send it."""
    talk = stage.ask(HELLO, "GET http://localhost/abs?q=1 HTTP/1.1")
    if not answered(talk.answer):
        raise NotOffered("absolute targets are refused")
    if talk.scope.get("path") != "/abs":
        # That a path begins with a slash is said nowhere. Yet an app finds no route for this one, and RFC 9112 3.2.2 has
        # it that "a server MUST accept the absolute-form".
        yield Fault("H6", f"path is {talk.scope.get('path')!r} for that target", ("/abs",), "derived")


def request_line(stage: Stage) -> Iterator[Fault]:
    """The method in capitals, the version without its name."""
    talk = stage.ask(HELLO, "brew / HTTP/1.1")
    if answered(talk.answer) and talk.scope.get("method") != "BREW":
        yield Fault("H3", f"method is {talk.scope.get('method')!r} for brew", ("BREW",))
    for version in ("1.0", "1.1"):
        said = stage.ask(HELLO, f"GET / HTTP/{version}").scope.get("http_version")
        if said != version:
            yield Fault("H2", f"http_version is {said!r} for HTTP/{version}", (version,))


def ends(stage: Stage) -> Iterator[Fault]:
    """Who asks, who is asked, and by which scheme; for a websocket too."""
    for kind, rule_id in (("http", "H4"), ("ws", "W3")):
        with stage.begin(HELLO) if kind == "http" else stage.socket([{"type": "websocket.close"}]) as talk:
            talk.read()
            scope = talk.scope
        ends = {"client": ("H16", talk.wire.address), "server": ("H17", (HOST, stage.process.port))}
        for key, (rule, wanted) in ends.items():
            if [*map(str, scope.get(key) or wanted)] != [*map(str, wanted)]:  # of their types the checker tells
                yield Fault(rule if kind == "http" else "W4", f"{key} is not the address of the {key}")
        if scope.get("scheme", kind) != kind:
            yield Fault(rule_id, f"scheme is {scope['scheme']!r}", (kind,))


def state(stage: Stage) -> Iterator[Fault]:
    """What the lifespan shares is in every request, what one request adds is in no other."""
    if "state" not in stage.notes.wait("lifespan", "scope", 1, stage.seconds)[0].value:
        raise NotOffered("no state in the lifespan")
    first = stage.ask([("share", {"mine": 1}), *HELLO]).scope
    if first.get("state") != SHARED:
        yield Fault("H19", "the state of a request is not that of the lifespan")
    again = stage.ask(HELLO).scope
    if "mine" in again.get("state", {}):
        yield Fault("H19", "what one request puts into its state is in that of the next")


def one_scope_each(stage: Stage) -> Iterator[Fault]:
    """Two requests, sent at once on one connection: two calls, two answers, in their order."""
    second = stage.begin(HELLO, "GET /second HTTP/1.1")
    second.wire.leave()
    with stage.begin(HELLO, "GET /first HTTP/1.1", body=second.head) as talk:
        answers = [talk.read(), talk.read()]
    scopes = [each.scope.get("path") for each in (talk, second) if each.notes("scope")]
    if scopes != ["/first", "/second"]:
        yield Fault("H21", f"two requests in one piece are {len(scopes)} calls")
    if not all(map(answered, answers)):
        yield Fault("H21", f"two requests in one piece get {sum(map(answered, answers))} answers")


def root_path(stage: Stage) -> Iterator[Fault]:
    """The app is mounted at /shop. A proxy in front strips that, or leaves it: for one of both, path is below root_path."""
    if not stage.process.server.root:
        raise NotOffered("no option for a root path")
    talks = [stage.ask(HELLO, f"GET {line} HTTP/1.1") for line in ("/x", "/shop/x")]
    scopes = [talk.scope for talk in talks if answered(talk.answer)]
    if odd := [scope.get("root_path", "") for scope in scopes if scope.get("root_path", "") != "/shop"]:
        yield Fault("H10", f"root_path is {odd[0]!r} for an app at /shop", ("/shop",))
    elif all(scope.get("path") != "/shop/x" for scope in scopes):
        yield tail("H10", "path is not below root_path, whether a proxy strips /shop or not")


QUESTIONS = (
    Question(GROUP, "headers: lower case, order, duplicates", ("H12", "H13"), headers),
    Question(GROUP, "path, raw_path, query_string", ("H5", "H7", "H9"), target),
    Question(GROUP, "absolute-form target", ("H6",), absolute),
    Question(GROUP, "method and version", ("H2", "H3"), request_line),
    Question(GROUP, "client, server, scheme", ("H4", "H16", "H17", "W3", "W4"), ends),
    Question(GROUP, "state copied for each request", ("H19",), state),
    Question(GROUP, "pipelined requests, a call each", ("H21",), one_scope_each),
)
AT_ROOT = (Question(GROUP, "root_path", ("H10",), root_path),)
