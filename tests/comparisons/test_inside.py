"""The x-ray of a FastAPI route that the demo and the first page show."""

import pytest

from comparisons import inside
from comparisons.cli import main
from comparisons.servers import ROOT

PAGE = "# A page\n\n<!-- xray -->\n{}<!-- /xray -->\n\nThe end.\n"


def test_it_shows_what_there_is_to_ask_about():
    """A second task, a hop to a thread, dependencies in order, and three findings, each with where to read on."""
    picture = inside.picture()
    assert (picture.ending, picture.hops) == ("200, 16 bytes", 1)
    assert "copied" in {stage.context for stage in picture.stages}
    assert [(each.name, each.is_cached, each.torn_down) for each in picture.dependencies] == [
        ("prices", False, ""),
        ("prices", True, ""),
        ("till", False, "after the response"),
    ]
    assert [finding.kind for finding in picture.findings] == ["context_lost", "blind_disconnect", "sync_dependency"]
    assert all((ROOT / finding.see).is_dir() for finding in picture.findings)


def test_the_first_page_shows_what_is_seen_today():
    """But for the figures of time: `make readme` writes it."""
    page = ROOT / "README.md"
    assert inside.BLOCK.search(page.read_text("utf-8"))
    assert inside.stale(page) is None


def test_a_page_is_written_between_its_markers(tmp_path, capsys):
    """What stands around them stays; written once, it is not stale."""
    page = tmp_path / "page.md"
    page.write_text(PAGE.format("old\n"), "utf-8")
    assert main(["inside", "--to", str(page)]) == 0
    text = page.read_text("utf-8")
    assert text.startswith(PAGE.partition("{}")[0] + f"```\n$ python -m {inside.COMMAND}\nx-ray of {inside.APP}, ")
    assert text.endswith("\n```\n<!-- /xray -->\n\nThe end.\n")
    assert inside.stale(page) is None
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("line", "without"),
    [
        ("  GET /    0    2        212 ± 9 µs   54 % ████  another task", "  GET /    0    2         another task"),
        ("  GET /    0    2       5.2 ± <0.1 ms   54 %", "  GET /    0    2"),
        ("  GET /    0    2   too noisy to tell", "  GET /    0    2"),
    ],
)
def test_figures_of_time_are_not_compared(line, without):
    """A figure, its spread, its share and its bar."""
    assert " ".join(inside.steady(line).split()) == " ".join(without.split())
