"""The probe app on tiny's server in this process, as it is or made to break a rule: what a test asks questions."""

import asyncio
import contextlib
import logging
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from rawasgi.instruments.scoring.notes import Pen
from rawasgi.instruments.scoring.probe import Probe
from rawasgi.instruments.scoring.questions.lifespans import GOOD
from rawasgi.instruments.scoring.servers import Server
from rawasgi.instruments.scoring.stage import Stage
from rawasgi.tiny import server as tiny

LIFESPAN = [step for step in GOOD if not isinstance(step, float)]  # an app that is in a hurry
SECONDS = 0.4  # that an answer may take; what does not come is waited for so long


class InThread:
    """A server on a thread, in the place of a `Process`."""

    status = None

    def __init__(self, folder: Path) -> None:
        self.server = Server("tiny", "tiny", (), ("--root-path", "{root}"))
        self.log, self.notes = folder / "log", folder / "notes"
        self.log.touch()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        self.app = Probe(Pen(str(self.notes)), LIFESPAN)
        self.loop = asyncio.new_event_loop()
        self.stop = asyncio.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=[self.serve()])
        self.thread.start()

    async def serve(self) -> None:
        handler = logging.FileHandler(self.log)
        tiny.log.addHandler(handler)
        try:
            await tiny.serve(self.app, self.listener, self.stop)
        finally:
            tiny.log.removeHandler(handler)
            handler.close()

    def wait(self, seconds: float) -> None:
        """It does not end."""

    def printed(self) -> str:
        return self.log.read_text("utf-8")

    def last_words(self) -> str:
        return "; it has printed nothing"

    def end(self, seconds: float = 1.0) -> None:
        tiny.PATIENCE = 0.02  # with calls that never end; the fixture puts it back
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join()
        self.loop.close()
        self.listener.close()
        os.close(self.app.pen.file)


@contextlib.contextmanager
def stage(folder: Path, seconds: float = SECONDS) -> Iterator[Stage]:
    """Somebody to be asked."""
    with Stage(InThread(folder), seconds) as made:  # type: ignore[arg-type]  # it has all that questions use
        yield made
