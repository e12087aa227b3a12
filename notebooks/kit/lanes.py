"""The minutes of a conversation -> two lanes, as text and as a picture, out.

Both are pure functions of the messages: the same conversation is drawn the same everywhere.

Left out: defaults. `more_body: False` or an absent reason is not drawn.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from rawasgi.messages.errors import ProtocolError
from rawasgi.messages.rules import rule
from rawasgi.messages.types import Message

DEFAULTS: Mapping[str, Any] = {"body": b"", "more_body": False, "subprotocol": None, "reason": "", "headers": []}
WIDTH, LEFT, RIGHT, STATE, DETAIL, ROW, TOP = 980, 70, 400, 436, 620, 30, 44
SERVER_INK, APP_INK, REFUSED_INK, QUIET_INK = "#1f6feb", "#2e9e5b", "#c9372c", "#6b7280"
LONGEST = 46  # characters of a detail that the picture has room for


class Event(NamedTuple):
    """One entry of the minutes. `who` says it, "server" or "app"; `state` is where the app stands afterwards."""

    who: str
    message: Message
    state: str
    refused: bool = False


def detail(message: Message) -> str:
    """What a message says beyond its type, in a few words: `200 content-type: text/plain`."""
    said = {key: value for key, value in message.items() if key != "type" and value != DEFAULTS.get(key, ...)}
    return " ".join(worded(key, value) for key, value in said.items())


def worded(key: str, value: Any) -> str:
    """One key of a message in words."""
    if key == "headers":
        return ", ".join(f"{name.decode('latin-1')}: {content.decode('latin-1')}" for name, content in sorted(value))
    if key == "more_body":
        return "and more"
    if key == "message":
        return str(value).strip().rpartition("\n")[2]  # of a traceback the line that says what was wrong
    if key in ("code", "reason"):
        return f"{key} {value}"
    return str(value) if key == "status" else repr(value)


def verdict(error: BaseException | None) -> list[str]:
    """What broke, in lines; none where nothing did."""
    if isinstance(error, ProtocolError):
        first = f"{error.rule_id} {rule(error.rule_id).name}: {error.seen} in {error.state}"
        plain = [said for said in error.allowed if not said.endswith("+")]  # the same messages, announcing more
        return [first, f"allowed now: {', '.join(plain) or 'nothing'}"]
    return [f"{type(error).__name__}: {error}"] if error else []


def text(kind: str, events: Sequence[Event], error: BaseException | None) -> str:
    """The two lanes as lines: an arrow per message, then the app's state, then what the message says."""
    longest = max([len(event.message["type"]) for event in events], default=0) + 4
    states = max([len(event.state) for event in events], default=0)
    lines = [f"server {kind:^{longest}} app"]
    for event in events:
        lines.append(f"   │{arrow(event, longest)}│  {event.state:{states}}  {detail(event.message)}".rstrip())
    return "\n".join([*lines, *(f"   {said}" for said in verdict(error))])


def arrow(event: Event, width: int) -> str:
    """`── http.request ──>`, or the other way, or broken off where it was refused."""
    name = f" {event.message['type']} "
    if event.message["type"] == "return":
        return f"{'':{width + 2 - len(name)}}{name}"
    if event.who == "server":
        return f"─{name}{'─' * (width - len(name))}>"
    return f"{'×' if event.refused else '<'}{'─' * (width - len(name))}{name}─"


def svg(kind: str, events: Sequence[Event], error: BaseException | None) -> str:
    """The two lanes as a picture."""
    said = verdict(error)
    bottom = TOP + ROW * len(events)
    height = bottom + 20 * len(said) + 18
    parts = [
        *page(WIDTH, height),
        label(LEFT, 24, "server", SERVER_INK, "middle", bold=True),
        label((LEFT + RIGHT) // 2, 24, kind, QUIET_INK, "middle"),
        label(RIGHT, 24, "app", APP_INK, "middle", bold=True),
        label(STATE, 24, "the app is", QUIET_INK),
        label(DETAIL, 24, "the message says", QUIET_INK),
        *(f'<path d="M{x} 34V{bottom + 6}" stroke="#d0d7de" stroke-width="2"/>' for x in (LEFT, RIGHT)),
    ]
    for number, event in enumerate(events):
        parts += drawn(event, TOP + ROW * number + 20)
    for number, line in enumerate(said, start=1):
        parts.append(label(LEFT, bottom + 8 + 20 * number, line, REFUSED_INK, bold=number == 1))
    return "\n".join([*parts, "</svg>"])


def page(width: int, height: int) -> list[str]:
    """The opening of a picture: white paper, so that it is readable on dark pages too."""
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    font = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13"'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff" stroke="#d0d7de"/>',
    ]


def drawn(event: Event, y: int) -> list[str]:
    """One message: its arrow and name, the app's state, its details."""
    ink = REFUSED_INK if event.refused else SERVER_INK if event.who == "server" else APP_INK
    kind, says = event.message["type"], detail(event.message)
    shown = says if len(says) <= LONGEST else says[: LONGEST - 1] + "…"
    aside = [label(STATE, y + 4, event.state, QUIET_INK), label(DETAIL, y + 4, shown, "#1f2328")]
    if kind == "return":
        return [label(RIGHT - 10, y + 4, "returns", ink, "end"), *aside]
    tip, back = (RIGHT - 2, -8) if event.who == "server" else (LEFT + 2, 8)
    start = LEFT if event.who == "server" else RIGHT
    if event.refused:
        tip = LEFT + (RIGHT - LEFT) // 3  # it never arrives
    head = f"M{tip + back} {y - 4}L{tip} {y}L{tip + back} {y + 4}"
    if event.refused:
        head = f"M{tip - 5} {y - 5}L{tip + 5} {y + 5}M{tip - 5} {y + 5}L{tip + 5} {y - 5}"
    line = f'<path d="M{start} {y}H{tip}{head}" stroke="{ink}" stroke-width="2" fill="none"/>'
    middle = (tip + RIGHT) // 2 if event.refused else (LEFT + RIGHT) // 2
    return [line, label(middle, y - 6, kind, ink, "middle"), *aside]


def label(x: int, y: int, words: str, ink: str, anchor: str = "start", *, bold: bool = False) -> str:
    """A piece of text in a picture."""
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" fill="{ink}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'
