"""The command line: what it prints, and what it says of bad input."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.demo import Told
from comparisons import inside
from comparisons.cli import PYTHON, TRY_NEXT, main
from comparisons.discovery import find
from comparisons.runner import plan, run_all
from rawasgi.instruments.xraying.text import HEIGHT
from tests.comparisons.support import SAMPLES, outcome

ALL_STACKS = "raw_asgi, tiny, rawasgi, fastapi, flask, raw_wsgi, django_asgi, django_wsgi"
ALL_SERVERS = "uvicorn, hypercorn, tiny, gunicorn, uvicorn-wsproto, gunicorn-sync"
ALL_SAMPLES = "fails, holds, answers, starts, stops, everything"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "nope"], f"there is no comparison 'nope'. There are: {ALL_SAMPLES}"),
        (["run", "--stack", "nope"], f"there is no stack 'nope'. There are: {ALL_STACKS}"),
        (["run", "--server", "nope"], f"there is no server 'nope'. There are: {ALL_SERVERS}"),
        (["show", "nope"], f"there is no comparison 'nope'. There are: {ALL_SAMPLES}"),
        (["show", "everything"], "everything has no stack 'fastapi'. It has: raw_asgi, raw_wsgi"),
        (["show", "everything", "--pair", "raw_asgi,nope"], f"there is no stack 'nope'. There are: {ALL_STACKS}"),
        (["show", "everything", "--pair", "raw_asgi"], "a pair is two stacks: --pair flask,raw_wsgi"),
        (
            ["run", "starts", "--server", "gunicorn"],
            "nothing to run. There are: raw_asgi on hypercorn, raw_asgi on tiny, raw_asgi on uvicorn",
        ),
        (["lessons", "nope"], f"there is no comparison 'nope'. There are: {ALL_SAMPLES}"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(capsys, arguments, complaint):
    """Exit status 2 and the valid names."""
    with pytest.raises(SystemExit) as ended:
        main(arguments, SAMPLES)
    assert (ended.value.code, capsys.readouterr().err.splitlines()[-1]) == (
        2,
        f"python -m comparisons: error: {complaint}",
    )


@pytest.mark.parametrize("arguments", [[], ["nope"]])
def test_an_unknown_command_lists_the_commands(capsys, arguments):
    """Exit status 2."""
    with pytest.raises(SystemExit) as ended:
        main(arguments, SAMPLES)
    assert ended.value.code == 2
    assert "python -m comparisons [-h] command ..." in capsys.readouterr().err


def test_list_names_questions_and_stacks(capsys):
    """Two lines for each comparison."""
    assert main(["list"], SAMPLES) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "everything: Does the contract language say what is on the wire?",
        "    17 exchanges · raw_asgi, raw_wsgi",
    ]


def test_run_writes_what_was_seen(tmp_path):
    """The matrix on standard output, everything in the file, nothing on standard error where there is no terminal."""
    path = tmp_path / "seen.json"
    status, output, errors = outcome("run", "holds", "--server", "tiny", "--json", str(path))
    assert (status, errors) == (0, "")
    assert [line.rstrip() for line in output.splitlines()] == [
        "holds: Is it so?",
        "",
        "         raw ASGI",
        "GET /    200",
        "verdict  same",
        "",
    ]
    seen = {
        "status": 200,
        "headers": [],
        "body": "",
        "chunks": [],
        "complete": True,
        "reason": "",
        "kept": True,
        "informational": [],
        "log": [],
    }
    exchange = {"exchange": "GET /", "leaf": "sample", "verdict": "same", "because": [], "seen": seen, "failures": []}
    content = json.loads(path.read_text("utf-8"))
    assert (content["held"], content["versions"]) == (True, [])
    assert content["runs"] == [
        {
            "comparison": "holds",
            "stack": "raw_asgi",
            "server": "tiny",
            "verdict": "same",
            "error": "",
            "exchanges": [exchange],
        }
    ]


def test_a_contract_that_does_not_hold_is_status_1():
    """The failure is printed below the matrix."""
    status, output, errors = outcome("run", "fails", "--server", "tiny")
    assert (status, errors) == (1, "")
    assert "fails · raw_asgi on tiny: GET /: status: expected 201, seen 200" in output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is the full disk")
def test_a_full_disk_is_one_line():
    """Cause and remedy, and no traceback; the matrix was printed before."""
    status, _, errors = outcome("run", "holds", "--server", "tiny", "--json", "/dev/full")
    assert (status, errors) == (
        1,
        "comparisons: cannot write /dev/full: No space left on device. Make room or choose another place.\n",
    )


def test_a_folder_that_does_not_exist_is_one_line(tmp_path):
    """The file that could not be written is named."""
    path = tmp_path / "nowhere" / "seen.json"
    status, _, errors = outcome("run", "holds", "--server", "tiny", "--json", str(path))
    assert (status, errors) == (
        1,
        f"comparisons: cannot write {path}: No such file or directory. Make room or choose another place.\n",
    )


HIDING = "import sys, runpy; sys.modules[sys.argv.pop(1)] = None; runpy.run_module('comparisons', run_name='__main__')"


@pytest.mark.parametrize("name", ["hypercorn", "fastapi", "rich"])
def test_a_missing_extra_is_one_line(name):
    """What is not installed is named, and how to get it."""
    status, output, errors = outcome(name, "run", code=HIDING)
    assert (status, output) == (1, "")
    assert errors.splitlines() == [errors.rstrip()]
    assert errors.startswith("comparisons: ")
    assert name in errors
    assert errors.endswith("`make demo` installs all that the comparisons need.\n")


def test_the_demo_ends_with_a_story_and_files(tmp_path, monkeypatch, capsys):
    """One line for each contract, what differs most, what waiting costs, an x-ray, the files, four commands."""
    results = run_all(plan([find(SAMPLES)["holds"]], servers=["tiny"]), lambda moment: None)
    monkeypatch.setattr("comparisons.cli.ROOT", tmp_path)
    monkeypatch.setattr("comparisons.report.FOLDER", tmp_path / "results")
    monkeypatch.setattr("comparisons.cli.perform", lambda runs, verbose: results)
    told = Told(tuple(f"line {number} of a table" for number in range(1, 7)), tmp_path / "results" / "plot.svg", "", 0)
    monkeypatch.setattr("comparisons.cli.measure", lambda verbose: told)
    assert main(["demo"], SAMPLES) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "✓ holds: 1 exchanges × 1 stacks on 1 servers: held"
    seen = lines.index(f"Inside FastAPI: {inside.COMMAND}")
    assert lines[seen - 3 : seen] == ["line 5 of a table", "line 6 of a table", ""]
    assert lines[seen + 1].endswith("GET /items/7: 200, 16 bytes")
    assert lines[-7:] == [
        "",
        "All of it: results/results.json · results/tables.txt · results/plot.svg",
        "",
        *(f"{PYTHON} -m {command:30} {what}" for command, what in TRY_NEXT),
    ]
    assert len(lines) <= 1 + 20 + 1 + HEIGHT + 2
    monkeypatch.setattr("comparisons.cli.measure", lambda verbose: Told((), None, "the generator was too busy", 1))
    assert main(["demo"], SAMPLES) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "The waiting benchmark measured nothing: the generator was too busy." in lines
    assert "All of it: results/results.json · results/tables.txt" in lines
    assert json.loads((tmp_path / "results" / "results.json").read_text("utf-8"))["held"] is True
    assert (tmp_path / "results" / "tables.txt").read_text("utf-8").startswith("holds: Is it so?\n")


def test_lessons_are_written_from_a_run(tmp_path, monkeypatch, capsys):
    """A stale table is named, then written; after that nothing is stale, and the rest of the lesson is as it was."""
    found = find(SAMPLES)["holds"]
    results = run_all(plan([found], servers=["tiny"]), lambda moment: None)
    copied = [replace(each, run=replace(each.run, comparison=replace(found, folder=tmp_path))) for each in results]
    monkeypatch.setattr("comparisons.cli.perform", lambda runs: copied)
    lesson = tmp_path / "lesson.md"
    lesson.write_text("# Holds\n\n<!-- matrix -->\nold\n<!-- /matrix -->\n\nThe end.\n", "utf-8")
    statuses = [main(["lessons", "holds", *check], SAMPLES) for check in (["--check"], [], ["--check"])]
    assert (statuses, capsys.readouterr().out) == (
        [1, 0, 0],
        "stale: holds in lesson.md\nwritten: holds in lesson.md\nstale: none\n",
    )
    assert lesson.read_text("utf-8").splitlines() == [
        "# Holds",
        "",
        "<!-- matrix -->",
        "|  | raw ASGI |",
        "|---|---|",
        "| GET / | 200 |",
        "| verdict | same |",
        "<!-- /matrix -->",
        "",
        "The end.",
    ]


def test_a_lesson_of_a_contract_that_does_not_hold_is_not_written(capsys):
    """A table of failures teaches nothing."""
    assert main(["lessons", "fails", "--check"], SAMPLES) == 1
    assert capsys.readouterr().err == (
        "comparisons: fails does not hold, so its lesson cannot be written. See: run fails\n"
    )


def test_a_contract_that_cannot_be_read_is_one_line(tmp_path, monkeypatch, capsys):
    """A half-written contract names its file and its fault, and no traceback hides them."""
    folder = tmp_path / "p01_phase" / "half_written"
    folder.mkdir(parents=True)
    (folder / "contract.py").write_text("CONTRACT = nonsense\n", "utf-8")
    monkeypatch.setattr("comparisons.discovery.ROOT", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["list"], tmp_path) == 1
    assert capsys.readouterr().err == (
        "comparisons: p01_phase/half_written/contract.py cannot be read: NameError: name 'nonsense' is not defined. "
        "Mend it, or take its folder away.\n"
    )
