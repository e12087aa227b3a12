"""Bodies of forms, and apps that read them: what the tests of forms share."""

import tempfile

from rawasgi.app import App
from rawasgi.responses import JSONResponse
from rawasgi.routing import Route
from tests.drive import http

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=xyz"


def multipart(*parts, end=b"--xyz--\r\n"):
    """Parts of (headers, content), each bytes, between boundaries."""
    return b"".join(b"--xyz\r\n" + headers + b"\r\n\r\n" + content + b"\r\n" for headers, content in parts) + end


def field(name, content=b""):
    """A part that is a field."""
    return b'Content-Disposition: form-data; name="%s"' % name, content


def file(name, filename, content=b"", *headers):
    """A part that is a file."""
    disposition = b'Content-Disposition: form-data; name="%s"; filename="%s"' % (name, filename)
    return b"\r\n".join([disposition, *headers]), content


WHOLE = multipart(
    field(b"a", b"1"),
    file(b"f", b"x.txt", b"\r\n--xy\r\n--xyzzy\r\n", b"Content-Type: text/plain"),
    field(b"a", b"\r\n"),
)


def post(content_type=MULTIPART, path="/"):
    """The scope of a form."""
    return http("POST", path, [("content-type", content_type)])


def pieces(*bodies):
    """A body as messages."""
    return [{"type": "http.request", "body": body, "more_body": True} for body in bodies[:-1]] + [
        {"type": "http.request", "body": bodies[-1], "more_body": False}
    ]


async def told(form):
    """A form as data."""
    found = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.append([name, value])
        else:
            content = await value.read()
            found.append([name, value.filename, value.size, value.headers.items(), content.decode("latin-1")])
    return found


def reading(**limits):
    """An app that reads a form and says what it was; its `forms` are those that it has seen."""
    app = App(max_body_size=limits.pop("max_body_size", None))
    app.state.forms = []

    async def read(request):
        form = await request.form(**limits)
        app.state.forms.append(form)
        return JSONResponse(await told(form))

    app.routes.append(Route("/", read, methods=["POST"]))
    return app


class Spools:
    """Every temporary file that was made, so that a test can ask whether it was closed."""

    def __init__(self, monkeypatch):
        self.made: list[tempfile.SpooledTemporaryFile[bytes]] = []
        real = tempfile.SpooledTemporaryFile

        def make(size):
            self.made.append(real(size))
            return self.made[-1]

        monkeypatch.setattr("rawasgi.toolkit.forms.SpooledTemporaryFile", make)

    @property
    def are_closed(self):
        """Whether none is open."""
        return all(spool.closed for spool in self.made)
