"""The same files and requests for rawasgi and for Starlette: what a client gets is equal, but for what is declared."""

import os
import re
from typing import Any

import pytest
import starlette.applications
import starlette.responses
import starlette.routing
import starlette.staticfiles

from rawasgi.app import App
from rawasgi.instruments.conversation import converse, request
from rawasgi.routing import Mount, Route
from rawasgi.toolkit.files import FileResponse
from rawasgi.toolkit.static import StaticFiles

THEN = 784_111_777
DATE, EARLIER, LATER = (f"Sun, 06 Nov 1994 08:49:{second} GMT" for second in (37, 36, 38))


class Rawasgi:
    App, Mount, Route = App, Mount, Route
    FileResponse, StaticFiles = FileResponse, StaticFiles


class Starlette:
    App, Mount, Route = starlette.applications.Starlette, starlette.routing.Mount, starlette.routing.Route
    FileResponse, StaticFiles = starlette.responses.FileResponse, starlette.staticfiles.StaticFiles


def app_of(kit, root):
    """A file, a download, a page for what is missing, and two mounts."""

    async def film(request):
        return kit.FileResponse(root / "letters.txt")

    async def download(request):
        return kit.FileResponse(root / "letters.txt", filename=request.query_params["as"])

    async def gone(request):
        return kit.FileResponse(root / "docs" / "index.html", status_code=410, headers={"x-a": "b"})

    return kit.App(
        routes=[
            kit.Route("/film", film, methods=["GET", "POST"]),
            kit.Route("/download", download),
            kit.Route("/gone", gone),
            kit.Mount("/static", app=kit.StaticFiles(directory=root), name="static"),
            kit.Mount("/pages", app=kit.StaticFiles(directory=root, html=True)),
            kit.Mount("/linked", app=kit.StaticFiles(directory=root, follow_symlink=True)),
        ]
    )


@pytest.fixture(scope="module")
def apps(tmp_path_factory):
    """Both apps over one folder."""
    base = tmp_path_factory.mktemp("files")
    root = base / "site"
    (root / "docs").mkdir(parents=True)
    (base / "secret.txt").write_text("secret")
    for name in (
        "letters.txt",
        "docs/index.html",
        "docs/a b.txt",
        "404.html",
        "empty.txt",
        "x.tar.gz",
        "back\\slash.txt",
    ):
        (root / name).write_bytes(b"" if name == "empty.txt" else b"abcdefghijklmnopqrstuvwxyz")
        os.utime(root / name, (THEN, THEN))
    (root / "out").symlink_to(base / "secret.txt")
    (root / "in").symlink_to("docs")
    (root / "loop").symlink_to("loop")
    return app_of(Rawasgi, root), app_of(Starlette, root)


def answer(app, scene):
    """Status, headers and body as a client has them; ETags and boundaries, which each makes for itself, by a name."""
    method, _, target = scene.target.partition(" ")
    headers = {name: value.replace("$ETAG", own_etag(app)) for name, value in scene.headers.items()}
    start, *rest = converse(app, request(method, target, headers))
    whole = b"" if method == "HEAD" else b"".join(message.get("body", b"") for message in rest)  # a server drops it
    pairs = sorted((name.decode(), value.decode()) for name, value in start["headers"])
    pairs = [(name, ", ".join(sorted(value.split(", "))) if name == "allow" else value) for name, value in pairs]
    found = re.search(r"boundary=(\w+)", dict(pairs).get("content-type", ""))
    boundary = found[1] if found else "no boundary"
    shown = [(name, '"..."' if name == "etag" else value.replace(boundary, "BOUNDARY")) for name, value in pairs]
    return start["status"], shown, whole.decode().replace(boundary, "BOUNDARY")


def own_etag(app):
    """The ETag that this app gives its file."""
    return dict(converse(app, request("GET", "/film"))[0]["headers"])[b"etag"].decode()


class Scene:
    """One request: method and target, and headers."""

    def __init__(self, target, **headers):
        self.target = target
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def __repr__(self):
        return " ".join([self.target, *(f"{name}: {value[:30]}" for name, value in self.headers.items())])


RANGES = (
    "bytes=0-4|bytes=24-|bytes=-3|bytes=0-99|bytes=-99|bytes=0-0,-1|bytes=0-4,5-9|bytes=0-9,5-14|BYTES = 3-4|bytes=1-2,,"
    "|bytes=26-|bytes=-0|bytes=99-|bytes 0-4|bytes=|bytes=x|bytes=-|bytes=5-2"
).split("|")
SAME = [
    Scene("GET /film"),
    Scene("HEAD /film"),
    Scene("POST /film"),
    Scene("DELETE /film"),
    Scene("GET /gone"),
    Scene("GET /gone", range="bytes=0-4"),
    Scene("POST /film", range="bytes=0-4"),
    *(Scene("GET /film", range=header) for header in RANGES),
    Scene("GET /film", range="bytes=" + ",".join(["0-0"] * 101)),
    Scene("GET /film", range="bytes=0-4", if_range="$ETAG"),
    Scene("GET /film", range="bytes=0-4", if_range=DATE),
    Scene("GET /film", range="bytes=0-4", if_range='"old"'),
    Scene("GET /film", range="bytes=0-4", if_range="W/$ETAG"),
    Scene("GET /film", range="bytes=0-4", if_range=LATER),
    Scene("GET /film", range="bytes=x", if_range='"old"'),
    *(
        Scene(f"GET /download?as={name}")
        for name in ("a.txt", "two%20words", "%C3%A9.txt", "%22%3B", "a%0D%0Ab", "x/y.txt")
    ),
    *(
        Scene(f"{method} /static/{path}")
        for method in ("GET", "HEAD")
        for path in (
            "letters.txt",
            "letters.txt/",
            "docs/a%20b.txt",
            "empty.txt",
            "x.tar.gz",
            "docs",
            "",
            "nowhere",
            "in/a%20b.txt",
        )
    ),
    *(Scene(f"{method} /static/letters.txt") for method in ("POST", "OPTIONS", "PUT")),
    *(
        Scene(f"GET /static/{path}")
        for path in (
            *("../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "docs/..%2f..%2fsecret.txt", "/secret.txt"),
            *("docs/%2e%2e/letters.txt", "%00", "letters.txt%00", "out", "a" * 300, "%ff", ".", "docs//a%20b.txt"),
        )
    ),
    *(
        Scene(f"GET /pages/{path}")
        for path in ("", "docs", "docs/", "docs?a=b", "in", "nowhere", "docs/nowhere", "letters.txt")
    ),
    *(Scene(f"GET /linked/{path}") for path in ("out", "../secret.txt", "in/a%20b.txt")),
    *(
        Scene("GET /static/letters.txt", if_none_match=tags)
        for tags in ("$ETAG", "W/$ETAG", '"a", $ETAG', "*", '"a"', "a")
    ),
    *(Scene("GET /static/letters.txt", if_modified_since=date) for date in (DATE, EARLIER, LATER, "x")),
    Scene("GET /static/letters.txt", if_none_match='"a"', if_modified_since=DATE),
    Scene("HEAD /static/letters.txt", if_none_match="$ETAG"),
    Scene("GET /static/letters.txt", range="bytes=0-4", if_none_match="$ETAG"),
    Scene("GET /static/empty.txt", range="bytes=0-"),
]

# Why -> request -> status of Starlette, of rawasgi.
DIFFERENT: dict[str, dict[Scene, tuple[int | None, int]]] = {
    "a FileResponse answers conditions as StaticFiles does: its ETag is sent back in vain otherwise (RFC 9110, 13.1)": {
        Scene("GET /film", if_none_match="$ETAG"): (200, 304),
        Scene("GET /film", if_modified_since=DATE): (200, 304),
    },
    "a client may ask for one certain version; StaticFiles and FileResponse know which they have (13.1.1, 13.1.4)": {
        Scene("GET /static/letters.txt", if_match='"old"'): (200, 412),
        Scene("GET /film", if_unmodified_since=EARLIER): (200, 412),
    },
    '"GET is the only method for which range handling is defined" (14.2)': {
        Scene("HEAD /film", range="bytes=0-4"): (206, 200),
    },
    "an unknown unit MUST be ignored (14.2)": {
        Scene("GET /film", range="lines=0-4"): (400, 200),
    },
    "one range that exists makes the header satisfiable (14.1.2)": {
        Scene("GET /film", range="bytes=0-4,99-"): (416, 206),
        Scene("GET /film", range="bytes=-0,0-4"): (416, 206),
    },
    "a member that is no range makes the header malformed: to ignore a part of it is to guess": {
        Scene("GET /film", range="bytes=0-4,x"): (206, 400),
        Scene("GET /film", range="bytes=+0-4"): (206, 400),
    },
    "If-Range may write the same date in each of its three forms (5.6.7)": {
        Scene("GET /film", range="bytes=0-4", if_range="Sun Nov  6 08:49:37 1994"): (200, 206),
    },
    "a link in a ring is no file: not found": {
        Scene("GET /static/loop"): (None, 404),
        Scene("GET /pages/loop"): (None, 404),
    },
    "a backslash is a separator on some systems: nothing with one in its name is served": {
        Scene("GET /static/back%5Cslash.txt"): (200, 404),
    },
}
# Equal in status and headers, but for these words.
OTHER_WORDS = {"bytes 0-4", "bytes=", "bytes=x", "bytes=-", "bytes=5-2"}


@pytest.mark.parametrize("scene", SAME, ids=repr)
def test_the_answer_is_starlettes(apps, scene):
    """Status, headers but for the value of the ETag, and body are equal; a 400 says why in words of its own."""
    ours, theirs = (answer(app, scene) for app in apps)
    if scene.headers.get("range") in OTHER_WORDS and "if-range" not in scene.headers:
        assert (ours[0], theirs[0]) == (400, 400)
        assert ours[2] != theirs[2]
    else:
        assert ours == theirs


@pytest.mark.parametrize(
    ("why", "scene"), [(why, scene) for why, scenes in DIFFERENT.items() for scene in scenes], ids=repr
)
def test_the_answer_differs_as_declared(apps, why, scene):
    """The status of each; None stands for an exception that goes to the server."""
    found = []
    for app in reversed(apps):
        try:
            found.append(answer(app, scene)[0])
        except Exception:
            found.append(None)
    assert tuple(found) == DIFFERENT[why][scene]


def test_several_ranges_come_in_the_order_in_which_they_were_asked_for(apps):
    """Starlette sorts them; RFC 9110, 15.3.7.2: a server SHOULD keep the order. The parts are the same bytes."""
    ours, theirs = (answer(app, Scene("GET /film", range="bytes=20-21,0-1")) for app in apps)
    assert ours[:2] == theirs[:2]
    cut = re.compile("Content-Range: (.*)\r\n\r\n(.*)\r\n")
    assert cut.findall(ours[2]) == [("bytes 20-21/26", "uv"), ("bytes 0-1/26", "ab")]
    assert cut.findall(theirs[2]) == cut.findall(ours[2])[::-1]


@pytest.mark.parametrize(("kit", "status"), [(Starlette, 401), (Rawasgi, 403)])
def test_what_may_not_be_read_is_forbidden(apps, tmp_path, kit, status):
    """Starlette asks for a login (and names no way to do it): no login would change the permissions of a file."""

    base: Any = kit.StaticFiles

    class Guarded(base):  # type: ignore[misc]  # one of two
        def lookup_path(self, path):
            raise PermissionError

    app = kit.App(routes=[kit.Mount("/static", app=Guarded(directory=tmp_path))])
    assert converse(app, request("GET", "/static/x"))[0]["status"] == status
