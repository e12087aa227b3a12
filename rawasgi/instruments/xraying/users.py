"""Code in -> whether a user has written it, and what to call it, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

A finding has to point at a line that its reader can change. That is code which lies neither in the standard library,
nor among the installed packages, nor in this one.

Spec:         none, because it is a matter of Python: https://docs.python.org/3/library/inspect.html
In FastAPI:   none, because it leaves this to debuggers
In Starlette: none, because it leaves this to debuggers
In Flask:     werkzeug.debug.tbtools:DebugFrameSummary, which tells libraries from applications by their folder
Left out:     an app that is itself an installed package counts as a library; install it editable
"""

import functools
import inspect
import linecache
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from rawasgi.instruments.frames import Line, called, short

LIBRARY = str(Path(os.__file__).parent) + "/"
THIS_PACKAGE = str(Path(__file__).parents[2]) + "/"
INSTALLED = ("/site-packages/", "/dist-packages/")
NO_FUNCTION = ("<module>", "<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>")


@functools.cache
def is_users_file(file: str) -> bool:
    """Whether a file is the user's; what was made from a string (`<string>`, `<frozen …>`) is nobody's."""
    if file.startswith(("<", THIS_PACKAGE)) or any(folder in file for folder in INSTALLED):
        return False
    return not file.startswith(LIBRARY)


def is_users(code: CodeType) -> bool:
    """Whether a user has written this code."""
    return is_users_file(code.co_filename)


def is_from(code: CodeType, file: str, name: str) -> bool:
    """Whether code is a library's: `is_from(code, "starlette/background.py", "__call__")`."""
    return code.co_name == name and code.co_filename.endswith("/" + file)


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame, and those that called it."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def lines_to_user(frame: FrameType | None) -> tuple[Line, ...]:
    """The lines of running code, outermost first, down to the user's innermost; all of them where none is the user's."""
    inner = next((frame for frame in outwards(frame) if is_users(frame.f_code)), frame)
    return called(inner)


@functools.cache
def head(code: CodeType) -> Line:
    """Where a function begins: its `def`, not the decorators above it."""
    first = code.co_firstlineno
    for number in range(first, first + 20):
        source = linecache.getline(code.co_filename, number).strip()
        if source.startswith(("def ", "async def ", "class ")):
            return Line(short(code.co_filename), number, code.co_qualname, source)
    source = linecache.getline(code.co_filename, first).strip()
    return Line(short(code.co_filename), first, code.co_qualname, source)


def code_of(call: object) -> CodeType | None:
    """The code that runs when an object is called, where Python can tell: function, method, class, or instance."""
    while isinstance(call, functools.partial):
        call = call.func
    if inspect.isclass(call):
        call = getattr(call, "__init__", None)
    elif not hasattr(call, "__code__") and not inspect.ismethod(call):
        call = vars(type(call)).get("__call__")
    return getattr(getattr(call, "__func__", call), "__code__", None)


def name_of(call: Callable[..., Any]) -> str:
    """What to call a callable: its own name, else the name of its class."""
    while isinstance(call, functools.partial):
        call = call.func
    return getattr(call, "__name__", type(call).__name__)
