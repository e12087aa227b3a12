"""Every kind of finding: an app that has it, and a near twin that has not."""

import pytest

from rawasgi.instruments.conversation import request
from rawasgi.instruments.xraying.findings import words
from rawasgi.instruments.xraying.findings.table import DETECTORS, KINDS, find
from rawasgi.instruments.xraying.look import looked
from tests.architecture.tree import ROOT
from tests.instruments.xraying.apps import dependencies, handlers, layers, loop, responses

PAIRS = [*loop.PAIRS, *layers.PAIRS, *handlers.PAIRS, *dependencies.PAIRS, *responses.PAIRS]


def kinds(app, exchange):
    """What is found in an app: each kind once."""
    return [*dict.fromkeys(finding.kind for finding in find(looked(app, exchange, 2.0)))]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.kind)
def test_the_fault_is_found_and_its_twin_is_free_of_it(pair):
    """One app of the pair has exactly this finding, the other has none at all."""
    assert (kinds(pair.has(), pair.exchange), kinds(pair.has_not(), pair.exchange)) == ([pair.kind], [])


def test_every_kind_has_a_pair():
    """There is no detector without an app that has the fault, and its twin."""
    assert sorted({pair.kind for pair in PAIRS}) == sorted(KINDS)
    assert len({*KINDS}) == len(DETECTORS)


def test_every_pointer_leads_to_something_in_the_repository():
    """What a finding says to read is a file, or a folder with a lesson."""
    pointers = {value for name, value in vars(words).items() if name.isupper() and isinstance(value, str) and value}
    assert len(pointers) > 5
    assert [pointer for pointer in pointers if not (ROOT / pointer).exists()] == []
    assert [p for p in pointers if (ROOT / p).is_dir() and not (ROOT / p / "lesson.md").is_file()] == []


def test_findings_point_nowhere_else():
    """No detector has a pointer of its own."""
    found = [finding for pair in PAIRS[:3] for finding in find(looked(pair.has(), pair.exchange, 2.0))]
    assert {finding.see for finding in found} == {words.BLOCKING}


def test_a_finding_reads_as_sentences():
    """What is seen, why it hurts and what to do are one sentence each, and the place is a line of the user's."""
    (found,) = find(looked(loop.a_task_forgotten(), request("GET", "/")))
    line = loop.later.__code__.co_firstlineno
    why = (
        "The loop keeps no strong reference to a task: it may vanish half-way, its exception is seen by nobody,"
        " and a shutdown does not wait for it."
    )
    assert found == (
        "task_left",
        f"GET /: later (tests/instruments/xraying/apps/loop.py:{line})",
        "A task that runs later() goes on after the call has ended, and nobody holds or awaits it.",
        why,
        "Start it in a task group that the lifespan holds, or keep it in a set until `add_done_callback` takes it out.",
        "",
    )


def test_the_same_app_has_the_same_findings():
    """Three looks at an app with three faults give the same, word for word."""
    app = layers.asks_below_a_function()
    app.exception_handlers[500] = app.exception_handlers[Exception] = layers.sorry
    app.debug = True
    first, second, third = (find(looked(app, request("GET", "/"))) for _ in range(3))
    assert first == second == third
    assert [finding.kind for finding in first] == [
        "blind_disconnect",
        "unreachable_handler",
        "unreachable_handler",
        "debug_on",
    ]
