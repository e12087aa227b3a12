"""The table, the file and the picture of results."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from benchmarks.plot import plot
from benchmarks.report import report, table, versions, write
from benchmarks.wait_io.contenders import CONTENDERS
from rawasgi import __version__
from tests.benchmarks.made import ASYNC, WINDOW, results, two_rows


def dated(made):
    """The report of made results, with the facts of one day and machine."""
    facts = {"date": "2026-11-24", "python": "3.11.7", "cores": 2, "versions": ["rawasgi 0.1.0"]}
    return {**report(made), **facts}


def test_the_table_stands_beside_its_prediction_and_on_its_proof():
    """A row a contender, a note where the prediction does not hold, and below it what the figures rest on."""
    assert table(dated(two_rows())) == [
        "sample: How many?",
        "2026-11-24 · Python 3.11.7 · 2 cores · 20 clients · 2 × 4 s",
        "rawasgi 0.1.0",
        "",
        "                                            20 clients, ms  at 80%, ms",
        "               slots  predicted  answers/s  p50        p99  p50    p99  unanswered  failed  MiB  core",
        "the async one      ∞        200     201 ±5  101        110  101    110           0       0   30   25%  agrees",
        "the pool one       2         20  10.0 ±0.5  101      >4000                       7       1   30    1%  [1]",
        "",
        "[1] requests failed: 1",
        "same work, proved before the first window:",
        "  200, content-length: 6, body of 6 bytes, sha256 0123456789abcdef…",
        "generator: a process and a core of its own, 12% used (over 70% fails)",
        "machine: at most 50% of all cores busy",
        "answers/s: a closed loop, each of 20 clients asks again as soon as it is answered",
        "±: half the range of the rounds, at least one answer of each slot more or less",
        "unanswered: 4 s after the window closed; they count with the time they had waited (>)",
        "at 80%: an open loop, Poisson arrivals at that share of the answers/s just seen;",
        "  times from the intended start; 99 % of the arrivals at most 2 ms late;",
        "  *: fewer than 100 requests in a window, so it is the slowest of them",
        "core: the share of one core that the server's process group used; MiB: its RSS",
    ]


def test_without_an_open_loop_the_table_has_no_columns_for_it():
    """And a run that was ended says so above."""
    lines = table(dated(results({ASYNC: [replace(WINDOW, again=3)]}, stopped="ended by SIGINT")))
    assert lines[3:7] == [
        "PARTIAL: ended by SIGINT",
        "",
        "                                            20 clients, ms",
        "               slots  predicted  answers/s  p50        p99  unanswered  failed  MiB  core",
    ]
    assert not [line for line in lines if line.startswith("at ")]
    assert "asked again, since the server had hung up on a kept connection: 3 requests" in lines


def test_the_file_holds_all_that_was_seen(tmp_path):
    """Rows for readers, windows for those who compute again; the table lies beside it."""
    found = dated(two_rows())
    paths = write(found, tmp_path / "made", "sample")
    assert [path.name for path in paths] == ["sample.json", "sample.txt"]
    assert json.loads(paths[0].read_text("utf-8")) == json.loads(json.dumps(found))
    assert paths[1].read_text("utf-8").splitlines() == table(found)
    assert [(each["contender"], each["round"]) for each in found["windows"]] == [
        *(("async", 1), ("async", 1), ("async", 2), ("async", 2), ("pool", 1)),
    ]


def test_what_cannot_be_written_is_named(tmp_path):
    """The error knows its path."""
    (tmp_path / "sample.json").mkdir()
    with pytest.raises(IsADirectoryError) as error:
        write(dated(two_rows()), tmp_path, "sample")
    assert error.value.filename == str(tmp_path / "sample.json")


def test_the_picture_of_equal_results_has_equal_bytes(tmp_path):
    """It names question, contenders, date and versions, and no moment at which it was drawn."""
    for name in ("one.svg", "two.svg", "one.png", "two.png"):
        plot(dated(two_rows()), tmp_path / name)
    text = (tmp_path / "one.svg").read_text("utf-8")
    assert text == (tmp_path / "two.svg").read_text("utf-8")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    said = {"".join(each.itertext()).strip() for each in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")}
    about = "2026-11-24 · 20 clients, 2 × 4 s, 2 cores · Python 3.11.7 · rawasgi 0.1.0"
    assert {"How many?", "the async one", "the pool one", "201", "10", about} <= said
    assert "date" not in text
    assert set(re.findall(r"https?://([\w.]+)", text)) == {"www.w3.org"}


def test_a_partial_run_has_a_partial_picture(tmp_path):
    """Nobody takes it for the whole."""
    plot(dated(results({ASYNC: [WINDOW]}, stopped="ended by SIGINT")), tmp_path / "made.svg")
    assert "How many? (partial)" in (tmp_path / "made.svg").read_text("utf-8")


def test_the_legend_covers_no_point(tmp_path):
    """It stands above the axes, whatever the rows: the last of them may have its point in any corner."""
    plot(dated(two_rows()), tmp_path / "made.svg")
    svg = "{http://www.w3.org/2000/svg}"
    drawn = ET.parse(tmp_path / "made.svg").getroot()
    (frame,) = drawn.findall(f".//{svg}g[@id='axes_1']/{svg}g[@id='patch_2']/{svg}path")
    top = min(float(y) for y in re.findall(r"[ML] \S+ (\S+)", frame.attrib["d"]))
    legend = drawn.findall(f".//{svg}g[@id='legend_1']//{svg}text")
    assert [text.text for text in legend] == ["predicted: slots / wait", "measured, with its spread"]
    assert all(float(text.attrib["y"]) < top for text in legend)


def test_the_versions_are_those_that_took_part():
    """rawasgi, the servers and the frameworks, each once."""
    named = [version.split()[0] for version in versions(CONTENDERS)]
    assert named == ["rawasgi", "fastapi", "flask", "gunicorn", "httptools", "hypercorn", "uvicorn"]
    assert versions([ASYNC])[0] == f"rawasgi {__version__}"
