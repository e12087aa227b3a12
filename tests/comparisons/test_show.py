"""Two apps side by side."""

import pytest

from comparisons.contract import Contract
from comparisons.discovery import Comparison, find
from comparisons.matrix import console
from comparisons.show import Passage, aligned, pair, passages, picture
from comparisons.stacks import STACKS

LEFT = "import a\n\napp = a.App()  # [1]\n\n\n@app.get('/')  # [2] route\ndef f():\n    return 'x'  # [3]\n"


def test_a_file_is_cut_at_its_markers():
    """A passage begins with the line of its marker and ends with its last line of text."""
    assert [passage.beat for passage in passages("# [2]\nx = 1\n# [1] entry\ny = 2\n")] == [2, 1]
    assert passages(LEFT) == [
        Passage(0, ("import a",)),
        Passage(1, ("app = a.App()  # [1]",)),
        Passage(2, ("@app.get('/')  # [2] route", "def f():")),
        Passage(3, ("    return 'x'  # [3]",)),
    ]


def beats(*numbers):
    """Passages of these beats."""
    return [Passage(number, ()) for number in numbers]


@pytest.mark.parametrize(
    ("left", "right", "pairs"),
    [
        ([0, 1, 2], [0, 1, 2], [(0, 0), (1, 1), (2, 2)]),
        ([0, 1, 3], [0, 1, 2, 3], [(0, 0), (1, 1), (None, 2), (3, 3)]),
        ([0, 1], [0, 2], [(0, 0), (1, None), (None, 2)]),
        ([0, 2, 1], [0, 1, 2], [(0, 0), (None, 1), (2, 2), (1, None)]),
    ],
)
def test_equal_beats_stand_at_the_same_height(left, right, pairs):
    """What has no counterpart stands alone; no passage is lost and none moves."""
    found = [
        (one.beat if one else None, other.beat if other else None)
        for one, other in aligned(beats(*left), beats(*right))
    ]
    assert found == pairs


def test_a_pair_names_beats_providers_and_lines_of_code(tmp_path):
    """Where a framework does a beat for you, its column says who."""
    (tmp_path / "fastapi_app.py").write_text("app = 1  # [1]\n", "utf-8")
    (tmp_path / "flask_app.py").write_text("app = 1  # [1]\nx = 2  # [2]\n", "utf-8")
    contract = Contract(
        question="Is it so?",
        leaves=[],
        beats={1: "enter", 2: "answer"},
        steps=[],
        provided={("fastapi", 2): "fastapi:Response"},
    )
    screen = console()
    with screen.capture() as captured:
        screen.print(pair(Comparison("is_it_so", tmp_path, "x", contract), STACKS["fastapi"], STACKS["flask"]))
    assert [line.split() for line in captured.get().splitlines() if line.strip()] == [
        ["is", "it", "so:", "Is", "it", "so?"],
        ["FastAPI", "Flask"],
        ["[1]", "enter"],
        ["app", "=", "1", "#", "[1]", "app", "=", "1", "#", "[1]"],
        ["[2]", "answer"],
        ["(FastAPI", "does", "it:", "fastapi:Response)", "x", "=", "2", "#", "[2]"],
        ["lines", "of", "code:", "FastAPI", "1", "·", "Flask", "2"],
    ]


def test_the_picture_of_the_first_page_is_what_show_draws():
    """README.md shows real output: `make readme` writes it, and nothing in it is fetched from anywhere."""
    comparison = find()["hello_world"]
    drawn = (comparison.folder / "pair.svg").read_text("utf-8")
    assert drawn == picture(comparison, STACKS["fastapi"], STACKS["rawasgi"])
    assert [word for word in ("http://", "https://", "@font-face", "url(#") if word in drawn] == ["http://", "url(#"]
    assert drawn.count("http") == drawn.count('xmlns="http://www.w3.org/2000/svg"') == 1
