"""A comparison and one of its exchanges -> the same request to every stack, as lanes of one run, out.

No server is in between: ASGI apps are asked in messages, WSGI apps by a call, and both are told in one format.
"""

import importlib
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import replace

from comparisons.contract import Dialogue, Request, Step
from comparisons.discovery import Comparison
from comparisons.stacks import Stack
from rawasgi.instruments.conversation import Exchange, handshake, request
from rawasgi.instruments.tracing.events import Event, Recording
from rawasgi.instruments.tracing.recorder import record
from rawasgi.instruments.tracing.text import text_of
from rawasgi.instruments.tracing.trace import Trace
from rawasgi.instruments.tracing.wsgi import trace_wsgi

SECONDS = 5.0


class NoExchangeError(Exception):
    """Nothing of the contract can be asked without a server."""


def exchanges(comparison: Comparison) -> dict[str, Exchange]:
    """What can be asked of an app in this process, by title: requests that are well-formed and whole, and websockets."""
    found = ((step.title, exchange_of(step)) for step in comparison.contract.steps if not step.environment)
    return {title: exchange for title, exchange in found if exchange is not None}


def exchange_of(step: Step) -> Exchange | None:
    """A step as messages; None where it is about the bytes, the process, or a client that leaves."""
    if step.malformed:
        return None
    if isinstance(step, Dialogue) and all(move.act in ("sends", "receives", "closes") for move in step.moves):
        said = [move.data for move in step.moves if move.act == "sends"]
        return handshake(step.path, *said, subprotocols=step.subprotocols, headers=dict(step.headers))
    if not isinstance(step, Request) or step.leave is not None:
        return None
    head, *body = [piece for piece in step.pieces if isinstance(piece, bytes)]
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    words = first.decode("latin-1").split(" ")
    if len(words) != 3 or len(step.pieces) != len(body) + 1 or any(name == b"transfer-encoding" for name, _ in pairs):
        return None
    return request(words[0], words[1], pairs, body or b"")


def asked(comparison: Comparison, title: str = "") -> tuple[Exchange, list[tuple[Stack, Trace | str]]]:
    """Ask every stack: its trace, or a sentence where it cannot be asked. Raises `NoExchangeError`."""
    possible = exchanges(comparison)
    if not possible:
        raise NoExchangeError(f"{comparison.name} has no exchange that can be asked without a server")
    if title and title not in possible:
        raise NoExchangeError(f"{comparison.name} cannot trace {title!r}. It can: {', '.join(possible)}")
    exchange = possible[title or next(iter(possible))]
    return exchange, [(stack, trace_of(comparison, stack, exchange)) for stack in comparison.stacks]


def trace_of(comparison: Comparison, stack: Stack, exchange: Exchange) -> Trace | str:
    """One stack. What its app prints is left out: it is no message."""
    with redirect_stdout(io.StringIO()):
        try:
            app = getattr(importlib.import_module(f"{comparison.package}.{stack.module}"), stack.attribute)
        except (Exception, SystemExit) as error:
            return f"cannot be imported: {type(error).__name__}: {error}"
        if stack.protocol == "asgi":
            return record(app, exchange, seconds=SECONDS, target=stack.title)
        if exchange.scope["type"] != "http":
            return "WSGI has no message for this"
        return trace_wsgi(app, exchange, seconds=SECONDS, target=stack.title)


def as_one_run(traces: Sequence[Trace]) -> Recording:
    """What has passed the outermost boundary of each stack, a lane each, in one numbering."""
    events: list[Event] = []
    for trace in traces:
        plain = trace.plain()
        depth = 1 + max((event.layer for event in plain.events), default=0)
        name = f"{plain.target}, {depth} {'layer' if depth == 1 else 'layers'}"
        began = events[-1].t if events else 0.0
        for event in plain.events:
            if event.layer == 0:
                events.append(replace(event, seq=len(events) + 1, t=began + event.t, name=name, task="", thread=""))
    return Recording("", traces[0].plain().asked if traces else "", "", tuple(events), is_plain=True)


def told(comparison: Comparison, title: str = "", *, layers: bool = False) -> Iterator[str]:
    """The whole view: the edge of all stacks, or with `layers` every boundary of each."""
    _, results = asked(comparison, title)
    yield f"{comparison.title}: {comparison.contract.question}"
    yield ""
    traces = [trace for _, trace in results if isinstance(trace, Trace)]
    if layers:
        yield from below_each_other(traces)
    else:
        yield text_of(as_one_run(traces))
    for stack, result in results:
        yield f"{stack.title:12} {result.ending if isinstance(result, Trace) else result}"


def below_each_other(traces: Iterable[Trace]) -> Iterator[str]:
    """Each stack's own lanes; the numbers go on."""
    number = 1
    for trace in traces:
        yield text_of(trace.plain(), first=number)
        number += len(trace.events)
