"""The classes for messages and scopes agree with the specification, with asgiref and with their own docstrings."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args, get_type_hints, is_typeddict

import asgiref.typing
import pytest
import starlette.types

from rawasgi.messages import scopes, types

SCOPES = {get_args(member.__annotations__["type"])[0]: member for member in get_args(scopes.AnyScope)}
TYPED_DICTS = [*types.MESSAGES.values(), *SCOPES.values(), scopes.ASGIVersions, scopes.TLSExtension]

# Where asgiref says something else: (class, key) -> why we follow the specification's text.
DIFFERS_FROM_ASGIREF = {
    ("ASGIVersions", "version"): "the same two literals, written as a union",
    ("HTTPScope", "asgi"): "their ASGIVersions is compared by itself",
    ("HTTPScope", "extensions"): "asgiref allows None, which no text does, and any keys within",
    ("HTTPScope", "raw_path"): "the text lets a server give None",
    ("LifespanScope", "asgi"): "their ASGIVersions is compared by itself",
    ("WebSocketScope", "asgi"): "their ASGIVersions is compared by itself",
    ("WebSocketScope", "extensions"): "asgiref allows None, which no text does, and any keys within",
    ("WebSocketScope", "query_string"): "the text lets a server give None",
    ("WebSocketScope", "raw_path"): "the text lets a server give None",
}
# What must be there, beside `type`. Every other key has a default.
REQUIRED = {
    scopes.ASGIVersions: {"version"},
    scopes.HTTPScope: {"asgi", "http_version", "method", "path", "query_string", "headers"},
    scopes.WebSocketScope: {"asgi", "path", "headers"},
    scopes.LifespanScope: {"asgi"},
    scopes.TLSExtension: {"server_cert", "tls_version", "cipher_suite"},
    types.HTTPResponseStart: {"status"},
    types.HTTPResponsePush: {"path", "headers"},
    types.HTTPResponseZerocopysend: {"file"},
    types.HTTPResponsePathsend: {"path"},
    types.HTTPResponseEarlyHint: {"links"},
    types.HTTPResponseDebug: {"info"},
    types.WebSocketDisconnect: {"code"},
    types.WebSocketHTTPResponseStart: {"status"},
}
UNKNOWN_TO_ASGIREF = {"http.response.early_hint", "http.response.zerocopysend"}


def ours_and_theirs():
    """Each class that asgiref has too, paired by the literal of its `type`."""
    known = types.MESSAGES | SCOPES
    for theirs in vars(asgiref.typing).values():
        if is_typeddict(theirs) and "type" in theirs.__annotations__:
            yield known[get_args(theirs.__annotations__["type"])[0]], theirs
    yield scopes.ASGIVersions, asgiref.typing.ASGIVersions


def test_asgiref_has_the_same_keys_with_the_same_types():
    """Field by field, asgiref and these classes agree, except for the differences declared above."""
    different = set()
    for ours, theirs in ours_and_theirs():
        mine, other = get_type_hints(ours), get_type_hints(theirs)
        assert mine.keys() == other.keys(), ours
        different |= {(ours.__name__, key) for key in mine if mine[key] != other[key]}
    assert different == DIFFERS_FROM_ASGIREF.keys()


def test_a_key_is_required_where_the_specification_gives_no_default():
    """Whatever is required is listed above; asgiref, which marks hardly a key as optional, demands no less."""
    required = {known: set(known.__required_keys__) - {"type"} for known in TYPED_DICTS}
    assert {known: keys for known, keys in required.items() if keys} == REQUIRED
    for ours, theirs in ours_and_theirs():
        assert ours.__required_keys__ <= theirs.__required_keys__, ours


def test_asgiref_lacks_two_messages_and_has_no_other():
    """What asgiref does not know is declared, and it knows nothing that is missing here."""
    known = {
        get_args(ours.__annotations__["type"])[0] for ours, _ in ours_and_theirs() if ours is not scopes.ASGIVersions
    }
    assert types.MESSAGES.keys() | SCOPES.keys() == known | UNKNOWN_TO_ASGIREF


def test_the_aliases_are_those_of_starlette():
    """An app that is typed with Starlette's aliases fits where ours stand, because they are equal."""
    for name in ("Scope", "Message", "Receive", "Send", "ASGIApp"):
        assert getattr(types, name) == getattr(starlette.types, name)


def test_every_message_is_named_after_its_type():
    """`http.response.start` is `HTTPResponseStart`: whoever knows one name knows the other."""
    for kind, message in types.MESSAGES.items():
        assert message.__name__.lower() == re.sub(r"[._]", "", kind)
    assert len(types.MESSAGES) == 24


def test_every_message_belongs_to_a_protocol():
    """The part before the first dot is the type of a scope, and the direction is one of the two (G7)."""
    assert {kind.partition(".")[0] for kind in types.MESSAGES} == SCOPES.keys() == {"http", "websocket", "lifespan"}
    for protocol, receive, send in (
        ("http", types.HTTPReceiveMessage, types.HTTPSendMessage),
        ("websocket", types.WebSocketReceiveMessage, types.WebSocketSendMessage),
        ("lifespan", types.LifespanReceiveMessage, types.LifespanSendMessage),
    ):
        messages = [message for kind, message in types.MESSAGES.items() if kind.startswith(f"{protocol}.")]
        assert sorted(messages, key=repr) == sorted(get_args(receive) + get_args(send), key=repr)


def test_what_the_server_sends():
    """Seven messages come out of `receive()`; all others go into `send()`."""
    assert sorted(types.SENT_BY_SERVER) == [
        "http.disconnect",
        "http.request",
        "lifespan.shutdown",
        "lifespan.startup",
        "websocket.connect",
        "websocket.disconnect",
        "websocket.receive",
    ]
    for kind, message in types.MESSAGES.items():
        sender = "server" if kind in types.SENT_BY_SERVER else "application"
        assert str(message.__doc__).startswith(f"From the {sender}"), kind


@pytest.mark.parametrize("module", [types, scopes])
def test_every_optional_key_tells_its_default(module):
    """The line of a key that may be absent says what its absence means."""
    lines = [line for line in inspect.getsource(module).splitlines() if ": NotRequired[" in line]
    assert [line for line in lines if "default" not in line] == []
    assert len(lines) == sum(
        len(known.__optional_keys__) for known in TYPED_DICTS if known.__module__ == module.__name__
    )


def example(known: Any) -> dict[str, str]:
    """The dict display at the end of a docstring, as source: key -> expression."""
    display = ast.parse(inspect.cleandoc(known.__doc__).partition("\n\n")[2], mode="eval").body
    assert isinstance(display, ast.Dict)
    keys = [ast.literal_eval(key) for key in display.keys if key]
    return dict(zip(keys, map(ast.unparse, display.values), strict=True))


def assignment(known: Any, cells: dict[str, str]) -> str:
    entries = ", ".join(f"{key!r}: {value}" for key, value in cells.items())
    return f"value: {known.__module__}.{known.__qualname__} = {{{entries}}}"


def test_a_type_checker_takes_the_examples_and_nothing_less(tmp_path):
    """mypy accepts each docstring's example, and refuses a wrong type, a key too many and a required key less."""
    right, wrong = [], []
    for known in TYPED_DICTS:
        cells = example(known)
        right.append(assignment(known, cells))
        right.append(assignment(known, {key: value for key, value in cells.items() if key in known.__required_keys__}))
        wrong.append(assignment(known, cells | {"surprise": "1"}))
        for key in known.__required_keys__:
            wrong.append(assignment(known, cells | {key: "1.5"}))
            wrong.append(assignment(known, {other: value for other, value in cells.items() if other != key}))
    sendable = "rawasgi.messages.types.HTTPResponseStart"
    right.append(f"async def _(send: rawasgi.messages.types.Send, start: {sendable}) -> None: await send(dict(start))")
    heading = ["import rawasgi.messages.scopes, rawasgi.messages.types"]
    bodies = [f"def _() -> None: {line}" if line.startswith("value") else line for line in right + wrong]
    snippet = tmp_path / "snippet.py"
    snippet.write_text("\n".join(heading + bodies), encoding="utf-8")

    refused = mypy_errors(snippet, tmp_path / "cache")

    first_wrong = len(heading) + len(right) + 1
    expected = set(range(first_wrong, first_wrong + len(wrong)))
    assert {bodies[number - 2] for number in refused ^ expected} == set()


def mypy_errors(snippet: Path, cache: Path) -> set[int]:
    """The lines of the snippet that mypy complains about."""
    options = ["--config-file=", "--strict", "--follow-imports=silent", "--disable-error-code=no-redef"]
    command = [sys.executable, "-m", "mypy", *options, f"--cache-dir={cache}", str(snippet)]
    root = Path(__file__).parents[2]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    return {int(number) for number in re.findall(r"^.*snippet\.py:(\d+): error", run.stdout, re.MULTILINE)}


@pytest.mark.parametrize(
    ("scope", "version"),
    [
        ({"asgi": {"spec_version": "2.3"}}, (2, 3)),
        ({"asgi": {"spec_version": "2.10"}}, (2, 10)),
        ({"asgi": {"version": "3.0"}}, (2, 0)),
        ({}, (2, 0)),
    ],
)
def test_a_version_is_compared_as_numbers(scope, version):
    """2.10 is later than 2.4; what is not said is 2.0."""
    assert scopes.spec_version(scope) == version
