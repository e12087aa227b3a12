"""A folder in -> things to try a piece on, which count how often they were begun, and how often ended, out."""

import asyncio
from contextlib import asynccontextmanager

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTask
from rawasgi.routing import Route
from tests.instruments.messages import piece, start
from tests.toolkit.cancelling import never

PIECEMEAL = (start(), piece(b"one" * 50, True), piece(b"two" * 50))


class Bench:
    """What a piece is tried on: a folder, and things that count how often they were begun, and how often ended."""

    def __init__(self, folder):
        self.folder = folder
        self.begun = self.ended = 0

    @asynccontextmanager
    async def busy(self, turns=1):
        """Something to be tidied up, which takes so many turns, and may be cancelled in its turn."""
        self.begun += 1
        try:
            yield
        finally:
            try:
                for _ in range(turns):
                    await asyncio.sleep(0)
            finally:
                self.ended += 1

    async def stream(self):
        """Two pieces, each after a turn."""
        async with self.busy():
            for text in ("one", "two"):
                await asyncio.sleep(0)
                yield text

    def blocking(self):
        """The same on a thread."""
        return Blocking(self)

    async def work(self):
        """A background task."""
        async with self.busy():
            await asyncio.sleep(0)

    async def app(self, scope, receive, send):
        """An app of another family, which reads, and sends piece by piece."""
        async with self.busy():
            await receive()
            for message in PIECEMEAL:
                await send(message)

    async def crew(self, scope, receive, send):
        """The same, from a task of its own."""
        async with self.busy():
            await asyncio.gather(self.app(scope, receive, send), asyncio.sleep(0))

    async def waiting(self, scope, receive, send):
        """An app that never answers."""
        async with self.busy():
            await never()


def routed(handler):
    """A handler in an app of our own."""
    return App(routes=[Route("/", handler, methods=["GET", "POST"])])


def returning(make):
    """bench -> an app whose handler returns what `make` makes of bench and request."""

    def app_of(bench):
        async def handler(request):
            return make(bench, request)

        return routed(handler)

    return app_of


def sending(kind, **options):
    """bench -> a response that streams."""
    return lambda bench: kind(bench.stream(), **options, background=BackgroundTask(bench.work))


class Blocking:
    """Two pieces out of an iterator that has to be closed; nobody but `close` ends it."""

    def __init__(self, bench):
        self.bench, self.pieces, self.has_begun = bench, iter((b"one", b"two")), False

    def __iter__(self):
        return self

    def __next__(self):
        self.bench.begun += not self.has_begun
        self.has_begun = True
        return next(self.pieces)

    def close(self):
        """Close it, once."""
        self.bench.ended += self.has_begun
        self.has_begun = False


def within(bench, app):
    """The app, called while something is to be tidied up."""

    async def busy_app(scope, receive, send):
        async with bench.busy():
            await app(scope, receive, send)

    return busy_app
