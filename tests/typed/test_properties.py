"""Nets of dependencies as they come: calls and teardown are in FastAPI's order, whatever fails where."""

from types import SimpleNamespace
from typing import Any, NamedTuple

import fastapi
import fastapi.exceptions
from hypothesis import event, given, settings
from hypothesis import strategies as st

import rawasgi
from rawasgi.typed.signature import SignatureError
from tests.typed.ordering import noted

THEIRS = SimpleNamespace(
    App=lambda: fastapi.FastAPI(openapi_url=None), Depends=fastapi.Depends, HTTPException=fastapi.HTTPException
)


class Node(NamedTuple):
    """A dependency: its kind, when it ends, which of those before it it needs, and where it fails."""

    kind: str
    scope: str | None
    needs: tuple[int, ...]
    fails: str


FAILS = st.sampled_from(["", "", "", "", "", "http", "error", "late"])
KINDS = st.sampled_from(["async", "def", "async yield", "def yield"])


@st.composite
def nets(draw):
    """Up to five dependencies and an endpoint, each of which needs some of those before it."""
    nodes = []
    for number in range(draw(st.integers(1, 6))):
        needs = draw(st.lists(st.integers(0, number - 1), unique=True, max_size=3)) if number else []
        scope = draw(st.sampled_from([None, "function", "request"]))
        nodes.append(Node(draw(KINDS), scope, tuple(needs), draw(FAILS)))
    return nodes


def fail(kit, log, name, how):
    """Raise what is asked for."""
    log.append(f"{name} {how}")
    if how == "http":
        raise kit.HTTPException(418, name)
    if how == "error":
        raise ValueError(name)


def function_of(kit, log, name, node):
    """The function of a node, without its parameters."""

    async def here(**values):
        fail(kit, log, name, node.fails or "called")

    def blocking(**values):
        fail(kit, log, name, node.fails or "called")

    async def opened(**values):
        fail(kit, log, name, node.fails or "opened")
        try:
            yield
        except BaseException as error:
            log.append(f"{name} hears {type(error).__name__}")
            raise
        finally:
            log.append(f"{name} closed")
            if node.fails == "late":
                raise KeyError(name)

    def opened_blocking(**values):
        fail(kit, log, name, node.fails or "opened")
        try:
            yield
        except BaseException as error:
            log.append(f"{name} hears {type(error).__name__}")
            raise
        finally:
            log.append(f"{name} closed")
            if node.fails == "late":
                raise KeyError(name)

    return {"async": here, "def": blocking, "async yield": opened, "def yield": opened_blocking}[node.kind]


def build(kit, log, nodes):
    """The app: the last node is the endpoint."""
    import inspect  # signatures are made here, since nobody wrote them

    functions: list[Any] = []
    for number, node in enumerate(nodes):
        is_endpoint = number == len(nodes) - 1
        kind = node.kind.removesuffix(" yield") if is_endpoint else node.kind
        function = function_of(kit, log, "endpoint" if is_endpoint else f"d{number}", node._replace(kind=kind))
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters = [
            inspect.Parameter(f"d{n}", keyword, default=kit.Depends(functions[n], scope=nodes[n].scope))
            for n in node.needs
        ]
        function.__signature__ = inspect.Signature(parameters)
        functions.append(function)
    app = kit.App()
    app.get("/")(functions[-1])
    return app


def played(kit, nodes):
    """What was noted, the messages among it, and what was raised in the end."""
    log: list[str] = []
    try:
        app = build(kit, log, nodes)
    except (SignatureError, fastapi.exceptions.FastAPIError):
        return ["refused"]

    if (error := noted(app, log)) is not None:
        log.append(f"raised {type(error).__name__} {error}")
    return log


@settings(max_examples=120, deadline=None)
@given(nets())
def test_a_net_of_dependencies_goes_as_in_fastapi(nodes):
    """Called in the same order, torn down in the same order, told the same exceptions, answered with the same status."""
    ours = played(rawasgi, nodes)
    event("refused" if ours == ["refused"] else "failed" if any("raised" in line for line in ours) else "answered")
    assert ours == played(THEIRS, nodes)
