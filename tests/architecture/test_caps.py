"""How large a module, a function and a floor may be."""

import ast

import pytest

from rawasgi import NAMES
from rawasgi.__main__ import FILE_BUDGETS, FLOORS, Floor, code_lines
from tests.architecture.mirrors import counterpart
from tests.architecture.tree import ROOT, Source, functions, sources, written

MODULE_LINES = 400  # all lines
FUNCTION_LINES = 50  # without the docstring
PARAMETERS = 8
CORE_MODULES = 12


def long_modules(files: list[Source]) -> list[str]:
    """Modules over 400 lines."""
    return [f"{s}: {len(s.lines)} lines" for s in files if len(s.lines) > MODULE_LINES]


def long_functions(files: list[Source]) -> list[str]:
    """Functions over 50 lines, from `def` to the last line, without the docstring."""
    faults = []
    for source in files:
        for name, node in functions(source):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
            if lines > FUNCTION_LINES:
                faults.append(f"{source}:{node.lineno}: {name} has {lines} lines")
    return faults


def wide_signatures(files: list[Source]) -> list[str]:
    """Signatures over 8 parameters, but for those that mirror a public counterpart by the table in mirrors.py."""
    faults = []
    for source in files:
        for name, node in functions(source):
            arguments = node.args
            names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
            count = len([n for n in names if n not in ("self", "cls")]) + bool(arguments.vararg) + bool(arguments.kwarg)
            if count > PARAMETERS and not mirrored(source, name):
                faults.append(f"{source}:{node.lineno}: {name} has {count} parameters")
    return faults


def mirrored(source: Source, name: str) -> bool:
    """Whether a public signature of rawasgi is compared with one of Starlette or FastAPI."""
    name = name.removesuffix(".__init__")
    return NAMES.get(name.partition(".")[0]) == source.module and counterpart(name) is not None


def over_budget(files: list[Source], floors: tuple[Floor, ...], budgets: dict[str, int]) -> list[str]:
    """Files and floors with more code lines than they are granted."""
    lines = {source.path.removeprefix("rawasgi/"): code_lines(source.text) for source in files}
    spent = [(name, lines.get(name, 0), budget) for name, budget in budgets.items()]
    spent += [(f.name, sum(lines.get(name, 0) for name in f.files), f.budget) for f in floors if f.budget]
    return [f"{name}: {used} code lines of {budget}" for name, used, budget in spent if used > budget]


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines a function's docstring takes."""
    if ast.get_docstring(node) is None:
        return 0
    statement = node.body[0]
    return (statement.end_lineno or statement.lineno) - statement.lineno + 1


@pytest.mark.parametrize("folder", ["rawasgi", "comparisons", "benchmarks", "notebooks", "tests"])
@pytest.mark.parametrize("cap", [long_modules, long_functions, wide_signatures], ids=lambda cap: cap.__name__)
def test_no_file_is_over_a_cap(folder, cap):
    """Every Python file of the repository is inside the three caps."""
    assert cap(sources(folder)) == []


def test_floors_and_files_are_inside_their_budgets():
    """tiny's server and app are one sitting each, the core is one evening: code lines, by the reading path."""
    assert over_budget(sources("rawasgi"), FLOORS, FILE_BUDGETS) == []


def test_the_core_has_at_most_twelve_modules():
    """The modules that lie in rawasgi/ itself, the two files of the door not counted."""
    core = {path.name for path in (ROOT / "rawasgi").glob("*.py")} - {"__init__.py", "__main__.py"}
    assert len(core) <= CORE_MODULES


def test_the_reading_path_names_every_file():
    """FLOORS lists the files of rawasgi/ and no others; the __init__.py of a folder is read with its folder."""
    listed = sorted(f"rawasgi/{name}" for floor in FLOORS for name in floor.files)
    there = [s.path for s in sources("rawasgi") if not (s.path.count("/") > 1 and s.path.endswith("/__init__.py"))]
    assert listed == there


@pytest.mark.parametrize(
    ("cap", "text", "fault"),
    [
        (long_modules, "\n" * 401, ": 401 lines"),
        (long_functions, "def f():\n    '''doc'''\n" + "    x = 1\n" * 50, ":1: f has 51 lines"),
        (long_functions, "class A:\n    async def f(self):\n" + "        x = 1\n" * 50, ":2: A.f has 51 lines"),
        (wide_signatures, "class A:\n    def f(self, a, b, c, d, /, e, *f, g, **h): ...", ""),
        (
            wide_signatures,
            "class A:\n    def f(self, a, b, c, d, /, e, i, *f, g, **h): ...",
            ":2: A.f has 9 parameters",
        ),
    ],
)
def test_what_is_over_a_cap_is_seen(tmp_path, cap, text, fault):
    """The caps count from the first line over: 401 lines, 51 lines, 9 parameters."""
    assert cap(written(tmp_path, rawasgi__a=text)) == ([f"rawasgi/a.py{fault}"] if fault else [])


def test_a_signature_that_mirrors_a_public_one_may_be_wide(tmp_path):
    """Response.set_cookie has ten parameters because Starlette's has; a method that only ours has is held to eight."""
    wide = "(self, a, b, c, d, e, f, g, h, i): ..."
    text = f"class Response:\n    def set_cookie{wide}\n    def own{wide}\n"
    files = written(tmp_path, rawasgi__responses=text, rawasgi__requests=text)
    assert wide_signatures(files) == [
        "rawasgi/responses.py:3: Response.own has 9 parameters",
        "rawasgi/requests.py:2: Response.set_cookie has 9 parameters",
        "rawasgi/requests.py:3: Response.own has 9 parameters",
    ]


def test_a_budget_that_is_overrun_is_seen(tmp_path):
    """A file of its own and a floor as the sum of its files are named with what they use."""
    files = written(tmp_path, rawasgi__a="x = 1\ny = 2\n", rawasgi__b="z = 3\n")
    floor = Floor("both", "", ("a.py", "b.py"), budget=2)
    assert over_budget(files, (floor,), {"a.py": 1, "b.py": 1}) == [
        "a.py: 2 code lines of 1",
        "both: 3 code lines of 2",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ('"""A module."""\n\n# a comment\nx = 1  # one\n', 1),
        ('def f():\n    """Doc\n    of two lines."""\n    return """a\n\nb"""\n', 4),
        ("f(\n    1,\n\n    # why\n    2,\n)\n", 4),
    ],
)
def test_code_lines_are_lines_without_docstrings_comments_and_blanks(text, count):
    """A string that is a value counts with all its lines, a docstring with none."""
    assert code_lines(text) == count
