"""What a client writes into the headers and paths that the toolkit reads: work that grows as it does, and no faster."""

from functools import partial

import pytest

from rawasgi.datastructures import Headers
from rawasgi.requests import HTTPConnection
from rawasgi.toolkit.conditional import is_same_version, precondition
from rawasgi.toolkit.events import last_event_id
from rawasgi.toolkit.hints import TRAILERS, TrailersResponse
from rawasgi.toolkit.ranges import MalformedRange, UnsatisfiableRange, parse_range
from rawasgi.toolkit.static import StaticFiles, with_slash
from tests.drive import http
from tests.growth import assert_linear, many_headers, one_header


def read_range(header):
    """Read a Range header, with a limit that lets every range through, or refuse it."""
    try:
        parse_range(header, 10**9, limit=10**6)
    except (MalformedRange, UnsatisfiableRange):
        pass


RANGES = {
    "ranges apart": lambda n: "bytes=" + ",".join(f"{i}-{i}" for i in range(0, 16 * n, 16))[:n],
    "backwards": lambda n: "bytes=" + ",".join(f"{i}-{i + 1}" for i in range(n // 2, 0, -4))[:n].rstrip("-,"),
    "the same range": lambda n: "bytes=" + "0-,0-0," * (n // 7),
    "nested": lambda n: "bytes=" + ",".join(f"{i}-99999" for i in range(n // 10)),
    "commas": lambda n: "bytes=" + "," * n,
    "dashes": lambda n: "bytes=" + "-" * n,
    "digits": lambda n: "bytes=" + "9" * n + "-",
    "zeros": lambda n: "bytes=" + "0" * n + "1-",
    "spaces": lambda n: "bytes=0-1," + " " * n + "2-3",
    "no equals": lambda n: "b" * n,
}


@pytest.mark.parametrize("shape", RANGES)
def test_work_grows_as_a_range_header_does(shape):
    """CVE-2025-62727: elsewhere it grew with the square."""
    assert_linear(read_range, RANGES[shape])


def decided(method, scope):
    """Hold a request against a version."""
    return precondition(method, Headers(raw=scope["headers"]), '"b"', 0)


def is_promised(scope):
    """Whether trailers follow."""
    return TrailersResponse([], {"x-a": str}).promises(scope | {"extensions": {TRAILERS: {}}})


TAGS = ['"a",', 'W/"a",', '"', '"a', "W/", ",", " ", "*", '" "', "a", "0"]
DATES = ["Sun, ", "0", " "]
READERS = {
    "If-None-Match": (partial(decided, "GET"), "if-none-match", TAGS),
    "If-Match": (partial(decided, "PUT"), "if-match", TAGS),
    "If-Modified-Since": (partial(decided, "GET"), "if-modified-since", DATES),
    "If-Unmodified-Since": (partial(decided, "PUT"), "if-unmodified-since", DATES),
    "If-Range": (lambda scope: is_same_version(scope["headers"][0][1].decode(), '"b"', 0), "if-range", TAGS),
    "Last-Event-ID": (lambda scope: last_event_id(HTTPConnection(scope)), "last-event-id", ["a", "\xff", "\xc3\xa9"]),
    "TE": (is_promised, "te", ["trailers,", "gzip;q=0.5,", ",", ";", " "]),
}


@pytest.mark.parametrize(("reader", "piece"), [(name, piece) for name in READERS for piece in READERS[name][2]])
def test_work_grows_as_a_header_does(reader, piece):
    """In one header, and in many of its name."""
    work, name, _ = READERS[reader]
    for make in (one_header, many_headers):
        assert_linear(work, make(name, piece))


@pytest.mark.parametrize("piece", ["a/", "/", "../", "a/../", "./", ".", "%2e", "\\", "\0", "\xe9"])
def test_work_grows_as_a_path_does(piece, tmp_path):
    """It is normalised, looked up, and written into a redirect."""
    files = StaticFiles(directory=tmp_path)

    def look_up(scope):
        try:
            files.lookup_path(files.get_path(scope))
        except ValueError:  # NUL
            pass
        with_slash(scope)

    assert_linear(look_up, lambda n: http(path="/" + piece * (n // len(piece))))
