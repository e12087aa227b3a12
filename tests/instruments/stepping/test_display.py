"""Steps as text, as HTML and as a diagram."""

from xml.etree import ElementTree

from rawasgi.instruments.conversation import request
from rawasgi.instruments.frames import Lane, Line
from rawasgi.instruments.stepping.display import about, diagram, ending_lines, heading, page, step_lines
from rawasgi.instruments.stepping.steps import Ending, Forced, Step
from tests.instruments.messages import asked, piece, start

LINE = Line("shop.py", 7, "item", "await send(message)")
LONGER = Line("shop/routes.py", 12, "items.<locals>.item", "return <b>")
SCOPE = {**request().scope}
STEPS = (
    Step("receive", None, "awaiting_start", None, ("http.response.start",), (), SCOPE),
    Step(
        "send",
        start(204),
        "awaiting_start",
        "awaiting_body",
        (),
        (Lane("the request", (LINE, LONGER), "send"), Lane("thread worker", ())),
        SCOPE,
        (asked(b"hi"),),
    ),
)


def test_a_step_as_text():
    """What was heard, what happens, where it leads, where everything stands, in columns."""
    assert [*step_lines(2, STEPS[1])] == [
        "received: http.request body=b'hi' more_body=False",
        "step 2: the app sends http.response.start status=204 headers=[]",
        "  state: awaiting_start -> awaiting_body",
        "  the app may send then: nothing",
        "  the request (waits at send)",
        "    shop.py:7          item                 await send(message)",
        "    shop/routes.py:12  items.<locals>.item  return <b>",
        "  thread worker",
    ]


def test_a_refused_message_says_why():
    """The rule stands below the state, line for line."""
    step = STEPS[1]._replace(next_state=None, refusal="HS2: twice\n  allowed now: nothing", lanes=(), heard=())
    assert [*step_lines(1, step)][3:] == ["  refused: HS2: twice", "  refused:   allowed now: nothing"]


def test_the_heading_says_what_forced_the_driver():
    """And that a request which starts again repeats what was done."""
    forced = Forced("the app uses the event loop (time)", (LINE,))
    assert heading("loop-free", None) == "driver: loop-free"
    assert heading("gated", forced).splitlines() == [
        "driver: gated, because the app uses the event loop (time):",
        "    shop.py:7 item: await send(message)",
        "  The request starts again there: what the handler did before, it does twice.",
    ]


def test_a_long_message_is_cut():
    """A line stays a line."""
    assert len(about(piece(b"x" * 10_000))) < 250


def test_the_page_is_wellformed_and_escapes_what_is_not_its_own():
    """It needs neither scripts nor style sheets, and the app's text cannot become its markup."""
    tree = ElementTree.fromstring(page("gated", None, STEPS, Ending("returned")))
    assert [summary.text for summary in tree.iter("summary")] == [
        "1 the app awaits receive()",
        "2 the app sends http.response.start status=204 headers=[]",
    ]
    assert "return <b>" in "".join(tree.itertext())
    assert {element.tag for element in tree.iter()} == {"div", "pre", "details", "summary"}


def test_the_diagram_shows_both_directions_and_the_states():
    """What the app hears, what it says, and where that leads."""
    assert diagram(STEPS, Ending("returned", heard=({"type": "http.disconnect"},))).splitlines() == [
        "sequenceDiagram",
        "    participant server",
        "    participant app",
        "    server->>app: http.request",
        "    app->>server: http.response.start",
        "    Note over app: awaiting_body",
        "    server->>app: http.disconnect",
        "    Note over app: returned",
    ]


def test_an_ending_has_the_lines_it_hangs_on():
    """A fault says what it is; a good end is one line."""
    assert [*ending_lines(Ending("returned"))] == ["the app has returned"]
    assert [*ending_lines(Ending("quit"))] == ["quit"]
    assert [*ending_lines(Ending("stuck", "no more", (Lane("task", (LINE,)),)))] == [
        "stuck: no more",
        "  task",
        "    shop.py:7  item  await send(message)",
    ]
