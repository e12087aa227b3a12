"""A request in -> what a WSGI server would be told, out; in this process, on this thread."""

import io
import threading
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest


class Server:
    """A WSGI server for one call: what `start_response` was told, and the iterable."""

    def __init__(self, app, method="GET", path="/", body=b"", *, check=True, **environ):
        self.environ = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""}
        self.environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)) if body else ""}
        self.environ |= environ
        setup_testing_defaults(self.environ)
        if self.environ["CONTENT_LENGTH"] == "":
            del self.environ["CONTENT_LENGTH"]
        self.status = self.headers = None
        self.body: Any = (validator(app) if check else app)(self.environ, self.start_response)

    def start_response(self, status, headers, exc_info=None):
        self.status, self.headers = status, headers
        return lambda data: None

    def rest(self):
        """All that is still to come, piece by piece; then the iterable is closed, as a server has to."""
        try:
            return list(self.body)
        finally:
            getattr(self.body, "close", bool)()

    @classmethod
    def answers(cls, app, *args, **more):
        """Status, headers and pieces."""
        call = cls(app, *args, **more)
        pieces = call.rest()
        return call.status, call.headers, pieces


@pytest.fixture(autouse=True)
def no_thread_is_left():
    """Hold that a test ends with the threads it began with."""
    before = {*threading.enumerate()}
    yield
    for thread in {*threading.enumerate()} - before:
        thread.join(5)  # those of the pool end by themselves, when a lifespan has ended
    assert {*threading.enumerate()} <= before
