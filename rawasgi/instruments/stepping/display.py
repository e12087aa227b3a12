"""Steps in -> text for a terminal, HTML for a notebook, a Mermaid diagram out.

bytes > [server > app] > middleware > routing > handler > response > bytes

Pure functions: the same steps give the same text.

Spec:         none, because it is for the reader's eyes
In FastAPI:   none, because it shows the API and not what happens
In Starlette: none, because it shows nothing
In Flask:     werkzeug.debug:DebuggedApplication, which draws the stack of an error
Left out:     colours
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from rawasgi.instruments.frames import Lane
from rawasgi.instruments.stepping.steps import Driver, Ending, Forced, Step
from rawasgi.messages.types import Message

WIDEST = 200  # characters of a message
REPEATS = "The request starts again there: what the handler did before, it does twice."
HAPPENS = {
    "receive": "the app awaits receive()",
    "silent": "the app awaits a message, and the client has said all",
    "waiting": "the app waits, and no message is on its way",
}


def heading(driver: Driver, forced: Forced | None) -> str:
    """Which driver, and what has forced it."""
    if forced is None:
        return f"driver: {driver}"
    where = "".join(f"\n    {line}" for line in forced.lines[-4:])
    if driver == "loop-free":
        return f"driver: loop-free, but {forced.by}:{where}"
    return f"driver: gated, because {forced.by}:{where}\n  {REPEATS}"


def step_lines(number: int, step: Step) -> Iterator[str]:
    """A step as lines of text: what was heard, what happens, where that leads, where everything stands."""
    yield from heard_lines(step.heard)
    yield f"step {number}: {happening(step)}"
    yield f"  state: {' -> '.join(filter(None, (step.state, step.next_state)))}"
    yield f"  the app may send then: {', '.join(step.allowed) or 'nothing'}"
    for line in step.refusal.splitlines():
        yield f"  refused: {line}"
    yield from lane_lines(step.lanes)


def heard_lines(messages: Iterable[Message]) -> Iterator[str]:
    """What the app has received."""
    for message in messages:
        yield f"received: {about(message)}"


def happening(step: Step) -> str:
    """What the app does at a step."""
    return HAPPENS[step.kind] if step.message is None else f"the app sends {about(step.message)}"


def about(message: Message) -> str:
    """`http.response.start status=200 headers=[…]`, cut where it grows long."""
    rest = "".join(f" {key}={value!r}" for key, value in message.items() if key != "type")
    return f"{message['type']}{rest if len(rest) <= WIDEST else rest[:WIDEST] + '…'}"


def lane_lines(lanes: Sequence[Lane]) -> Iterator[str]:
    """Each lane with its suspended lines, outermost first, in columns."""
    for lane in lanes:
        yield f"  {lane.name}{f' (waits at {lane.waits_for})' if lane.waits_for else ''}"
        places = [f"{line.file}:{line.line}" for line in lane.lines]
        wide = max(map(len, places), default=0)
        named = max((len(line.function) for line in lane.lines), default=0)
        for place, line in zip(places, lane.lines, strict=True):
            yield f"    {place:{wide}}  {line.function:{named}}  {line.source}".rstrip()


def ending_lines(ending: Ending) -> Iterator[str]:
    """How it ended; where it hangs, with the lines it hangs on."""
    yield from heard_lines(ending.heard)
    yield f"the app has {ending.how}" if ending.how == "returned" else f"{ending.how}: {ending.says}".removesuffix(": ")
    yield from lane_lines(ending.lanes)


def page(driver: Driver, forced: Forced | None, steps: Sequence[Step], ending: Ending) -> str:
    """A piece of HTML without style sheets or scripts: one block a step that opens on its lanes."""
    blocks = []
    for number, step in enumerate(steps, 1):
        text = escape("\n".join(step_lines(number, step)))
        title = escape(f"{number} {happening(step)}")
        blocks.append(f"<details><summary>{title}</summary><pre>{text}</pre></details>")
    last = escape("\n".join(ending_lines(ending)))
    return f"<div><pre>{escape(heading(driver, forced))}</pre>{''.join(blocks)}<pre>{last}</pre></div>"


def diagram(steps: Sequence[Step], ending: Ending) -> str:
    """The steps as a Mermaid sequence diagram: what the app hears and says, and the states in between."""
    lines = ["sequenceDiagram", "    participant server", "    participant app"]
    for step in steps:
        lines += [f"    server->>app: {message['type']}" for message in step.heard]
        if step.message is not None:
            lines.append(f"    app->>server: {step.message['type']}")
        elif step.kind != "receive":
            lines.append(f"    Note over app: {step.kind}")
        if step.next_state not in (None, step.state):
            lines.append(f"    Note over app: {step.next_state}")
    lines += [f"    server->>app: {message['type']}" for message in ending.heard]
    lines.append(f"    Note over app: {ending.how}")
    return "\n".join(lines)
