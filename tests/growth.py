"""A piece of work and its size in -> how its cost grows out: 1 is linear, 2 is quadratic."""

import sys
import time
from math import log

from tests.drive import http

SIZES = (8_192, 65_536)  # bytes: eight times as much


def at_once(coroutine):
    """Run a coroutine that waits for nothing, without a loop: its own work is all that is counted."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError(f"{coroutine} waits for something")


def asked_at_once(app, scope):
    """Call an app that waits for nothing with an empty request; what it sends is heard by nobody."""

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message): ...

    at_once(app(scope, receive, send))


def operations(work, given):
    """How many lines, calls and returns of Python the work takes."""
    count, before = 0, sys.gettrace()

    def trace(frame, event, argument):
        nonlocal count
        count += 1
        return trace

    sys.settrace(trace)
    try:
        work(given)
    finally:
        sys.settrace(before)
    return count


def seconds(work, given):
    """The time of the processor, which knows what C functions cost too: the least of several runs."""
    times = []
    for _ in range(3):
        begun = time.thread_time()
        work(given)
        times.append(time.thread_time() - begun)
    return min(times)


def slope(cost, work, make):
    """The exponent with which a cost grows from 8 to 64 KiB."""
    few, many = (cost(work, make(size)) for size in SIZES)
    return log(many / few) / log(SIZES[1] / SIZES[0])


def one_header(name, piece):
    """n -> the scope of a request with one header of about n bytes."""
    return lambda n: http(headers=[(name, piece * (n // len(piece)))])


def many_headers(name, piece):
    """n -> the scope of a request with about n bytes in many headers of one name."""
    return lambda n: http(headers=[(name, piece)] * (n // len(name + piece)))


def assert_linear(work, make):
    """`work(make(n))` costs in proportion to n: its operations, and its time, which a busy machine blurs."""
    assert slope(operations, work, make) < 1.3
    assert slope(seconds, work, make) < 1.6
