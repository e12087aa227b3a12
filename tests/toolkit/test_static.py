"""Static files: what is served, and every way of asking for more than that."""

import os
import socket
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawasgi.app import App
from rawasgi.exceptions import HTTPException
from rawasgi.instruments.conversation import converse, handshake, request
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Mount
from rawasgi.toolkit.static import StaticFiles
from tests.instruments.messages import piece, start

TEXT = (b"content-type", b"text/plain; charset=utf-8")
NOT_FOUND = [start(404, (b"content-length", b"9"), TEXT), {"type": "http.response.body", "body": b"Not Found"}]
SECRET = b"the secret of the house"


@pytest.fixture
def site(tmp_path):
    """A directory to serve, beside things that must not be."""
    return laid_out(tmp_path)


def laid_out(tmp_path):
    """The folder `site`, and its neighbours."""
    root = tmp_path / "site"
    (root / "docs" / "empty").mkdir(parents=True)
    files = {
        "plain.txt": b"plain",
        "two words.txt": b"words",
        "100%.txt": b"percent",
        "%2e%2e.txt": b"escaped dots",
        "..hidden.txt": b"dots",
        "docs/index.html": b"index",
        "docs/a.txt": b"a",
        "na\xefve.txt": b"latin",
    }
    for name, content in files.items():
        (root / name).write_bytes(content)
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (tmp_path / "site-b").mkdir()
    (tmp_path / "site-b" / "secret.txt").write_bytes(SECRET)
    (root / "to-secret.txt").symlink_to(tmp_path / "secret.txt")
    (root / "to-parent").symlink_to(tmp_path)
    (root / "to-plain.txt").symlink_to("plain.txt")
    (root / "to-docs").symlink_to("docs")
    (root / "loop").symlink_to("loop")
    (root / "gone").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    return root


def get(app, path, method="GET", **more):
    """Status, location if there is one, and body, of the answer to this decoded path."""
    exchange = request(method, "/", **more)
    exchange.scope.update(path=path, raw_path=None)
    start, *rest = converse(app, exchange)
    found = [value.decode() for name, value in start["headers"] if name == b"location"]
    return (start["status"], *found, b"".join(message["body"] for message in rest))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/plain.txt", b"plain"),
        ("/two words.txt", b"words"),
        ("/100%.txt", b"percent"),
        ("/%2e%2e.txt", b"escaped dots"),
        ("/..hidden.txt", b"dots"),
        ("/na\xefve.txt", b"latin"),
        ("/docs/a.txt", b"a"),
        ("/docs/../plain.txt", b"plain"),
        ("/./docs//a.txt", b"a"),
        ("//plain.txt", b"plain"),
        ("/to-plain.txt", b"plain"),
        ("/to-docs/a.txt", b"a"),
    ],
)
def test_a_file_below_the_directory_is_served(site, path, body):
    """Also by a link that stays inside, and by a detour that comes back."""
    assert get(StaticFiles(directory=site), path) == (200, body)


def escapes(root):
    """Spellings of a way out, decoded as a server decodes them."""
    outside = str(root.parent / "secret.txt")
    return [
        "/../secret.txt",
        "/../../../../../../../../etc/passwd",
        "/docs/../../secret.txt",
        "/docs/../docs/../../secret.txt",
        "/./../secret.txt",
        "/..//secret.txt",
        "//../secret.txt",
        "/../site/../secret.txt",
        "/../site-b/secret.txt",
        outside,
        "/" + outside,
        "//" + outside,
        "/..\\secret.txt",
        "\\..\\secret.txt",
        "/docs\\..\\..\\secret.txt",
        "/..\0/secret.txt",
        "/../secret.txt\0",
        "/../secret.txt\0.png",
        "/plain.txt/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%252e%252e%252fsecret.txt",
        "/..\u2215secret.txt",
        "/\uff0e\uff0e/secret.txt",
        "/.../secret.txt",
        "/....//secret.txt",
        "/..;/secret.txt",
        "/C:/secret.txt",
        "/C:\\secret.txt",
        "/file:///etc/passwd",
        "/\\\\host\\share\\secret.txt",
        "/~root/secret.txt",
        "/to-secret.txt",
        "/to-parent/secret.txt",
        "/to-parent/site/to-parent/secret.txt",
        "/docs/../to-secret.txt",
    ]


def test_no_spelling_leads_out(site):
    """Dots, slashes of both kinds, escapes left over, NUL, drives, look-alikes, links: all of them are not found."""
    app = StaticFiles(directory=site)
    assert len(escapes(site)) > 20
    assert {path: get(app, path) for path in escapes(site)} == dict.fromkeys(escapes(site), (404, b"Not Found"))


def test_no_escaped_spelling_leads_out_either(site):
    """The same as a client writes them, with each character escaped, decoded by the server once."""
    app = App(routes=[Mount("/static", app=StaticFiles(directory=site))])
    for path in escapes(site):
        for spelling in (quote(path), "/" + "".join(f"%{byte:02X}" for byte in path[1:].encode())):
            assert converse(app, request("GET", "/static" + spelling))[0]["status"] == 404


@pytest.mark.parametrize(
    "path", ["/pipe", "/socket", "/docs", "/docs/", "/", "", "/loop", "/loop/x", "/gone", "/plain.txt/x"]
)
def test_what_is_no_regular_file_is_not_found(site, path, monkeypatch):
    """Directories, pipes, sockets, links in a ring or to nowhere, a file taken for a directory."""
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(site)
        listener.bind("socket")
        assert get(StaticFiles(directory=site), path) == (404, b"Not Found")


@pytest.mark.parametrize(
    "path",
    [
        "/" + "a" * 300,
        "/" + "a/" * 32_000,
        "/" + "../" * 20_000,
        "/" + "x" * 65_536,
        "/\ud800",
        "/\n",
        "/\x7f",
    ],
    ids=["long name", "many parts", "many dots", "long path", "half a pair", "a line break", "delete"],
)
def test_a_name_that_no_file_can_have_is_not_found(site, path):
    """Too long, too deep, or no text: never an error of the server."""
    assert get(StaticFiles(directory=site, html=True), path) == (404, b"Not Found")


def test_a_name_with_a_backslash_is_not_found(site):
    """Even where it is a letter like any other: it is a separator elsewhere."""
    (site / "docs\\a.txt").write_text("a")
    assert get(StaticFiles(directory=site), "/docs\\a.txt") == (404, b"Not Found")


def test_a_long_path_is_not_looked_at_part_by_part(site):
    """`realpath` would join and ask for each part again: its work grows with the square of the length."""
    calls: list[int] = []
    app = StaticFiles(directory=site)
    before = sys.getprofile()
    for length in (4096, 4097, 65_536):
        count = 0

        def profile(frame, event, argument):
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(profile)
        try:
            assert app.lookup_path("a/" * (length // 2) + "a" * (length % 2)) == ("", None)
        finally:
            sys.setprofile(before)
        calls.append(count)
    within, beyond, far_beyond = calls
    assert within > 2_000
    assert far_beyond == beyond < 10


def test_with_follow_symlink_a_link_may_lead_out_and_dots_may_not(site):
    """The rule is about links that somebody has put there."""
    app = StaticFiles(directory=site, follow_symlink=True)
    assert get(app, "/to-secret.txt") == (200, SECRET)
    assert get(app, "/to-parent/secret.txt") == (200, SECRET)
    plain = [path for path in escapes(site) if "/to-" not in path]
    assert {path: get(app, path) for path in plain} == dict.fromkeys(plain, (404, b"Not Found"))


def test_a_directory_that_is_a_link_itself_is_served(site):
    """Its real path counts, on both sides."""
    (site.parent / "current").symlink_to("site")
    app = StaticFiles(directory=site.parent / "current")
    assert (get(app, "/plain.txt"), get(app, "/to-secret.txt")) == ((200, b"plain"), (404, b"Not Found"))


ALPHABET = [
    ".",
    "..",
    "/",
    "\\",
    "%2e",
    "%2f",
    "\0",
    "docs",
    "plain.txt",
    "secret.txt",
    "to-parent",
    "site",
    "site-b",
    "~",
    ":",
    "é",
]


@pytest.fixture(scope="module")
def lasting_site(tmp_path_factory):
    """The same for many examples."""
    return laid_out(tmp_path_factory.mktemp("static"))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(parts=st.lists(st.sampled_from(ALPHABET) | st.text(max_size=3), max_size=9), follow=st.booleans())
def test_no_path_at_all_leads_out_or_breaks(lasting_site, parts, follow):
    """Whatever is put together: 200, 307, 404, and never a byte of what lies outside."""
    parts = [part for part in parts if not (follow and part == "to-parent")]
    answer = get(StaticFiles(directory=lasting_site, html=True, follow_symlink=follow), "/" + "".join(parts))
    assert answer[0] in (200, 307, 404)
    assert SECRET not in answer


def test_in_html_mode_a_directory_is_its_index(site):
    """With a slash at its end; without one it is sent there, the query kept, and nothing decoded twice."""
    app = StaticFiles(directory=site, html=True)
    assert get(app, "/docs/") == (200, b"index")
    assert get(app, "/docs") == (307, "http://testserver/docs/", b"")
    assert get(app, "//docs") == (307, "http://testserver//docs/", b"")
    assert get(app, "/to-docs") == (307, "http://testserver/to-docs/", b"")
    (site / "100%25").symlink_to("docs")
    mounted = App(routes=[Mount("/static", app=app)])
    sent = converse(mounted, request("GET", "/static/100%2525?a=%20b"))
    assert sent[0] == start(307, (b"content-length", b"0"), (b"location", b"http://testserver/static/100%2525/?a=%20b"))
    assert get(app, "/docs/empty/") == (404, b"Not Found")


def test_in_html_mode_a_page_says_what_is_not_there(site):
    """`404.html`, with status 404, its own type, and no ranges of it."""
    (site / "404.html").write_text("<p>gone")
    app = StaticFiles(directory=site, html=True)
    sent = converse(app, request("GET", "/nowhere", {"range": "bytes=0-1", "if-none-match": "*"}))
    assert (sent[0]["status"], sent[1:]) == (404, [piece(b"<p>gone", True), piece()])
    assert dict(sent[0]["headers"])[b"content-type"] == b"text/html; charset=utf-8"
    assert get(app, "/docs/empty") == (404, b"<p>gone")
    assert get(app, "/nowhere", "HEAD") == (404, b"")
    assert get(app, "/../secret.txt") == (404, b"<p>gone")


def test_conditions_and_ranges_are_answered(site):
    """As FileResponse does: 304, 206, 416, and HEAD."""
    app = StaticFiles(directory=site)
    etag = dict(converse(app, request("GET", "/plain.txt"))[0]["headers"])[b"etag"].decode()
    assert get(app, "/plain.txt", headers={"if-none-match": etag}) == (304, b"")
    assert get(app, "/plain.txt", headers={"if-none-match": '"other"'}) == (200, b"plain")
    assert get(app, "/plain.txt", headers={"range": "bytes=1-2"}) == (206, b"la")
    assert get(app, "/plain.txt", headers={"range": "bytes=5-"}) == (416, b"")
    assert get(app, "/plain.txt", "HEAD") == (200, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_files_are_read_only(site, method):
    """405, and which methods there are."""
    sent = converse(StaticFiles(directory=site), request(method, "/plain.txt"))
    text = {"type": "http.response.body", "body": b"Method Not Allowed"}
    assert sent == [start(405, (b"allow", b"GET, HEAD"), (b"content-length", b"18"), TEXT), text]


def test_a_websocket_is_refused(site):
    """There is nothing to talk to."""
    assert converse(StaticFiles(directory=site), handshake("/plain.txt")) == [
        {"type": "websocket.close", "code": 1000, "reason": ""}
    ]


def test_inside_an_app_its_handlers_answer(site):
    """A 404 is an HTTPException there, and the mount's files are found by name."""

    async def own_404(request, error):
        return PlainTextResponse("ours", error.status_code)

    static = StaticFiles(directory=site)
    app = App(routes=[Mount("/static", app=static, name="static")], exception_handlers={404: own_404})
    assert get(app, "/static/nowhere") == (404, b"ours")
    assert get(app, app.url_path_for("static", path="/docs/a.txt")) == (200, b"a")


def test_a_file_that_may_not_be_read_is_a_403(site):
    """What the system refuses is refused, and before the start of a response."""

    class Guarded(StaticFiles):
        def lookup_path(self, path):
            raise PermissionError

    text = {"type": "http.response.body", "body": b"Forbidden"}
    refusal = [start(403, (b"content-length", b"9"), TEXT), text]
    assert converse(Guarded(directory=site), request("GET", "/plain.txt")) == refusal
    if os.geteuid() != 0:  # nothing is forbidden to root
        (site / "plain.txt").chmod(0)
        assert converse(StaticFiles(directory=site), request("GET", "/plain.txt")) == refusal


def test_a_subclass_may_answer_what_is_not_there(site):
    """The way of a single-page app: `get_response` raises HTTPException, whose handler asks for another path."""

    class OnePage(StaticFiles):
        async def get_response(self, path, scope):
            try:
                return await super().get_response(path, scope)
            except HTTPException:
                return await super().get_response("docs/index.html", scope)

    assert get(OnePage(directory=site), "/any/where") == (200, b"index")


def test_packages_bring_files_too(site, monkeypatch):
    """Their folder `statics`, or the one that is named; the first that has the file sends it."""
    for name, folder in (("pack_a", "statics"), ("pack_b", "assets")):
        package = site.parent / name
        (package / folder).mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / folder / f"{name}.txt").write_text(name)
        (package / folder / "plain.txt").write_text("not me")
    monkeypatch.syspath_prepend(site.parent)
    app = StaticFiles(directory=site, packages=["pack_a", ("pack_b", "assets")])
    answers = [get(app, path) for path in ("/pack_a.txt", "/pack_b.txt", "/plain.txt")]
    assert answers == [(200, b"pack_a"), (200, b"pack_b"), (200, b"plain")]
    with pytest.raises(RuntimeError, match=r"^StaticFiles: there is no package 'pack_c' with files$"):
        StaticFiles(packages=["pack_c"])
    with pytest.raises(RuntimeError, match=r"^StaticFiles: the package 'pack_b' has no folder 'statics'$"):
        StaticFiles(packages=["pack_b"])


def test_a_directory_that_is_not_there_is_a_loud_error(site):
    """At construction, or with `check_dir=False` at each request until it is there."""
    late = site / "late"
    why = f"StaticFiles: the directory {str(late)!r} does not exist"
    with pytest.raises(RuntimeError) as caught:
        StaticFiles(directory=late)
    assert str(caught.value) == why
    app = StaticFiles(directory=late, check_dir=False)
    with pytest.raises(RuntimeError) as caught:
        get(app, "/a.txt")
    assert str(caught.value) == why
    late.mkdir()
    Path(late / "a.txt").write_text("a")
    assert get(app, "/a.txt") == (200, b"a")
    with pytest.raises(TypeError, match="needs a directory, packages, or both"):
        StaticFiles()
