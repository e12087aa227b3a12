"""A contender in -> a process that serves it, for as long as a `with` lasts, out.

bytes > [server > app] > response > bytes

However the `with` ends, by its end, an error or a signal, the processes, the sockets and the temporary folder are gone.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from benchmarks.load.scenario import Contender
from comparisons.runner import Interrupted
from comparisons.servers import Launcher, ServerError, ServerProcess


class Servers:
    """Starts the servers of contenders."""

    def __init__(self, folder: Path, stack: ExitStack, core: int | None) -> None:
        self.core = core  # the one that is kept free for the generator
        self._folder = folder
        self._stack = stack
        self._launchers: dict[str, Launcher] = {}

    @contextmanager
    def serving(self, contender: Contender) -> Iterator[ServerProcess]:
        """Serve by a new process. Raises `ServerError` if it does not come up."""
        server = contender.server
        if server.name not in self._launchers:
            self._launchers[server.name] = launcher = Launcher(server, self._folder)
            self._stack.callback(launcher.close)
        launcher = self._launchers[server.name]
        process = launcher.start(contender.app, fresh=True)
        try:
            try:
                process.wait_until_it_answers()
            except ServerError as error:
                alone = f"python -m {server.module} {contender.app}"
                raise ServerError(f"{contender.title}: {str(error).rstrip('.')}. To see it alone: {alone}") from None
            yield process
        finally:
            launcher.stop(process)


@contextmanager
def servers() -> Iterator[Servers]:
    """Make ready for serving; SIGINT and SIGTERM raise `Interrupted` inside."""
    with (
        signals_raise(),
        a_core_kept_free() as core,
        tempfile.TemporaryDirectory(prefix="benchmarks-") as folder,
        ExitStack() as stack,
    ):
        yield Servers(Path(folder), stack, core)


@contextmanager
def signals_raise() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise `Interrupted`, once: what follows is the putting away, which nobody cuts short."""

    def end(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is end:  # else the process is ending
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def a_core_kept_free() -> Iterator[int | None]:
    """Keep this process, and so the servers it starts, off one core, and give that one; None if there is but one."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        yield None
        return
    os.sched_setaffinity(0, cores[:-1])
    try:
        yield cores[-1]
    finally:
        os.sched_setaffinity(0, cores)
