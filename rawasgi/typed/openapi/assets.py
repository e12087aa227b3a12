"""The name of a packaged file in -> its bytes, as its makers published them, out.

bytes > server > app > middleware > routing > [handler > response] > bytes

The two documentation pages are programs of others: Swagger UI and ReDoc. Their files lie in `assets/`, so that a page
works without a way to the outside, and nobody else learns who reads it. `SOURCES` says where each was taken from, and
the checksum that a test holds it to. The licences lie beside them.

They are kept compressed, and go out as they lie there (`content-encoding: gzip`): a quarter of the bytes for the
repository, for the package and on the wire. A client that reads no gzip gets them unpacked.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-8.4
In FastAPI:   none, because the pages load their programs from a CDN
In Starlette: none, because it has no documentation pages
In Flask:     none, because it has no documentation pages
Left out:     the source maps, which a browser's debugger would ask for
"""

import gzip
from pathlib import Path
from typing import NamedTuple

from rawasgi.exceptions import HTTPException
from rawasgi.middlewares.gzip import accepts_gzip
from rawasgi.requests import Request
from rawasgi.responses import Response
from rawasgi.toolkit.conditional import conditional

FOLDER = Path(__file__).parent / "assets"


class Source(NamedTuple):
    """A published package of files: the name and version on the npm registry, and the checksum that it lists there."""

    package: str
    version: str
    licence: str
    integrity: str


class Asset(NamedTuple):
    """One file of a package: where it lies in it, what it is, and the SHA-256 of its bytes, unpacked."""

    source: Source
    path: str
    media_type: str
    sha256: str


SWAGGER_UI = Source(
    package="swagger-ui-dist",
    version="5.35.0",
    licence="Apache-2.0",
    integrity="sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
)
REDOC = Source(
    package="redoc",
    version="2.5.4",
    licence="MIT",
    integrity="sha512-M6jWhG1qoBnH6TFmzJnstyCZ87HmOY/UzDm78mHiYihEdlV/YcS9ogOo1NlElnJMeLsyxHFe2yFc4sNjHTrABQ==",
)
SCRIPT, STYLE, TEXT = "text/javascript", "text/css", "text/plain"

ASSETS = {
    "swagger-ui-bundle.js": Asset(
        SWAGGER_UI,
        "swagger-ui-bundle.js",
        SCRIPT,
        "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    ),
    "swagger-ui-bundle.js.LICENSE.txt": Asset(
        SWAGGER_UI,
        "swagger-ui-bundle.js.LICENSE.txt",
        TEXT,
        "37eb6e7e59aed57b2c1acf076574b818ea07b74265717e0bd67b59e0baf9abbb",
    ),
    "swagger-ui.css": Asset(
        SWAGGER_UI,
        "swagger-ui.css",
        STYLE,
        "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
    ),
    "oauth2-redirect.js": Asset(
        SWAGGER_UI,
        "oauth2-redirect.js",
        SCRIPT,
        "a5c8a34e09e49737382cc5019446eec7c3db3461963fc5bfe448361d3c5549e9",
    ),
    "redoc.standalone.js": Asset(
        REDOC,
        "bundles/redoc.standalone.js",
        SCRIPT,
        "dcaf76612bc4a3fbcc923a8966dee2f6146a5f32e5ce1b6f02dd60cbbf89500b",
    ),
    "redoc.standalone.js.LICENSE.txt": Asset(
        REDOC,
        "bundles/redoc.standalone.js.LICENSE.txt",
        TEXT,
        "eed602ec32e00b2b9df1984fbcc26a687b1b3193ec01961389c4b8439e6edf73",
    ),
}


def compressed(name: str) -> bytes:
    """The file as it lies here, in gzip's format; KeyError for a name that is not in `ASSETS`."""
    if name not in ASSETS:
        raise KeyError(name)  # before a path is made of it
    return (FOLDER / f"{name}.gz").read_bytes()


def original(name: str) -> bytes:
    """The file as it was published."""
    return gzip.decompress(compressed(name))


def send_asset(request: Request) -> Response:
    """The handler of `/docs-assets/{name}`: the file, 304 to whoever has it, 404 for any other name. It reads a disk."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    headers = {
        "cache-control": "no-cache",  # ask again: the address stays the same when the library moves to another version
        "etag": f'W/"{ASSETS[name].sha256[:32]}"',  # weak, since packed and unpacked are the same thing
        "vary": "Accept-Encoding",
    }
    if accepts_gzip(request.headers):
        headers["content-encoding"] = "gzip"
        return conditional(request, Response(compressed(name), 200, headers, ASSETS[name].media_type))
    return conditional(request, Response(original(name), 200, headers, ASSETS[name].media_type))
