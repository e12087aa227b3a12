"""A chapter's text, executed: what comes out, and what is said and left behind where it fails."""

import json
import os
import signal
import subprocess
import sys

import pytest

from notebooks.build import HOME, BuildError, build, chapters, parse, target
from notebooks.clean import Unstable

ROOT = HOME.parent


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of chapters, and one for temporary files of which nothing may be left."""
    (tmp_path / "src").mkdir()
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    yield tmp_path
    assert list((tmp_path / "t").iterdir()) == []


def chapter(home, *cells, name="01_x"):
    """A source with a heading and these code cells."""
    path = home / "src" / f"{name}.md"
    blocks = [f"```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells]
    path.write_text("\n".join(["# Title\n", *blocks]), encoding="utf-8")
    return path


def outputs(built):
    return [cell["outputs"] for cell in json.loads(built)["cells"] if cell["cell_type"] == "code"]


def test_a_chapter_is_executed_from_top_to_bottom(home):
    """Cells share one kernel, may await, and see the repository; the pieces of a stream are one."""
    source = chapter(
        home,
        "import asyncio, rawasgi.tiny.app, sys\nx = 20",
        "await asyncio.sleep(0)\nprint(x, end='', flush=True)\nprint(1, flush=True)\nx + 1",
    )
    assert outputs(build(source)) == [
        [],
        [
            {"name": "stdout", "output_type": "stream", "text": "201\n"},
            {"data": {"text/plain": "21"}, "execution_count": 2, "metadata": {}, "output_type": "execute_result"},
        ],
    ]


def test_two_builds_are_equal_byte_for_byte(home):
    """Ids, the order of a set and the metadata are the same in every run."""
    source = chapter(home, "set('abcdefgh')", "print(hash('x'))", "1", "1")
    assert build(source) == build(source)


def test_a_cell_is_loaded_from_its_file(home):
    """`:load:` puts the text of a file into the cell, and leaves no trace of itself."""
    (home / "stub.py").write_text("x = 1\n", encoding="utf-8")
    (cell,) = parse(chapter(home, ":load: ../stub.py")).cells[1:]
    assert (cell.source, cell.metadata) == ("x = 1", {})
    with pytest.raises(BuildError, match=r"^01_x\.md: \.\./gone\.py cannot be loaded: No such file or directory$"):
        parse(chapter(home, ":load: ../gone.py"))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("1 / 0", "01_x: cell 3 (1 / 0) raised ZeroDivisionError: division by zero"),
        ("import os\nos._exit(3)", "01_x: the kernel died in cell 3 (import os)"),
        ("while True: pass", "01_x: cell 3 (while True: pass) took more than 1 s"),
    ],
)
def test_a_cell_that_fails_ends_the_build_with_one_line(home, cell, said):
    """An exception, a dead kernel and a cell without an end are told with their cell."""
    with pytest.raises(BuildError) as failed:
        build(chapter(home, "x = 1", cell, "never"), seconds=1)
    assert str(failed.value) == said


def test_an_unstable_output_ends_the_build(home):
    """What the kernel printed goes through the same refusals."""
    with pytest.raises(Unstable, match=r"^01_x, cell 2: the output holds an address"):
        build(chapter(home, "object()"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_ended_leaves_nothing_behind(home, number):
    """The kernel is gone when the builder is, nothing is written, and one line says why."""
    os.mkfifo(home / "running")
    chapter(home, f"import os, time\nopen({str(home / 'running')!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    code = f"import sys; from pathlib import Path; from notebooks.__main__ import main; sys.exit(main(['build'], Path({str(home)!r})))"
    builder = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(home / "t")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    kernel = int((home / "running").read_text("utf-8"))
    builder.send_signal(number)
    _, said = builder.communicate(timeout=20)
    assert (builder.returncode, said) == (
        128 + number,
        f"notebooks: 01_x: ended by {number.name}; nothing was written\n",
    )
    assert not target(home / "src" / "01_x.md").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)


def test_the_chapters_are_the_texts_in_src():
    """Each has a notebook beside it."""
    assert [target(source).exists() for source in chapters().values()] == [True] * len(chapters())
