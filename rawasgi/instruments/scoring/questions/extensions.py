"""What a server announces in -> whether it works when it is used out.

bytes > [server > app > middleware > routing > handler > response > bytes]

Spec:         https://asgi.readthedocs.io/en/latest/extensions.html
In FastAPI:   none, because it leaves the connection to the server
In Starlette: starlette.responses:FileResponse, which uses pathsend
In Flask:     none, because WSGI has wsgi.file_wrapper alone
Left out:     TLS, which takes a certificate, and push, which takes HTTP/2
"""

from collections.abc import Iterator
from typing import Any

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.scoring.stage import END, HELLO, SIZED, Stage, begins, piece
from rawasgi.instruments.scoring.verdict import NotOffered, Question
from rawasgi.instruments.scoring.wire import Answer

GROUP = "extensions"
TEXT = b"a file of 21 letters\n"
CHECKED = ("http.response.trailers", "http.response.pathsend", "http.response.zerocopysend", "http.response.early_hint")


def used(stage: Stage, name: str, steps: list[Any], *fields: tuple[str, str]) -> Answer | None:
    """The answer of an app that uses an extension. Raises `NotOffered`."""
    with stage.begin(HELLO) as talk:
        talk.read()
        if name not in (talk.scope.get("extensions") or {}):
            raise NotOffered("the extension is not announced")
    return stage.ask(steps, fields=fields).answer


def trailers(stage: Stage) -> Iterator[Fault]:
    """Trailers for who wants them, and for nobody else."""
    start = begins(200, (b"trailer", b"x-sum"), trailers=True)
    last = {"type": "http.response.trailers", "headers": [(b"x-sum", b"7")]}
    answer = used(stage, CHECKED[0], [start, END, last], ("TE", "trailers"))
    if answer is None or not answer.is_whole or answer.body != b"hello":
        yield Fault("HS23", "a response with trailers does not end")
    elif answer.trailers != [(b"x-sum", b"7")]:
        yield Fault("G24", f"a trailer arrives as {answer.trailers}, and the extension is announced")
    unasked = stage.ask([start, END, last]).answer
    if unasked is None or not unasked.is_whole or unasked.body != b"hello":
        yield Fault("HS23", "a response with trailers does not end for a client that wants none")
    elif unasked.trailers:
        yield Fault("X3", "trailers are sent to a client that has not asked for them")


def pathsend(stage: Stage) -> Iterator[Fault]:
    """A file by its name."""
    start = begins(200, (b"content-type", b"text/plain"), (b"content-length", str(len(TEXT)).encode()))
    answer = used(stage, CHECKED[1], [start, {"type": CHECKED[1], "path": file(stage)}])
    if answer is None or not answer.is_whole or answer.body != TEXT:
        yield Fault("G24", "a file by its path does not arrive, and the extension is announced")


def zerocopysend(stage: Stage) -> Iterator[Fault]:
    """A part of a file by its descriptor, between two bodies."""
    start = begins(200, (b"content-length", b"10"))
    part = {"type": CHECKED[2], "file": file(stage), "offset": 2, "count": 4, "more_body": True}
    answer = used(stage, CHECKED[2], [start, piece(b"<<<"), part, piece(b">>>", False)])
    if answer is None or not answer.is_whole or answer.body != b"<<<file>>>":
        yield Fault("G24", "a part of a file by its descriptor does not arrive, and the extension is announced")


def early_hint(stage: Stage) -> Iterator[Fault]:
    """A 103 before the response."""
    hint = {"type": CHECKED[3], "links": [b"</style.css>; rel=preload; as=style"]}
    answer = used(stage, CHECKED[3], [hint, SIZED, END])
    came = answer.before if answer is not None else []
    if [(status, dict(pairs).get(b"link")) for status, pairs in came] != [(103, hint["links"][0])]:
        yield Fault("G24", "an early hint arrives as no 103 with its link, and the extension is announced")
    elif answer is None or answer.body != b"hello":
        yield Fault("G24", "after an early hint the response does not arrive")


def file(stage: Stage) -> str:
    """A small file, beside what the app notes."""
    path = stage.process.notes.with_name("text")
    path.write_bytes(TEXT)
    return str(path)


QUESTIONS = (
    Question(GROUP, "http.response.trailers", ("G24", "HS23", "X3"), trailers),
    Question(GROUP, "http.response.pathsend", ("G24",), pathsend),
    Question(GROUP, "http.response.zerocopysend", ("G24",), zerocopysend),
    Question(GROUP, "http.response.early_hint", ("G24",), early_hint),
)
