"""How a module reads: its docstring has a form, and every pointer in it leads somewhere."""

import ast
import re

import pytest

from rawasgi.__main__ import FLOORS
from tests.architecture.mirrors import resolve
from tests.architecture.tree import Source, functions, sources, written

FLOOR_OF = {f"rawasgi/{name}": floor.name for floor in FLOORS for name in floor.files}
PEERS = ("In FastAPI", "In Starlette", "In Flask")
LABELS = ("Spec", "Grown from", *PEERS, "Left out")

WHERE_WE_ARE = "bytes > server > app > middleware > routing > handler > response > bytes"
NONE_BECAUSE = re.compile(r"none, because \S")
POINTER = re.compile(r"\b([a-z_][\w.]*:[A-Za-z_][\w.]*)")
ANCESTOR = re.compile(r"(tiny/\w+\.py):([\w.]+), because \S")


def fields(docstring: str) -> dict[str, str]:
    """The labelled lines of a module docstring; a value goes on until the next label, over lines too."""
    pattern = rf"(?:^|\s)({'|'.join(LABELS)}):[ ]*"
    _, *parts = re.split(pattern, docstring)
    return {label: " ".join(value.split()) for label, value in zip(parts[::2], parts[1::2], strict=True)}


def formless_docstrings(files: list[Source]) -> list[str]:
    """Module docstrings that leave the form: what is missing, module by module."""
    faults = []
    for source in files:
        docstring = ast.get_docstring(source.syntax) or ""
        opening = docstring.partition("\n")[0]
        if not re.fullmatch(r"\S.* in -> \S.* out\b.*\.", opening):
            faults.append(f"{source}: opens with no `X in -> Y out.`")
        if FLOOR_OF.get(source.path) != "messages" and not says_where_we_are(docstring):
            faults.append(f"{source}: has no line `{WHERE_WE_ARE}` with the place in brackets")
        found = fields(docstring)
        wanted = [label for label in LABELS if label != "Grown from" or FLOOR_OF.get(source.path) == "core"]
        faults += [f"{source}: has no `{label}:`" for label in wanted if not found.get(label)]
        spec = found.get("Spec", "")
        if spec and "https://" not in spec and not NONE_BECAUSE.match(spec):
            faults.append(f"{source}: `Spec:` has neither a link nor `none, because …`")
    return faults


def says_where_we_are(docstring: str) -> bool:
    """Whether one line is the way of a request, with one stretch of it in brackets."""
    return any(
        line.count("[") == line.count("]") == 1 and line.replace("[", "").replace("]", "").startswith(WHERE_WE_ARE)
        for line in docstring.splitlines()
    )


def dead_pointers(files: list[Source]) -> list[str]:
    """`In FastAPI`, `In Starlette` and `In Flask` without a pointer, or with one that does not resolve."""
    faults = []
    for source in files:
        found = fields(ast.get_docstring(source.syntax) or "")
        for label in PEERS:
            value = found.get(label, "")
            pointers = POINTER.findall(value)
            if value and not pointers and not NONE_BECAUSE.match(value):
                faults.append(f"{source}: `{label}:` has neither `module:qualname` nor `none, because …`")
            for pointer in pointers:
                try:
                    resolve(pointer)
                except (ImportError, AttributeError) as error:
                    faults.append(f"{source}: `{label}: {pointer}` leads nowhere: {error}")
    return faults


def lost_ancestors(files: list[Source]) -> list[str]:
    """`Grown from: tiny/file.py:name, because …` whose name is not defined there."""
    faults = []
    for source in files:
        value = fields(ast.get_docstring(source.syntax) or "").get("Grown from")
        if value is None or NONE_BECAUSE.match(value):
            continue
        ancestor = ANCESTOR.match(value)
        if ancestor is None:
            faults.append(f"{source}: `Grown from:` is no `tiny/file.py:name, because …`")
        elif ancestor[2] not in defined_names(source.root / "rawasgi" / ancestor[1]):
            faults.append(f"{source}: {ancestor[1]} has no {ancestor[2]}")
    return faults


def defined_names(path) -> set[str]:
    """The functions, classes and top-level names of a file."""
    source = Source(path.parent, path.name)
    classes = {node.name for node in ast.walk(source.syntax) if isinstance(node, ast.ClassDef)}
    assigned = {
        target.id
        for node in source.syntax.body
        for target in getattr(node, "targets", [getattr(node, "target", None)])
        if isinstance(target, ast.Name)
    }
    return classes | assigned | {name for name, _ in functions(source)}


def silent_tests(files: list[Source]) -> list[str]:
    """Tests without a docstring that opens with one sentence."""
    return [
        f"{source}:{node.lineno}: {name} has no sentence"
        for source in files
        for name, node in functions(source)
        if name.split(".")[-1].startswith("test_")
        and not (ast.get_docstring(node) or "").partition("\n\n")[0].endswith((".", "?"))
    ]


MODULES = [source for source in sources("rawasgi") if source.path in FLOOR_OF]


@pytest.mark.parametrize("rule", [formless_docstrings, dead_pointers, lost_ancestors], ids=lambda rule: rule.__name__)
def test_every_module_reads_as_agreed(rule):
    """Each file of the reading path opens with the agreed docstring, and its pointers resolve."""
    assert rule(MODULES) == []


def test_every_test_says_what_it_holds():
    """Each test of the repository has a docstring that opens with one sentence."""
    assert silent_tests(sources("tests")) == []


def test_no_assert_guards_a_protocol_rule():
    """rawasgi/ has no `assert` statement: python -O would remove the rule."""
    found = [(s.path, n.lineno) for s in sources("rawasgi") for n in ast.walk(s.syntax) if isinstance(n, ast.Assert)]
    assert found == []


GOOD = '''"""Scope in -> the route that answers it out.

bytes > server > app > middleware > [routing] > handler > response > bytes

Spec:        https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope  (path)
Grown from:  tiny/app.py:find_route, because a list scan costs more with every route
In FastAPI:  fastapi.routing:APIRouter    In Starlette: starlette.routing:Router
In Flask:    none, because it leaves routing
             to werkzeug.routing:Map
Left out:    regular expressions
"""
'''


@pytest.fixture
def routing(tmp_path):
    """Write the good module, one piece of its text replaced, beside a tiny/app.py."""

    def write(old="", new=""):
        return written(tmp_path, rawasgi__routing=GOOD.replace(old, new), rawasgi__tiny__app="def find_route(): ...")[
            :1
        ]

    return write


def test_the_form_is_recognised(routing):
    """The model docstring has no fault, and its fields are read over lines and side by side."""
    files = routing()
    assert (formless_docstrings(files), dead_pointers(files), lost_ancestors(files)) == ([], [], [])
    assert fields(GOOD)["In Flask"] == "none, because it leaves routing to werkzeug.routing:Map"


@pytest.mark.parametrize(
    ("rule", "old", "new", "fault"),
    [
        (formless_docstrings, "in -> the", "and the", "opens with no `X in -> Y out.`"),
        (formless_docstrings, "[routing]", "routing", f"has no line `{WHERE_WE_ARE}` with the place in brackets"),
        (formless_docstrings, "Left out:", "Missing:", "has no `Left out:`"),
        (formless_docstrings, "Grown from:", "From:", "has no `Grown from:`"),
        (formless_docstrings, "https://", "see ", "`Spec:` has neither a link nor `none, because …`"),
        (
            dead_pointers,
            "fastapi.routing:APIRouter",
            "its router",
            "`In FastAPI:` has neither `module:qualname` nor `none, because …`",
        ),
        (
            dead_pointers,
            "routing:Router",
            "routing:Routr",
            "`In Starlette: starlette.routing:Routr` leads nowhere: module 'starlette.routing' has no attribute 'Routr'",
        ),
        (lost_ancestors, "find_route", "find", "tiny/app.py has no find"),
        (lost_ancestors, ", because a list", " a list", "`Grown from:` is no `tiny/file.py:name, because …`"),
    ],
)
def test_a_fault_of_the_form_is_seen(routing, rule, old, new, fault):
    """Each part of the form that is missing or leads nowhere is named."""
    assert rule(routing(old, new)) == [f"rawasgi/routing.py: {fault}"]


def test_a_test_without_a_sentence_is_seen(tmp_path):
    """A test needs a docstring; a helper does not."""
    text = "def helper(): ...\ndef test_a(): ...\ndef test_b():\n    '''It holds.'''\n"
    assert silent_tests(written(tmp_path, tests__test_x=text)) == ["tests/test_x.py:2: test_a has no sentence"]
