"""What a layer costs: who pays for what, what is asked again and again, and what a figure is worth."""

import asyncio
import contextlib
import io
import os
import sys

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from rawasgi.instruments.apart import Exited, Hanging
from rawasgi.instruments.conversation import converse, handshake, life, request
from rawasgi.instruments.layers import probed
from rawasgi.instruments.xraying.cost import BUDGET, Meter, costs, measure, ratio, runs_of, silenced, spread_of, until
from tests.instruments.messages import piece, start


class Work:
    """A clock that only moves where somebody works: `work(7)` takes seven nanoseconds."""

    def __init__(self):
        self.now = 0

    def __call__(self, nanoseconds):
        self.now += nanoseconds


class Wrapper:
    """A layer that works before it calls the app, for each message that passes, and afterwards."""

    def __init__(self, app, work, before, receiving, sending, after):
        self.app = app
        self.work = work
        self.before, self.receiving, self.sending, self.after = before, receiving, sending, after

    async def __call__(self, scope, receive, send):
        async def receive_slowly():
            self.work(self.receiving)
            return await receive()

        async def send_slowly(message):
            self.work(self.sending)
            await send(message)

        self.work(self.before)
        await self.app(scope, receive_slowly, send_slowly)
        self.work(self.after)


class Heart:
    """An app that reads, works, and answers in two messages."""

    def __init__(self, work):
        self.work = work

    async def __call__(self, scope, receive, send):
        await receive()
        self.work(500)
        await send(start())
        await send(piece())


def paid(app, work, exchange=None):
    """What each layer has paid in one run, by its name, outermost first."""
    meter = Meter(lambda: work.now)
    with probed(app, meter.probe) as watched:
        converse(watched, exchange or request())
    return {layer.name: spent for layer, spent in meter.spent.items() if layer is not None}


def test_each_layer_pays_for_what_it_does_itself():
    """Its work around the call and on every message that passes it; neither the layer inside nor the one outside."""
    work = Work()
    app = Wrapper(Wrapper(Heart(work), work, 10, 20, 30, 40), work, 1, 2, 3, 4)
    meter = Meter(lambda: work.now)
    with probed(app, meter.probe) as watched:
        converse(watched, request())
    assert [spent for layer, spent in meter.spent.items() if layer] == [1 + 2 + 3 + 3 + 4, 10 + 20 + 30 + 30 + 40, 500]


def test_a_layer_pays_for_a_task_that_it_waits_for():
    """What the app does in a task of its own is the app's, and the layers below that task pay for themselves."""
    work = Work()

    class InATask(Wrapper):
        async def __call__(self, scope, receive, send):
            self.work(self.before)
            await asyncio.create_task(self.app(scope, receive, send))
            self.work(self.after)

    assert paid(InATask(Heart(work), work, 10, 0, 0, 40), work) == {"InATask": 50, "Heart": 500}


def test_what_raises_is_paid_for_too():
    """The layer that raised until it did, and the one that catches it from then on."""
    work = Work()

    class Raises(Heart):
        async def __call__(self, scope, receive, send):
            self.work(7)
            raise KeyError("no")

    class Catches(Wrapper):
        async def __call__(self, scope, receive, send):
            with contextlib.suppress(KeyError):
                await self.app(scope, receive, send)
            self.work(self.after)
            await send(start())
            await send(piece())

    assert paid(Catches(Raises(work), work, 0, 0, 0, 40), work) == {"Catches": 40, "Raises": 7}


async def hello(_):
    return PlainTextResponse("hello")


def test_a_starlette_app_has_a_cost_for_each_layer():
    """Every layer that the request goes through, outermost first, and all shares together are the whole."""
    app = Starlette(routes=[Route("/", hello)])
    found, runs = measure(app, request(), 20)
    assert (len(found), runs) == (5, 20)
    assert sum(cost.share for cost in found) == pytest.approx(1)
    assert all(cost.median > 0 for cost in found)


def test_all_runs_share_one_lifespan():
    """The app is started once, asked as often as is wished and three times before, and shut down."""
    said = []

    async def app(scope, receive, send):
        said.append(scope["type"])
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["ready"] = True
            await send({"type": "lifespan.startup.complete"})
            await receive()
            said.append("shutdown")
            await send({"type": "lifespan.shutdown.complete"})
        else:
            assert scope["state"] == {"ready": True}
            await send(start())
            await send(piece())

    measure(app, request(), 4)
    assert said == ["lifespan", *["http"] * 7, "shutdown"]


def test_a_ratio_is_that_of_runs_in_turns():
    """Both apps are asked in turns, as often as each other; an app beside itself is about as fast as itself."""
    asked = []

    def app(name):
        async def answers(scope, receive, send):
            if scope["type"] == "http":
                asked.append(name)
                await send(start())
                await send(piece())

        return answers

    found = ratio((app("a"), app("b")), request(), 5)
    assert (asked, found.runs) == (["a", "b"] * 8, 5)


@pytest.mark.parametrize(
    ("exchange", "asked_for", "runs"),
    [
        (request("GET"), None, 200),
        (request("HEAD"), None, 200),
        (request("POST"), None, 0),
        (request("POST"), 7, 7),
        (request("GET"), 0, 0),
        (handshake(), None, 0),
        (life(), None, 0),
        (life(), 7, 0),
    ],
)
def test_only_what_changes_nothing_is_asked_again_by_itself(exchange, asked_for, runs):
    """A POST again does its work again: that is for the reader to decide."""
    assert runs_of(exchange, asked_for) == runs


def test_time_ends_the_runs_too(monkeypatch):
    """Where runs take long, as many as fit into the budget; one at least."""
    moments = iter([0.0, BUDGET / 2, BUDGET * 2])
    monkeypatch.setattr("rawasgi.instruments.xraying.cost.perf_counter", lambda: next(moments))
    assert [*until(200, 3)] == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("values", "found"),
    [([1.0, 2.0, 3.0, 4.0, 5.0], (3.0, 1.5)), ([2.0, 2.0], (2.0, 0.0)), ([7.0], (7.0, float("inf")))],
)
def test_a_median_has_a_spread(values, found):
    """Half the interquartile range; one value alone has none that could be told."""
    assert spread_of(values) == found


def test_a_layer_that_not_every_run_went_through_has_no_cost():
    """A figure is for all runs, or it is none."""
    work = Work()
    meter = Meter(lambda: work.now)
    with probed(Heart(work), meter.probe) as watched:
        converse(watched, request())
    assert costs([meter.spent, meter.spent.__class__()]) == ()


def test_what_an_app_prints_meanwhile_is_printed_nowhere(capfd):
    """Neither by print nor straight to the descriptors; afterwards both are what they were."""
    with silenced():
        print("by print")
        print("by print, to the other", file=sys.stderr)
        os.write(1, b"straight\n")
        os.write(2, b"straight, to the other\n")
    print("afterwards", flush=True)
    assert capfd.readouterr() == ("afterwards\n", "")


def test_a_stream_that_is_no_file_is_silenced_too():
    """A notebook's streams have no descriptor."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        with silenced():
            print("never")
        print("now")
    assert told.getvalue() == "now\n"


@pytest.mark.parametrize("name", ["measure", "ratio"])
def test_an_app_that_hangs_or_leaves_does_not_keep_the_measurement(name):
    """The deadline and `sys.exit` come out as they do everywhere."""

    async def waits(scope, receive, send):
        if scope["type"] == "http":
            await asyncio.Event().wait()

    async def leaves(scope, receive, send):
        if scope["type"] == "http":
            sys.exit(3)

    def asked(app):
        return measure(app, request(), 5, 0.05) if name == "measure" else ratio((app, app), request(), 5, 0.05)

    with pytest.raises(Exited):
        asked(leaves)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rawasgi.instruments.xraying.cost.BUDGET", 0.05)
        with pytest.raises(Hanging, match="the app has not ended its runs"):
            asked(waits)
