"""What every comparison in the repository must have."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from comparisons import lessons
from comparisons.contract import Contract, Differs, http, process, raw, ws
from comparisons.discovery import Comparison, complaints, find
from comparisons.matrix import failures
from comparisons.report import by_comparison, summary
from comparisons.runner import plan, run_all
from comparisons.servers import ROOT

FOUND = find()
every = pytest.mark.parametrize("comparison", FOUND.values(), ids=list(FOUND))


@every
def test_a_comparison_is_complete(comparison):
    """Six exchanges, an error, a malformed one and an edge; each leaf tagged; every file and every beat there."""
    assert complaints(comparison) == []


@every
def test_an_app_file_has_at_most_80_lines_and_a_lesson_50(comparison):
    """An app is the feature, a lesson is a card."""
    caps = {path: 80 for path in comparison.folder.glob("*.py") if path.name != "contract.py"}
    caps[comparison.folder / "lesson.md"] = 50
    caps[comparison.folder / "contract.py"] = 400
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in caps}
    assert {name: length for path, cap in caps.items() if (length := lengths[name := path.name]) > cap} == {}


@every
def test_whoever_provides_a_beat_exists(comparison):
    """`module:qualname` resolves."""
    for pointer in comparison.contract.provided.values():
        module, _, qualname = pointer.partition(":")
        found = importlib.import_module(module)
        for name in qualname.split("."):
            found = getattr(found, name)


@pytest.mark.timeout(180)
def test_every_contract_holds_on_every_server_and_the_lessons_say_so():
    """The main job on real servers; the tables of the lessons and of the first page are what came out."""
    results = run_all(plan(list(FOUND.values())), lambda moment: None)
    assert failures(results) == []
    for comparison, own in by_comparison(results):
        assert [page for page, _ in lessons.stale(comparison, own)] == [], f"comparisons lessons {comparison.name}"
        assert summary(comparison, own).endswith(": held")


LEAVES = tomllib.loads((ROOT / "comparisons" / "roadmap.toml").read_text("utf-8"))["leaf"]


def leaves_of(text):
    """The items of a nested list that have no items below them, without their emphasis."""
    items = [
        (len(found[1]), re.sub(r"[*`]", "", found[2]))
        for line in text.splitlines()
        if (found := re.match(r"( *)(?:-|\d+\.) (.*)", line))
    ]
    return [item for (depth, item), (below, _) in zip(items, [*items[1:], (0, "")], strict=True) if below <= depth]


def test_a_leaf_is_what_has_nothing_below():
    """Numbered items are items."""
    assert leaves_of("# x\n- **a**:\n  - `b` (c)\n  1. d\n- e\n") == ["b (c)", "d", "e"]


def test_the_roadmap_is_covered_leaf_by_leaf():
    """Every leaf of roadmap.md has its entry, in its order."""
    assert [leaf["leaf"] for leaf in LEAVES] == leaves_of((ROOT / "comparisons" / "roadmap.md").read_text("utf-8"))


def test_every_leaf_has_a_question_and_a_tag_of_its_own():
    """No two leaves share them."""
    for key in ("tag", "question"):
        values = [leaf[key] for leaf in LEAVES]
        assert len(set(values)) == len(values)


def test_roadmap_and_contracts_agree_who_serves_which_leaf():
    """A leaf is served by the one comparison that names it, or planned."""
    served = {leaf: comparison.name for comparison in FOUND.values() for leaf in comparison.contract.leaves}
    assert {leaf["tag"]: leaf["comparison"] for leaf in LEAVES if leaf["comparison"] != "planned"} == served


GOOD = Contract(
    question="?",
    leaves=["a"],
    beats={1: "one"},
    stacks=["raw_asgi"],
    steps=[
        http("HEAD", leaf="a").answers(404),
        raw(b"", title="nothing"),
        *(http("GET", f"/{number}") for number in range(4)),
    ],
)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, None),
        ({"steps": [*GOOD.steps[:4], GOOD.steps[3], GOOD.steps[5]]}, "two exchanges are called 'GET /1'"),
        ({"steps": GOOD.steps[:5]}, "5 exchanges are fewer than six"),
        ({"steps": [*GOOD.steps[:1], *GOOD.steps[2:], ws("/")]}, "no exchange is malformed"),
        ({"steps": [http("HEAD", leaf="a").answers(200), *GOOD.steps[1:]]}, "no exchange is an error"),
        (
            {"steps": [http("GET", leaf="a").answers(404), *GOOD.steps[1:]]},
            "no exchange is a HEAD, an OPTIONS or a close",
        ),
        ({"leaves": ["a", "b"]}, "no exchange is tagged with the leaf b"),
        ({"leaves": []}, "the leaf a of an exchange is not the contract's"),
        ({"differences": [Differs("flask", "GET /9", because="")]}, "a difference names an unknown exchange 'GET /9'"),
        ({"differences": [Differs("flaks", "GET /1", because="")]}, "a difference names an unknown place 'flaks'"),
        ({"differences": [Differs("flask@x", "GET /1", because="")]}, "a difference names an unknown place 'flask@x'"),
        ({"stacks": ["raw_asgi", "raw_wsgi"]}, "raw_wsgi.py is missing"),
        ({"beats": {1: "one", 2: "two"}}, "raw_asgi.py has no beat [2], and nothing is declared to provide it"),
        ({"beats": {}}, "raw_asgi.py marks [1], which the contract does not name"),
        ({"provided": {("raw_asgi", 1): "x:y"}}, "raw_asgi.py marks [1] and it is declared as provided"),
    ],
)
def test_what_a_comparison_lacks_is_said(tmp_path, change, complaint):
    """Each complaint by an example that earns it."""
    (tmp_path / "raw_asgi.py").write_text("app = 1  # [1] one\n", "utf-8")
    (tmp_path / "lesson.md").write_text("# It\n", "utf-8")
    comparison = Comparison("it", tmp_path, "it", Contract(**{**vars(GOOD), **change}))
    assert complaints(comparison)[:1] == ([] if complaint is None else [complaint])


@pytest.mark.parametrize("step", [ws("/").closes(), ws("/").closed(), http("OPTIONS"), process(signal="SIGTERM")])
def test_a_close_an_options_and_an_end_are_edges(tmp_path, step):
    """Each of them is what a hello world does not think of."""
    steps = [http("GET", leaf="a").answers(404), *GOOD.steps[1:5], step]
    comparison = Comparison("it", tmp_path, "it", Contract(**{**vars(GOOD), "steps": steps, "stacks": [], "beats": {}}))
    assert complaints(comparison) == ["lesson.md is missing"]


def test_only_folders_with_a_contract_are_found(tmp_path, monkeypatch):
    """Nothing else registers a comparison."""
    assert find(Path(__file__).parent) == {}
