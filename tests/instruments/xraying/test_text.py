"""The x-ray in words: what stands where, and that it never takes more than one screen."""

import pytest

from rawasgi.instruments.xraying.sight import Cost
from rawasgi.instruments.xraying.text import HEIGHT, Section, cut, figure, fitted, text, unit_of
from tests.instruments.xraying.made import FINDINGS, LANES, SHAPE, huge, made, stages

WHOLE = """\
x-ray of shop:app, GET /items/7: 200, 8 bytes

layers, outermost first      in  out   own time (median of 200 runs)
  FastAPI                     1    2          12 ± 2 µs    3 % █
  ServerErrorMiddleware       1    2       5.0 ± 0.6 µs    1 %
  CORSMiddleware              1    2          15 ± 2 µs    4 % █
  stamp (function)            1    2        160 ± 20 µs   42 % ████████████
  ExceptionMiddleware         1    2       9.0 ± 1.1 µs    2 % █            another task, copied context
  AsyncExitStackMiddleware    1    2          11 ± 1 µs    3 % █
  APIRouter                   1    2          35 ± 4 µs    9 % ███
  GET /items/{id}             1    2        140 ± 18 µs   36 % ██████████

when the response started   frames 12   tasks 2   thread hops 3   messages at the edge 3, inside 21
  the request                            fastapi 1, starlette 4
  task BaseHTTPMiddleware.__call__.<l…   starlette 3, fastapi 2, shop.py 1
  thread AnyIO worker thread             shop.py 1

dependencies, as they are solved
    settings   def               on a thread
  session      async def yield   torn down after the background tasks
    settings   def               cached: not called again
  clock        def yield         on a thread, torn down before http.response.start
  Page         class

findings 2
  ! stamp (shop.py:9): The layer runs the app below in a second task.
    request.is_disconnected() below it is always False, and context variables set below are lost above. Write
    it as a plain ASGI middleware. → comparisons/p05_middleware_and_errors/middleware
  ! GET /items/{id}: clock (shop.py:31): A def that waits for nothing runs on a thread.
    It takes one of 40 threads, and a hop there and back costs more than it does. Write it as async def."""


def test_an_ordinary_route_is_one_screen():
    """Layers with their cost, the frames at the start, the dependencies in order, the findings."""
    assert text(made()) == WHOLE


@pytest.mark.parametrize("width", [40, 60, 80, 110])
@pytest.mark.parametrize("xray", [made(), huge()], ids=["ordinary", "huge"])
def test_it_keeps_to_the_screen(xray, width):
    """Whatever there is to show: at most 40 lines, none of them wider than the terminal."""
    lines = text(xray, width).splitlines()
    assert len(lines) <= HEIGHT
    assert max(map(len, lines)) <= width


def test_what_does_not_fit_is_counted():
    """Sections that are too long say how much they leave out; of the layers the innermost stay."""
    lines = text(huge(60)).splitlines()
    left_out = [line for line in lines if "more: --html FILE shows all" in line]
    assert len(left_out) == 4
    layers = lines[2 : lines.index("", 2)]
    assert [row.split()[0][:8] for row in layers[-3:]] == ["Layer57W", "Layer58W", "Layer59W"]


def test_the_longest_section_gives_way():
    """Of ten items and two in eight lines, the two stay."""
    long = Section("long", tuple((f"item {number}",) for number in range(10)))
    short = Section("short", (("one",), ("two",)))
    more = "  … and 8 more: --html FILE shows all"
    assert fitted([long, short], 8) == ["long", "item 0", "item 1", more, "", "short", "one", "two"]


def test_what_differs_more_than_it_measures_is_no_figure():
    """A layer whose runs spread wider than their median is said to be noisy."""
    noisy = stages(SHAPE[:1])[0]._replace(cost=Cost(1e-6, 2e-6, 1.0))
    assert text(made(stages=(noisy,))).splitlines()[3] == "  FastAPI                    1    2   too noisy to tell"


def test_nothing_measured_says_how_to_measure():
    """Without runs there is no cost and no bar, and the option that measures."""
    silent = tuple(stage._replace(cost=None) for stage in stages(SHAPE[:2]))
    assert text(made(stages=silent, runs=0, unmeasured="it happens once")).splitlines()[2:5] == [
        "layers, outermost first     in  out   (not measured: it happens once)",
        "  FastAPI                    1    2",
        "  ServerErrorMiddleware      1    2",
    ]


def test_a_response_that_never_started_is_said_to_be_none():
    """No lanes, no dependencies, no findings: each in one line, or in none."""
    bare = text(made(at_start=(), dependencies=(), findings=(), stages=stages(SHAPE[:1])))
    assert bare.splitlines()[4:] == [
        "",
        "no response was started   messages at the edge 3, inside 0",
        "",
        "findings   none",
    ]


def test_an_app_cannot_write_to_the_terminal():
    """Control characters of whatever an app calls itself come out as their names."""
    evil = FINDINGS[0]._replace(says="\x1b[2Jgone\r\n")
    said = text(made(target="shop\x07:app", findings=(evil,)))
    assert said.startswith("x-ray of shop\\x07:app, ")
    assert "\x1b" not in said
    assert "\\x1b[2Jgone" in said


@pytest.mark.parametrize(
    ("seconds", "unit"),
    [(0, "µs"), (4.84e-5, "µs"), (0.0013, "ms"), (0.0009999, "ms"), (0.99996, "s"), (75, "s")],
)
def test_a_duration_has_the_unit_that_fits(seconds, unit):
    """Micro- and milliseconds and seconds, each up to where the next begins after rounding."""
    assert unit_of(seconds)[1] == unit


@pytest.mark.parametrize(
    ("median", "spread", "said"),
    [
        (4.84e-5, 3e-6, "48 ± 3 µs"),
        (5.26e-6, 1e-7, "5.3 ± 0.1 µs"),
        (0.012, 0.0004, "12.0 ± 0.4 ms"),
        (0.05, 0.00004, "50.0 ± <0.1 ms"),
    ],
)
def test_a_figure_and_its_spread_share_a_unit(median, spread, said):
    """The unit of the median; a digit behind the point where the whole ones are few."""
    assert figure(Cost(median, spread, 0.5)) == said


def test_a_line_that_is_too_long_says_so():
    """An ellipsis stands in its last column."""
    assert [cut("abcdef", 6), cut("abcdefg", 6), cut("abc   ", 3)] == ["abcdef", "abcde…", "abc"]


def test_an_app_that_hangs_shows_where():
    """Each task and thread with its innermost lines."""
    lines = text(made(at_start=(), hanging=LANES, dependencies=(), findings=())).splitlines()
    where = lines.index("where it hangs")
    assert lines[where : where + 4] == [
        "where it hangs",
        "  the request",
        "    starlette/middleware/errors.py:164 ServerErrorMiddleware.__call__: await self.app(scope, receive, send)",
        "    starlette/middleware/cors.py:85 CORSMiddleware.__call__: await self.app(scope, receive, send)",
    ]
    assert "    shop.py:31 clock: return time.monotonic()" in lines
