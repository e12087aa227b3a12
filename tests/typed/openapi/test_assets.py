"""The packaged files: they are what their makers published, and each goes out in the form that the client reads."""

import gzip
import hashlib
import re

import pytest

from rawasgi.app import App
from rawasgi.instruments.conversation import converse, request
from rawasgi.typed.openapi.assets import ASSETS, FOLDER, REDOC, SWAGGER_UI, compressed, original, send_asset
from tests.instruments.messages import start

LICENCES = {
    "redoc.LICENSE": "d3026d549cf68ab7355bcfa85877bf8f845b3334a7efbfdc63936432fb34ff0e",
    "swagger-ui.LICENSE": "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
    "swagger-ui.NOTICE": "0d20d1adef18aee3f40dd258172155521ce702ac445cb5f7b7d60ed32dad2fb2",
}
NAME = "oauth2-redirect.js"
HEADERS = (
    (b"cache-control", b"no-cache"),
    (b"etag", b'W/"a5c8a34e09e49737382cc5019446eec7"'),
    (b"vary", b"Accept-Encoding"),
)


def whole(body=b""):
    """A body in one message."""
    return {"type": "http.response.body", "body": body}


def app():
    """An app that serves the files."""
    made = App()
    made.add_route("/docs-assets/{name}", send_asset)
    return made


def sent(name, *headers, method="GET"):
    """What is sent to a client that asks for the file."""
    return converse(app(), request(method, f"/docs-assets/{name}", headers=[*headers]))


@pytest.mark.parametrize("name", ASSETS)
def test_a_file_is_what_its_makers_published(name):
    """Unpacked it has the checksum of the file in the package that `SOURCES` names."""
    assert hashlib.sha256(original(name)).hexdigest() == ASSETS[name].sha256


@pytest.mark.parametrize("name", LICENCES)
def test_a_licence_lies_beside_the_files(name):
    """Unpacked and unchanged."""
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == LICENCES[name]


def test_the_folder_holds_what_the_table_names_and_its_licences():
    """Nothing else, and less than a mebibyte of it."""
    files = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert set(files) == {f"{name}.gz" for name in ASSETS} | set(LICENCES) | {"README.md"}
    assert sum(files.values()) < 1024 * 1024


def test_the_readme_names_the_versions_of_the_table():
    """Name and version of each package, and its licence."""
    rows = (FOLDER / "README.md").read_text(encoding="utf-8")
    for source in (SWAGGER_UI, REDOC):
        assert re.search(rf"\| `{source.package}` \(npm\) \| {source.version} \| {source.licence}:", rows)


def test_a_client_that_reads_gzip_gets_the_file_as_it_lies_there():
    """Content-Length is that of the packed bytes."""
    body = compressed(NAME)
    assert sent(NAME, ("accept-encoding", "br, gzip")) == [
        start(
            200,
            *HEADERS,
            (b"content-encoding", b"gzip"),
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"text/javascript; charset=utf-8"),
        ),
        whole(body),
    ]
    assert gzip.decompress(body) == original(NAME)


def test_another_client_gets_it_unpacked():
    """Without a word about gzip, or with a refusal of it."""
    body = original(NAME)
    unpacked = [
        start(
            200,
            *HEADERS,
            (b"content-length", b"1329"),
            (b"content-type", b"text/javascript; charset=utf-8"),
        ),
        whole(body),
    ]
    assert sent(NAME) == unpacked
    assert sent(NAME, ("accept-encoding", "gzip;q=0")) == unpacked
    assert sent(NAME, method="HEAD") == [unpacked[0], whole()]


def test_whoever_has_it_is_told_so():
    """304, whether it was packed or not."""
    for coding in ("gzip", "identity"):
        asked = ("accept-encoding", coding), ("if-none-match", HEADERS[1][1].decode())
        assert sent(NAME, *asked) == [start(304, *HEADERS), whole()]


@pytest.mark.parametrize("name", ["README.md", "nothing.js", "..%2fassets.py", "swagger-ui.css.gz", "%00"])
def test_no_other_file_is_sent(name):
    """The table decides, not the disk."""
    (first, second) = sent(name)
    assert (first["status"], second["body"]) == (404, b"Not Found")


def test_a_name_outside_the_table_makes_no_path():
    """It is a KeyError before a file is looked for."""
    with pytest.raises(KeyError):
        compressed("../assets")
