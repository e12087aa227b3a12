"""Paths in -> every fault that we know, tried on each of them, from start-up to shutdown, out.

[bytes > server] > app > middleware > routing > handler > response > bytes

    the client leaves          after 0, 1, 2 … messages of the app, where `send` then raises and where it does nothing
    it is slow                 reading, talking
    the body is torn           into bytes; the line is lost after each of them
    the call is cancelled      at each await, at once and while it waits; start-up and shutdown are, too

The answer to a body in pieces has to be the answer to the whole one (HR10). Else nothing is asked of what a client hears:
an app may answer 500, or not at all, as long as its call ends and nothing of it stays.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#disconnect-receive-event
In FastAPI:   none, because it leaves this to load tests
In Starlette: none, because it leaves this to load tests
In Flask:     none, because it leaves this to load tests
Left out:     two faults at a time
"""

import functools
import gc
import itertools
from collections.abc import Iterator, Sequence

from rawasgi.instruments.checking.driver import Driver, GivenUp
from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.checking.script import DENIABLE, VERSIONS, Target, complaining
from rawasgi.instruments.conversation import Exchange, handshake, life, parting, request
from rawasgi.instruments.faults.cancelling import CancelledAt
from rawasgi.instruments.faults.leaving import LeavesAfter, TornBody
from rawasgi.instruments.faults.slow import SlowClient
from rawasgi.instruments.faults.trial import MOST, Subject, Trials, Wrap, as_it_is
from rawasgi.messages.types import Header

BODIES = (("application/json", b'{"number": 1}'), ("application/x-www-form-urlencoded", b"a=1&b=%20"))
DAWDLING = 0.02  # seconds a message, and for all messages together:
DAWDLED = 0.1
MOST_AWAITS = 40  # of one call
WHEN = {0: "at", 10: "during"}  # turns of the event loop: after so many, what the call has started is at work
SAID = ("1", "{}")  # to a websocket


def try_all(driver: Driver, targets: Sequence[Target], headers: Sequence[Header]) -> Trials:
    """All of it. What cannot be tried any further is noted in `driver.complaints`."""
    trials = Trials(driver)
    try:
        driver.start()
        for target in targets:
            for method in target.methods:
                with complaining(driver):
                    (try_websocket if method == "WS" else try_http)(trials, method, target.path, headers)
        driver.stop()
        try_lifespan(trials)
    except GivenUp as given_up:
        driver.complaints.append(given_up)
    finally:
        gc.unfreeze()
    return trials


def try_http(trials: Trials, method: str, path: str, headers: Sequence[Header]) -> None:
    """The faults on one method of one path; a POST has a body."""
    plain = request(method, path, headers)
    bodies = [with_body(method, path, headers, *body) for body in BODIES]
    subject = Subject(trials, f"{method} {path}", bodies[0] if method == "POST" else plain)
    for version in VERSIONS:
        try_leaving(subject, version)
    try_slowness(subject)
    try_cancellations(subject)
    if method != "HEAD":  # its headers are those of GET
        for (kind, _), exchange in zip(BODIES, bodies, strict=True):
            try_tearing(Subject(trials, f"{method} {path} with a body of {kind}", exchange))


def with_body(method: str, path: str, headers: Sequence[Header], kind: str, body: bytes) -> Exchange:
    """A request with a body."""
    given = [*headers, (b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    return request(method, path, given, body)


def try_websocket(trials: Trials, method: str, path: str, headers: Sequence[Header]) -> None:
    """The faults on one websocket; the line is lost also between the messages of the client."""
    exchange = parting(handshake(path, *SAID, headers=headers, **DENIABLE))
    subject = Subject(trials, f"{method} {path}", exchange)
    for version in VERSIONS:
        try_leaving(subject, version)
    for count in range(1, len(SAID) + 2):
        subject.tried(f"a line that is lost after {messages(count)} of the client", wrapping(LeavesAfter, heard=count))
    try_slowness(subject)
    try_cancellations(subject)


def try_lifespan(trials: Trials) -> None:
    """The cancellations of a lifespan; an app that has none needs none."""
    subject = Subject(trials, "LIFESPAN", life())
    if subject.plain.error is None:
        try_cancellations(subject)


def try_leaving(subject: Subject, version: str) -> None:
    """The client leaves after so many messages."""
    scope = subject.exchange.scope
    exchange = Exchange({**scope, "asgi": {**scope["asgi"], "spec_version": version}}, subject.exchange.messages)
    for count in range(min(len(subject.plain.sent), MOST) + 1):
        fault = f"a client that leaves after {messages(count)} of the app, spec {version}"
        if subject.tried(fault, wrapping(LeavesAfter, sent=count), exchange) is None:
            return  # it would not survive the next one either, and each costs the whole deadline


def try_slowness(subject: Subject) -> None:
    """The client is slow."""
    pause = min(DAWDLING, DAWDLED / (len(subject.plain.sent) + 1))
    subject.tried("a client that reads slowly", wrapping(SlowClient, reads=pause))
    subject.tried("a client that talks slowly", wrapping(SlowClient, talks=pause))


def try_tearing(subject: Subject) -> None:
    """The body comes in pieces, and is cut. Who answers the same question otherwise each time is not judged."""
    if not subject.plain.reads:
        return  # it would not notice
    again = subject.held("", subject.exchange, as_it_is)
    torn = subject.tried("a body that comes byte by byte", wrapping(TornBody, size=1))
    if torn is not None and subject.plain.answer == again.answer != torn.answer:
        seen = f"answered {told(torn.answer)} byte by byte, {told(again.answer)} in one piece"
        subject.driver.note(subject.asked, Fault("HR10", seen))
    size = sum(len(message.get("body", b"")) for message in subject.exchange.messages)
    for count in range(size):
        if subject.tried(f"a body that is cut after {count} of {size} bytes", wrapping(TornBody, cut=count)) is None:
            return


def try_cancellations(subject: Subject) -> None:
    """The call is cancelled at each await, when it begins to wait and when it has waited a little."""
    scopes = (subject.exchange.scope["type"],)
    subject.held("", subject.exchange, wrapping(CancelledAt, scopes=scopes))
    count = subject.fault.awaits if isinstance(subject.fault, CancelledAt) else 0
    chosen = [*spread(count, MOST_AWAITS)]
    if len(chosen) < count:
        subject.trials.remarks.append(f"{subject.asked}: {len(chosen)} of {count} awaits were cancelled")
    for number, (turns, when) in itertools.product(chosen, WHEN.items()):
        wrap = wrapping(CancelledAt, number=number, turns=turns, scopes=scopes)
        if subject.tried(f"a cancellation {when} await {number} of {count}", wrap) is None:
            return


def spread(count: int, most: int) -> Iterator[int]:
    """The numbers from 1 to `count`; where that is too many, so many of them, the first and the last among them."""
    if count <= most:
        yield from range(1, count + 1)
    else:
        yield from (1 + step * (count - 1) // (most - 1) for step in range(most))


def wrapping(kind: type, **given: object) -> Wrap:
    """A wrapper that is still to be given its app."""
    return functools.partial(kind, **given)


def messages(count: int) -> str:
    """`1 message`, `2 messages`."""
    return f"{count} message{'s' * (count != 1)}"


def told(answer: tuple[list[int], bytes]) -> str:
    """An answer in a few words."""
    status, body = answer
    return f"{status[0] if status else 'nothing'} with {len(body)} bytes"
