"""The threads of this process in -> those that work, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

A thread of a pool does not end with its work; it waits for more, and is nobody's leftover then. What it waits in are
the lines of its pool, and of nothing else.

Spec:         none, because it is a matter of Python: https://docs.python.org/3/library/concurrent.futures.html
In FastAPI:   none, because it leaves threads to anyio
In Starlette: none, because it leaves threads to anyio
In Flask:     none, because threads are the server's: gunicorn.workers.gthread:ThreadWorker
Left out:     pools of somebody's own making, whose threads count as busy while they wait, and so as left when they are new
"""

import sys
import threading
from collections.abc import Iterator
from types import FrameType

from rawasgi.instruments.xraying.users import outwards

POOLS = ("/queue.py", "/concurrent/futures/thread.py", "/anyio/_backends/_asyncio.py")
WAITING = {"_worker", "wait", "get"}  # where an idle one stands: in its pool's loop, or in the queue below


def busy_threads() -> Iterator[tuple[threading.Thread, FrameType]]:
    """The threads that are at work, each with the frame it is in."""
    frames = sys._current_frames()  # noqa: SLF001  # the only way, and documented
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        if frame is not None and not is_idle(frame):
            yield thread, frame


def is_idle(frame: FrameType) -> bool:
    """Whether a thread does nothing but wait for work: there is the code of its pool, and at its end a wait."""
    files = [outer.f_code.co_filename for outer in outwards(frame)]
    of_pool = [file for file in files if not file.endswith("/threading.py")]  # how every thread begins, and waits
    return frame.f_code.co_name in WAITING and bool(of_pool) and all(file.endswith(POOLS) for file in of_pool)
