"""Something that passed a boundary in -> one frozen event out; and a recording, which is what a view is made of.

bytes > server > [app > middleware > routing > handler > response] > bytes

    enter    a layer is called: `scope_diff` is what its scope has beyond the one that the layer around it was given
    receive  a message has come in, through the `receive` that this layer was given
    send     a message goes out, through the `send` that this layer was given
    return   the layer's call has ended, or (`raise`) has ended with an exception, and `message` says which

WSGI has four kinds of its own: environ, start_response, item and close.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#events
In FastAPI:   none, because it traces requests as a whole: fastapi.telemetry
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     values of local variables, and what is said between layers otherwise than by messages
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rawasgi.instruments.frames import Lane

INWARD = ("enter", "receive", "environ")  # all other kinds go outwards


@dataclass(frozen=True)
class Event:
    """One thing that happened at a boundary."""

    seq: int
    t: float  # seconds since the trace began
    layer: int  # depth of the boundary on the path the request took: 0 is the outermost
    name: str  # of the layer inside the boundary
    kind: str
    message: Mapping[str, Any] | None
    task: str
    thread: str
    context: str  # "same", or "copied": this layer runs in a copy of the context around it
    scope_diff: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recording:
    """What was asked of which app, all that happened, and how it ended; `lanes` is where it hangs, if it does.

    It is `plain` when its values are text, numbers, lists and mappings: this is what views show and files keep.
    """

    target: str  # "shop:app"
    asked: str  # "GET /items/7?q=1"
    ending: str  # "200, 31 bytes", "raised ValueError: …"
    events: tuple[Event, ...]
    lanes: tuple[Lane, ...] = ()
    is_plain: bool = False
