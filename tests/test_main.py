"""`python -m rawasgi`: the reading path, and what a wrong command is told."""

import ast
import re
import subprocess
import sys

import pytest

from rawasgi.__main__ import FLOORS, PACKAGE, code_lines, read, usage


def run(*words):
    return subprocess.run([sys.executable, "-m", "rawasgi", *words], capture_output=True, text=True)


def test_read_prints_every_file_in_reading_order():
    """A row a file, floor after floor: name, code lines, minutes, and the sentence the file opens with."""
    printed = run("read")
    rows = [line.split() for line in printed.stdout.splitlines() if line.startswith("  rawasgi/")]
    assert (printed.returncode, printed.stderr) == (0, "")
    assert [row[0] for row in rows] == [f"rawasgi/{name}" for floor in FLOORS for name in floor.files]
    for row in rows:
        source = (PACKAGE.parent / row[0]).read_text(encoding="utf-8")
        docstring = ast.get_docstring(ast.parse(source)) or ""
        assert int(row[1]) == code_lines(source)
        assert " ".join(row).endswith(docstring.partition("\n")[0].rstrip("."))


def test_the_totals_of_a_floor_are_the_sums_of_its_rows():
    """`together` adds up the code lines and the minutes that stand above it, and shows the floor's budget."""
    for block in "\n".join(read()).split("\n\n")[1:]:
        _, *rows = block.splitlines()
        numbers = [figures(row) for row in rows]
        assert numbers[-1] == tuple(map(sum, zip(*numbers[:-1], strict=True)))


def figures(row):
    """Code lines and minutes of a row, its budget left out."""
    ((lines, minutes),) = re.findall(r"^  \S+ +(\d+)(?: / \d+)? +(\d+)\b", row)
    return int(lines), int(minutes)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "rawasgi: a command is missing"),
        (("raed",), "rawasgi: there is no command 'raed'"),
        (("read", "app"), "rawasgi: there is no command 'read app'"),
    ],
)
def test_a_wrong_command_line_lists_the_commands(words, complaint):
    """What is wrong, then the commands, on standard error, with exit status 2."""
    printed = run(*words)
    assert (printed.returncode, printed.stdout, printed.stderr) == (2, "", f"{complaint}\n{usage()}\n")


def test_help_lists_the_commands_on_standard_output():
    """Who asks for help has made no mistake: exit status 0."""
    printed = run("--help")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.startswith("commands:\n  python -m rawasgi read    ")
