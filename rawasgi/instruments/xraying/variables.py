"""Context variables set and read in -> those whose value got lost on the way out.

bytes > server > [app > middleware > routing > handler > response] > bytes

A context variable belongs to a context. A plain function that runs on a thread, and an app that a layer runs in a task
of its own, have a copy: what they set there is gone when they return. That is seen when somebody reads it afterwards,
elsewhere in the same request, and finds what was there before.

Spec:         none, because it says nothing of contexts: https://docs.python.org/3/library/contextvars.html
In FastAPI:   fastapi.concurrency:run_in_threadpool, which copies
In Starlette: starlette.middleware.base:BaseHTTPMiddleware, which copies
In Flask:     flask.globals:g, which is the same from the first line of a request to the last
Left out:     tasks that a user starts: there the copy is meant
"""

import threading
from contextvars import ContextVar
from types import FrameType
from typing import Any, NamedTuple

from rawasgi.instruments.frames import Line, called
from rawasgi.instruments.xraying.sight import Lost
from rawasgi.instruments.xraying.stretches import task_name
from rawasgi.instruments.xraying.users import is_users, outwards
from rawasgi.instruments.xraying.witness import Clock, Watcher

RUNNERS = ("asyncio", "anyio", "contextvars", "threading", "concurrent")
NOTHING = object()


class Setting(NamedTuple):
    """A value that a variable was given."""

    value: object
    place: tuple[str, str]  # the thread and the task
    line: Line
    is_copy: bool  # in a context that a library has copied


class Variables(Watcher):
    """The watcher: `lost` is what was set and not found."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lost: list[Lost] = []
        self._settings: dict[int, list[Setting]] = {}
        self._known: list[ContextVar[Any]] = []  # kept, so that no other one gets the same id

    def c_call(self, frame: FrameType, function: Any) -> None:
        """A variable is read."""
        variable = getattr(function, "__self__", None)
        if isinstance(variable, ContextVar) and function.__name__ == "get" and is_users(frame.f_code):
            settings = self._settings.get(id(variable), [])
            value = variable.get(NOTHING)
            if settings and all(setting.value is not value for setting in settings):
                last = settings[-1]
                if last.is_copy and last.place != place():
                    self.lost.append(Lost(variable.name, last.line, called(frame)[-1]))

    def c_leave(self, frame: FrameType, function: Any) -> None:
        """A variable has been set, or set back."""
        variable = getattr(function, "__self__", None)
        if not isinstance(variable, ContextVar):
            return
        settings = self._settings.setdefault(id(variable), [])
        if function.__name__ == "reset" and settings:
            settings.pop()
        elif function.__name__ == "set" and is_users(frame.f_code):
            self._known.append(variable)
            is_copy = not self.clock.on_loop or is_apart(frame)
            settings.append(Setting(variable.get(NOTHING), place(), called(frame)[-1], is_copy))


def place() -> tuple[str, str]:
    """The thread and the task that run here."""
    return threading.current_thread().name, task_name()


def is_apart(frame: FrameType) -> bool:
    """Whether a library has started the task of this frame: its outermost function is no user's."""
    for outer in reversed([*outwards(frame)]):
        module = str(outer.f_globals.get("__name__", ""))
        if not module.startswith((*RUNNERS, "rawasgi.instruments")):
            return not is_users(outer.f_code)
    return False
