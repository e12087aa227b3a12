"""What the probe app has seen, line by line in a file, in -> the same as values out.

bytes > [server > app] > middleware > routing > handler > response > bytes

The app that is asked lies in another process, perhaps in several, and may outlive its connection: what it sees goes into
a file, one Python literal a line. Scripts travel the other way in the same form, in a header. A literal keeps apart what
ASGI keeps apart, bytes and str, None and absent, which JSON does not.

Spec:         none, because it is between the two halves of an instrument
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     values that are no literals: their repr stands for them
"""

import ast
import os
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

TICK = 0.005  # seconds between two looks at the file
LONGEST = 2000  # bytes or letters of one value that are noted


class Note(NamedTuple):
    """One thing that the app has seen: in which call, of what kind, and what.

    Note("7", "received", 12.5, {"type": "http.disconnect"}, ())
    Note("7", "sent", 12.6, None, ("ClientDisconnected", "OSError", "Exception"))
    """

    call: str
    kind: str  # scope, received, sent, read, ended, finding
    at: float  # seconds of the clock `time.monotonic`, which all processes of a machine share
    value: Any
    error: tuple[str, ...] = ()  # the names of what was raised and of its bases, the nearest first


def plain(value: Any) -> Any:
    """The value as a literal can say it; of what is long only the beginning."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return (
            int(value) if isinstance(value, int) else float(value)
        )  # a member of an enum is an int, and prints as none
    if isinstance(value, (str, bytes)):
        return value[:LONGEST]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return f"<{type(value).__name__}>"


def script_in(headers: Any) -> tuple[str, list[Any]]:
    """The call and the steps that a request's headers name; `("", [])` where they name none."""
    for name, value in headers:
        if bytes(name).lower() == b"probe":
            call, _, steps = bytes(value).decode("ascii").partition(" ")
            return call, ast.literal_eval(steps)
    return "", []


def header(call: str, steps: list[Any]) -> tuple[str, str]:
    """The header that asks for a script."""
    return "Probe", f"{call} {steps!a}"


class Pen:
    """Writes notes: each in one piece, so that the lines of several processes stay whole."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, call: str, kind: str, value: Any, error: BaseException | None = None) -> None:
        """Write one."""
        names = () if error is None else tuple(base.__name__ for base in type(error).__mro__[:-2])
        os.write(self.file, f"{(call, kind, time.monotonic(), plain(value), names)!a}\n".encode())


class Notes:
    """Reads them, as they come. May be asked from several threads."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self.file = path.open("rb")
        self.lock = threading.Lock()
        self.rest = b""
        self.known: defaultdict[str, list[Note]] = defaultdict(list)

    def of(self, call: str, kind: str = "") -> list[Note]:
        """What is known of a call so far."""
        with self.lock:
            *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
            for line in lines:
                note = Note(*ast.literal_eval(line.decode()))
                self.known[note.call].append(note)
            return [note for note in self.known.get(call, ()) if kind in ("", note.kind)]

    def wait(self, call: str, kind: str, count: int, seconds: float) -> list[Note]:
        """The notes of a kind, once there are so many of them, or as many as there are when the time is over."""
        end = time.monotonic() + seconds
        while len(found := self.of(call, kind)) < count and time.monotonic() < end:
            time.sleep(TICK)
        return found

    def calls(self) -> list[str]:
        """The calls of which something is known."""
        self.of("")
        return [*self.known]

    def close(self) -> None:
        """Read no more."""
        self.file.close()
