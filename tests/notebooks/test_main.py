"""`python -m notebooks`: build, check, copy."""

import json
import sys

import pytest

from notebooks.__main__ import copied, difference, main
from notebooks.build import HOME, chapters

NAME = "01_one_callable_three_scopes"


def test_the_chapters_are_what_their_texts_make_of_them(capsys):
    """`check` builds every chapter again and finds no difference."""
    assert (main(["check"]), capsys.readouterr().err) == (0, "")


@pytest.mark.parametrize("arguments", [[], ["bild"], ["build", "99"]])
def test_an_unknown_command_or_chapter_lists_the_known_ones(capsys, arguments):
    """Exit status 2, and nothing is built."""
    assert main(arguments) == 2
    said = f"usage: python -m notebooks build|check|copy [CHAPTER ...]\nchapters: {', '.join(chapters())}\n"
    assert capsys.readouterr() == ("", said)


@pytest.fixture
def home(tmp_path):
    """One small chapter."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "01_x.md").write_text("# x\n\n```{code-cell} ipython3\n1\n```\n", encoding="utf-8")
    return tmp_path


def test_what_was_built_is_found_as_built_until_somebody_changes_it(home, capsys, monkeypatch):
    """`check` names the first cell that differs, and how to mend it."""
    monkeypatch.setattr("notebooks.build.PINNED", sys.version_info[:2])
    assert (main(["build"], home), main(["check"], home)) == (0, 0)
    path = home / "01_x.ipynb"
    path.write_text(path.read_text("utf-8").replace('"text/plain": "1"', '"text/plain": "2"'), encoding="utf-8")
    capsys.readouterr()
    assert main(["check"], home) == 1
    assert (
        capsys.readouterr().err == "notebooks: 01_x.ipynb: cell 2 differs in its outputs. `make notebooks` builds it.\n"
    )


def test_a_notebook_that_is_missing_is_told(home, capsys):
    """`check` before the first `build` is a line, no traceback."""
    assert main(["check"], home) == 1
    assert capsys.readouterr().err.startswith("notebooks: [Errno 2] No such file or directory")


def test_a_difference_beyond_the_cells_is_found():
    """One cell more, or another kernel, is a difference too."""
    one = {"cells": [{"id": "a"}], "metadata": {}}
    assert difference(one, {"cells": [], "metadata": {}}) == "1 cells where there should be 0"
    assert difference(one, one | {"metadata": {"k": 1}}) == "its metadata or its spacing differs"


def test_a_copy_shows_nothing_before_it_runs(tmp_path):
    """The reader's copy has the same cells without outputs, is invisible to git, and is never overwritten."""
    source, folder = chapters()[NAME], tmp_path / "mine"
    assert copied(source, folder) == f"mine/{NAME}.ipynb: yours"
    stored = json.loads((HOME / f"{NAME}.ipynb").read_text("utf-8"))["cells"]
    copy = folder / f"{NAME}.ipynb"
    cells = json.loads(copy.read_text("utf-8"))["cells"]
    assert [cell["source"] for cell in cells] == [cell["source"] for cell in stored]
    assert [c for c in cells if c.get("outputs") or c.get("execution_count")] == []
    assert (folder / ".gitignore").read_text("utf-8") == "*\n"
    copy.write_text("answered", encoding="utf-8")
    assert copied(source, folder) == f"mine/{NAME}.ipynb: left as it is, it is yours"
    assert copy.read_text("utf-8") == "answered"
