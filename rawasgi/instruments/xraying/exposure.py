"""An app and an exchange in -> its x-ray out.

bytes > [server > app > middleware > routing > handler > response] > bytes

First one run is looked at from all sides (`look`), and the findings are read off it. Then, where asking again changes
nothing, many runs with nothing around them but clocks tell what each layer costs (`cost`).

    print(xray(app, request("GET", "/items/7")))        the text
    xray(app, request("GET", "/items/7")).page()        the page; a notebook shows it by itself

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it shows its routes, not its runs
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because a toolbar that shows a request is an extension there
Left out:     many requests at a time
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from rawasgi.instruments.apart import Hanging
from rawasgi.instruments.conversation import Exchange
from rawasgi.instruments.frames import Lane
from rawasgi.instruments.layers import Layer, walk
from rawasgi.instruments.tracing.elision import Elision
from rawasgi.instruments.tracing.events import Event
from rawasgi.instruments.tracing.recorder import asked_of, ending_of
from rawasgi.instruments.xraying.cost import measure, runs_of
from rawasgi.instruments.xraying.findings.table import find
from rawasgi.instruments.xraying.look import looked
from rawasgi.instruments.xraying.page import notebook, page
from rawasgi.instruments.xraying.photo import Photo
from rawasgi.instruments.xraying.sight import Cost, Look, Stage, Xray
from rawasgi.instruments.xraying.text import WIDTH, text
from rawasgi.messages.types import ASGIApp


class Picture(Xray):
    """An x-ray that shows itself: as text where it is printed, as a page in a notebook or a file."""

    def __str__(self) -> str:
        return text(self)

    def text(self, width: int = WIDTH) -> str:
        """At most 40 lines of at most `width` columns."""
        return text(self, width)

    def page(self) -> str:
        """A whole HTML file."""
        return page(self)

    def _repr_html_(self) -> str:
        return notebook(self)


def xray(
    app: ASGIApp, exchange: Exchange, *, target: str = "app", seconds: float = 5.0, runs: int | None = None
) -> Picture:
    """X-ray an app of anybody's while it answers one exchange: `request("GET", "/")`, `handshake("/")` or `life()`.

    What the app raises is in the picture, as is that it hangs, where it takes longer than `seconds`. `runs` is how often
    it is asked again for the costs: 200 times at most for GET, HEAD and OPTIONS, else not at all, unless it is given.
    """
    return exposed(app, exchange, seconds).developed(target, runs)


class Exposure(NamedTuple):
    """What one run has shown: a look from all sides, and the picture that was taken when the response started."""

    look: Look
    at_start: tuple[Lane, ...]
    seconds: float

    def developed(self, target: str, runs: int | None = None) -> Picture:
        """What is shown of it: the costs are measured, the findings are read off."""
        look, elision = self.look, Elision()
        costs, counted, unmeasured = self.costs(runs)
        return Picture(
            target,
            elision.text(asked_of(look.exchange.scope)),
            ending_of(look.sent, look.error),
            stages_of(look.events, costs, look.root),
            self.at_start,
            sum(not stretch.on_loop for stretch in look.stretches),
            tuple(elision.event(event) for event in look.events),
            look.dependencies,
            find(look),
            counted,
            look.error.lanes if isinstance(look.error, Hanging) else (),
            unmeasured,
        )

    def costs(self, runs: int | None) -> tuple[tuple[Cost, ...], int, str]:
        """The costs, of how many runs, and why there are none."""
        wanted = runs_of(self.look.exchange, runs)
        if self.look.error is not None:
            return (), 0, "the app has not answered"
        if not wanted:
            again = (
                "it happens once" if self.look.exchange.scope["type"] == "lifespan" else "--runs N asks N times more"
            )
            return (), 0, again
        try:
            return *measure(self.look.app, self.look.exchange, wanted, self.seconds), ""
        except Exception as error:
            return (), 0, f"asked again, it {ending_of((), error)}"


def exposed(app: ASGIApp, exchange: Exchange, seconds: float = 5.0) -> Exposure:
    """Look at one run from all sides, with the camera ready."""
    photo = Photo()
    look = looked(app, parting(exchange), seconds, photo.note)
    return Exposure(look, photo.lanes, seconds)


def parting(exchange: Exchange) -> Exchange:
    """The same, with a client that leaves when it has said all: the app of a websocket would wait for more."""
    if exchange.scope["type"] != "websocket":
        return exchange
    if any(message["type"] == "websocket.disconnect" for message in exchange.messages):
        return exchange
    return exchange._replace(messages=(*exchange.messages, {"type": "websocket.disconnect", "code": 1000}))


def stages_of(events: Sequence[Event], costs: Sequence[Cost], root: Layer) -> tuple[Stage, ...]:
    """The boundaries of a run, outermost first; costs belong to them if they are as many."""
    kinds = {layer.name: layer.kind for layer in walk(root)}
    first: dict[int, Event] = {}
    for event in events:
        first.setdefault(event.layer, event)
    known = costs if len(costs) == len(first) else ()
    return tuple(
        Stage(
            event.name,
            kinds.get(event.name, "foreign"),
            event.task,
            event.thread,
            event.context,
            sum(each.layer == depth and each.kind == "receive" for each in events),
            sum(each.layer == depth and each.kind == "send" for each in events),
            cost,
        )
        for (depth, event), cost in zip_longest(sorted(first.items()), known)
    )
