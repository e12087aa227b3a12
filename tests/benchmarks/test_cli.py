"""The command line: what it prints and writes, and what it says of bad input."""

import json
import re
from dataclasses import replace

import pytest

from benchmarks.cli import SCENARIOS, main
from tests.benchmarks.made import two_rows
from tests.benchmarks.support import TINY, contender, scenario
from tests.benchmarks.test_report import dated

SAMPLE = {"sample": scenario("plain")}
ALL = "raw, rawasgi, fastapi, fastapi-def, rawasgi-hypercorn, flask-sync, flask-8, flask-40, flask-200"
QUICK = ["--clients", "2", "--seconds", "0.2", "--rounds", "1"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "nope"], "there is no scenario 'nope'. There are: wait_io"),
        (["plot", "nope"], "there is no scenario 'nope'. There are: wait_io"),
        (["run", "wait_io", "--only", "nope"], f"there is no contender 'nope'. There are: {ALL}"),
        (["locust", "wait_io", "--only", "nope"], f"there is no contender 'nope'. There are: {ALL}"),
        (["run", "wait_io", "--clients", "0"], "--clients 0 is out of bounds: more than 0, at most 1000"),
        (["run", "wait_io", "--seconds", "3600"], "--seconds 3600 is out of bounds: more than 0, at most 60"),
        (["run", "wait_io", "--seconds", "nan"], "--seconds nan is out of bounds: more than 0, at most 60"),
        (["run", "wait_io", "--rounds", "-1"], "--rounds -1 is out of bounds: more than 0, at most 20"),
        (["plot", "--to", "a.gif"], "--to a.gif: a picture is an .svg or a .png"),
    ],
)
def test_what_does_not_exist_or_is_out_of_bounds_is_answered_with_what_does(capsys, arguments, complaint):
    """Exit status 2, and nothing was started."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr().err.splitlines()[-1]
    assert (ended.value.code, said) == (2, f"python -m benchmarks: error: {complaint}")


def test_a_run_prints_its_table_and_writes_it_with_data_and_picture(capsys, tmp_path):
    """Exit status 0; each step is said on standard error when asked for."""
    assert main(["run", "sample", *QUICK, "-v"], SAMPLE, tmp_path) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines() == ["proof plain", "closed plain 1", "open plain 1"]
    *table, _, data, text, picture = printed.out.splitlines()
    assert [data, text, picture] == [str(tmp_path / f"sample.{kind}") for kind in ("json", "txt", "svg")]
    assert (tmp_path / "sample.txt").read_text("utf-8").splitlines() == table
    found = json.loads((tmp_path / "sample.json").read_text("utf-8"))
    assert (found["partial"], len(found["windows"]), found["load"]["share"]) == ("", 2, 0.8)
    assert re.fullmatch(r"the plain one +∞ +100 +[\d.]+ ±[\d.]+ .*", table[6])


def test_a_failed_proof_is_one_line(capsys, tmp_path):
    """Exit status 1, no table, no file: what was there from another run stays."""
    assert main(["run", "sample", *QUICK], {"sample": scenario("plain", "other")}, tmp_path) == 1
    fault = "the other one does not do the same work: body: expected b'waited', seen b'wanted'"
    assert capsys.readouterr() == ("", f"benchmarks: {fault}. Nothing was measured\n")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_dies_leaves_a_partial_table(capsys, tmp_path):
    """Exit status 1; what was done before is printed, written and marked."""
    assert main(["run", "sample", *QUICK, "--closed"], {"sample": scenario("plain", "mortal")}, tmp_path) == 1
    printed = capsys.readouterr()
    found = json.loads((tmp_path / "sample.json").read_text("utf-8"))
    assert printed.err == f"benchmarks: {found['partial']}. What was done until then is kept\n"
    assert printed.out.splitlines()[3] == f"PARTIAL: {found['partial']}"
    assert found["partial"].startswith(
        "the mortal one, round 1: its server ended with status 3 in mid-run; its log says: "
    )
    assert found["partial"].endswith(" | the fifth was too much")
    assert [each["contender"] for each in found["windows"]] == ["plain"]


def test_what_is_not_installed_is_named(capsys, tmp_path):
    """One line with the remedy, before anything is started."""
    server = replace(TINY, requires=("no_such_package",))
    assert main(["run", "sample"], {"sample": scenario(contender("plain", server))}, tmp_path) == 1
    assert capsys.readouterr() == (
        "",
        "benchmarks: not installed: no_such_package. `make bench` installs all that the benchmarks need.\n",
    )


def test_what_cannot_be_written_has_been_printed(capsys, tmp_path):
    """One line with the path, and the table all the same; `--closed` left the open loop out."""
    (tmp_path / "file").write_text("", "utf-8")
    assert main(["run", "sample", *QUICK, "--closed", "-v"], SAMPLE, tmp_path / "file") == 1
    printed = capsys.readouterr()
    *steps, said = printed.err.splitlines()
    assert steps == ["proof plain", "closed plain 1"]
    assert said == f"benchmarks: cannot write {tmp_path / 'file'}: File exists. Make room or choose another place."
    assert printed.out.splitlines()[5].split() == "slots predicted answers/s p50 p99 unanswered failed MiB core".split()


def test_the_last_run_can_be_drawn_again(capsys, tmp_path):
    """From its file, wherever the picture is wanted."""
    (tmp_path / "sample.json").write_text(json.dumps(dated(two_rows())), "utf-8")
    assert main(["plot", "sample", "--to", str(tmp_path / "other.svg")], SAMPLE, tmp_path) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'other.svg'}\n"
    assert "the pool one" in (tmp_path / "other.svg").read_text("utf-8")


@pytest.mark.parametrize("content", [None, "{", "{}", "[]"])
def test_without_a_run_there_is_nothing_to_draw(capsys, tmp_path, content):
    """No file, half of one, or another one: the line says how to make it."""
    if content is not None:
        (tmp_path / "sample.json").write_text(content, "utf-8")
    assert main(["plot", "sample"], SAMPLE, tmp_path) == 1
    assert capsys.readouterr().err == (
        f"benchmarks: there is no run in {tmp_path / 'sample.json'}. To make one: python -m benchmarks run sample\n"
    )


def test_the_scenario_has_the_contenders_of_the_question():
    """What their slots allow of 200 clients, who wait 100 ms each."""
    made = SCENARIOS["wait_io"]
    assert {name: made.prediction(each, 200) for name, each in made.contenders.items()} == {
        "raw": 2000,
        "rawasgi": 2000,
        "fastapi": 2000,
        "fastapi-def": 400,
        "rawasgi-hypercorn": 2000,
        "flask-sync": 10,
        "flask-8": 80,
        "flask-40": 400,
        "flask-200": 2000,
    }
