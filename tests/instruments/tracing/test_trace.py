"""A trace and its views: each is a function of the JSON Lines, and JSON Lines are read back as they were written."""

import asyncio
import re

import pytest

import rawasgi
from rawasgi.instruments.conversation import request
from rawasgi.instruments.tracing.recorder import record
from rawasgi.instruments.tracing.text import text_of
from rawasgi.instruments.tracing.trace import Trace
from tests.instruments.tracing.apps import echo, hangs, shop, timing


def traces():
    yield record(timing(echo), request("POST", "/?a=<b>", body=b"hi"), target="shop:app")
    yield record(shop(), request("GET", "/items/7"))
    yield record(timing(hangs), request(), seconds=0.1)


def test_every_view_is_made_from_the_lines():
    """What was read is the plain recording that was written, and is shown alike."""
    for trace in traces():
        read = Trace.from_lines(trace.lines())
        assert read.lines() == trace.lines()
        assert (read.text(), read.html(), read.mermaid()) == (trace.text(), trace.html(), trace.mermaid())
        assert (read.events, read.lanes) == (trace.plain().events, trace.lanes)


HEAD = '{"trace": 1, "target": "", "asked": "", "ending": "", "lanes": []}'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: no trace begins here"),
        ("{}", "line 1: no trace begins here"),
        ("{", "line 1: no JSON"),
        ("[]", "line 1: a JSON object is expected"),
        ('{"trace": 1}', "line 1: the head of a trace is incomplete: KeyError('lanes')"),
        (HEAD + '\n\n{"seq": 1}', "line 3: no event: it has ['seq'], and should have ['context'"),
    ],
)
def test_what_is_no_trace_is_named_with_its_line(text, complaint):
    """Somebody has edited the file, or it is another one."""
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}"):
        Trace.from_lines(text)


def timeless(text):
    """The text without its times, which differ."""
    return re.sub(r"(?m)^( *\d+) {2,}\d+\.\d\d", r"\1", text)


NAMED = """\
shop:app · POST /?a=<b> · 200, 2 bytes

   0  timing
   1  echo     context same
      all in task 1, on the thread that runs the app

   #       ms   timing   echo
   1  ─▶                POST /?a=<b>
   2   │       ─▶       the same scope
   3  ─▶        │       http.request 2 bytes
   4   │       ─▶       http.request, unchanged
   5   │       ◀─       http.response.start 200, set-cookie: …
   6  ◀─        │       http.response.start, unchanged
   7   │       ◀─       http.response.body 2 bytes
   8  ◀─        │       http.response.body, unchanged
   9   │       ◀─       return
  10  ◀─                return
"""


def test_few_layers_stand_below_their_names():
    """A column is open from the call of its layer to its end; the arrow crosses its boundary."""
    assert timeless(next(traces()).text()) == NAMED


def test_many_layers_are_numbered_and_the_second_task_is_said():
    """A change on the way out is shown whole, what passes unchanged is not said again."""
    _, trace, _ = traces()
    lines = timeless(trace.text()).splitlines()
    assert lines[7] == "   5  ExceptionMiddleware            task 2   context copied"
    assert lines[13] == "   #       ms   0   1   2   3   4   5   6   7   8"
    assert lines[17] == "   4   │   │   │  ─▶                        the same scope"
    assert lines[24].startswith("  11   │   │   │   │   │   │   │  ◀─   │    http.response.start, unchanged")
    assert lines[31].startswith(
        "  18   │   │   │   │  ◀─   │   │   │   │    http.response.start 200, content-length: 1"
    )
    assert {len(line) <= 110 for line in lines} == {True}


def test_an_event_in_another_task_than_its_layer_says_so():
    """Here the layer receives in a task of its own, as Django does."""

    async def answers(scope, receive, send):
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await asyncio.create_task(receive())
        await echo(scope, receive, send)

    text = record(answers, request("POST", "/", body=[b"a", b"b"])).text()
    assert "in task 2: http.request 1 byte, more follows\n" in text
    assert "  http.request 1 byte\n" in text


def test_where_an_app_hangs_stands_below_its_lanes():
    """Each task with its lines."""
    *_, trace = traces()
    assert "\n\nthe request stands at:\n  tests/instruments/tracing/apps.py:" in trace.text()


@pytest.mark.parametrize(("layers", "row"), [(20, " │  │ ─▶ "), (30, " │ │─▶"), (60, "││▶")])
def test_any_number_of_layers_can_be_shown(layers, row):
    """Columns narrow; what does not fit into a line is cut."""
    app = echo
    for _ in range(layers - 1):
        app = timing(app)
    lines = timeless(record(app, request("POST", "/")).text()).splitlines()
    assert {len(line) <= 110 for line in lines} == {True}
    assert next(line for line in lines if line.startswith("   3  ") and "▶" in line) == (
        f"   3  {row.ljust(60)}  the same scope"
    )


def test_the_numbers_may_go_on_from_another_trace():
    """Several traces are then one list."""
    assert "\n  41     0.00  ─▶" in text_of(next(traces()).plain(), first=41)


MERMAID = """\
sequenceDiagram
    participant server
    participant layer0 as timing
    participant layer1 as echo
    server->>layer0: POST /?a=#60;b#62;
    layer0->>layer1: the same scope
    server->>layer0: http.request 2 bytes
    layer0->>layer1: http.request, unchanged
    layer1-->>layer0: http.response.start 200, set-cookie: …
    layer0-->>server: http.response.start, unchanged
    layer1-->>layer0: http.response.body 2 bytes
    layer0-->>server: http.response.body, unchanged
    layer1-->>layer0: return
    layer0-->>server: return
    Note over server: 200, 2 bytes
"""


def test_a_sequence_diagram():
    """Nothing in it means anything to Mermaid that the app has said."""
    assert next(traces()).mermaid() == MERMAID


def test_a_copied_context_is_noted_in_the_diagram():
    """Over the layer that runs in it."""
    _, trace, _ = traces()
    assert "    Note over layer5: task 2, its own copy of the context\n" in trace.mermaid()


def test_the_public_name_traces_any_app():
    """`rawasgi.trace` is asked as `converse` is."""
    trace = rawasgi.trace(timing(echo), request("POST", "/", body=b"hi"))
    assert (trace.ending, len(trace.events), trace.error) == ("200, 2 bytes", 10, None)


def test_a_notebook_shows_a_piece_of_the_page():
    """The same lanes, with their style, in a div of its own."""
    trace = next(traces())
    piece = trace._repr_html_()
    assert piece.startswith('<div class="rawasgi-trace">')
    assert piece in trace.html()
