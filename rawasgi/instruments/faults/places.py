"""Something suspended, or unfinished, in -> the line on which it stands, of code that its reader can change, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Spec:         none, because it is a matter of Python: https://docs.python.org/3/library/inspect.html
In FastAPI:   none, because it leaves this to debuggers
In Starlette: none, because it leaves this to debuggers
In Flask:     werkzeug.debug.tbtools:DebugFrameSummary, which tells libraries from applications by their folder
Left out:     the lines around it: `Hanging` has all of them
"""

from collections.abc import Iterable
from types import FrameType
from typing import Any

from rawasgi.instruments.frames import Line, chain, is_own, lines_of
from rawasgi.instruments.xraying.users import code_of, head, is_users, outwards


def innermost(frames: Iterable[FrameType]) -> Line | None:
    """The line of the user's innermost frame; of the innermost at all where none is the user's."""
    seen = [frame for frame in frames if not is_own(frame)]
    users = [frame for frame in seen if is_users(frame.f_code)]
    return next(lines_of((users or seen)[-1:]), None)


def place_of(awaited: object) -> Line | None:
    """Where a suspended coroutine or generator stands."""
    return innermost(chain(awaited))


def place_of_running(frame: FrameType | None) -> Line | None:
    """Where running code stands."""
    return innermost(reversed([*outwards(frame)]))


def generator_of(function: Any) -> Any:
    """The generator behind what an exit stack calls, where `contextlib.contextmanager` has made it of one."""
    return getattr(getattr(function, "__self__", None), "gen", None)


def place_of_exit(function: Any) -> Line | None:
    """What is to be called at the end of a `with`: where its generator stands, or where it is defined."""
    if (generator := generator_of(function)) is not None:
        return place_of(generator)
    code = code_of(getattr(function, "__wrapped__", function))
    return None if code is None else head(code)
