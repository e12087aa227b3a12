"""Imports point down the reading order: who may import whom, and how an import is written."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from rawasgi.__main__ import FLOORS
from tests.architecture.tree import ROOT, Source, sources, written

# The only files with third-party imports, and which.
THIRD_PARTY = {
    "rawasgi/tiny/server.py": {"h11", "wsproto"},
    "rawasgi/instruments/testclient.py": {"httpx2"},
    "rawasgi/toolkit/broadcast_valkey.py": {"valkey"},
    "rawasgi/toolkit/forms.py": {"python_multipart"},
    "rawasgi/toolkit/templates.py": {"jinja2"},
    "rawasgi/middlewares/sessions.py": {"itsdangerous"},
    "rawasgi/typed/answers.py": {"pydantic", "pydantic_core"},
    "rawasgi/typed/bodies.py": {"pydantic_core"},
    "rawasgi/typed/encoders.py": {"pydantic", "pydantic_core"},
    "rawasgi/typed/fields.py": {"pydantic"},
    "rawasgi/typed/making.py": {"pydantic"},
    "rawasgi/typed/openapi/schemas.py": {"pydantic", "pydantic_core"},
    "rawasgi/typed/security/passwords.py": {"argon2"},
    "rawasgi/typed/security/tokens.py": {"jwt"},
}

# Public names that need a package, and the extra that brings it.
EXTRAS = {
    **dict.fromkeys("APIRoute APIWebSocketRoute RequestValidationError ResponseValidationError".split(), "typed"),
    **dict.fromkeys("WebSocketRequestValidationError jsonable_encoder".split(), "typed"),
    **dict.fromkeys("http_exception_handler request_validation_exception_handler".split(), "typed"),
    **dict.fromkeys("Claims Passwords Tokens".split(), "security"),
    "Jinja2Templates": "templates",
    "SessionMiddleware": "sessions",
    "TestClient": "testing",
    "ValkeyBroadcast": "broadcast",
    "add_docs": "typed",
    "get_openapi": "typed",
}

# Two sides of one conversation: they share its messages and nothing else.
STRANGERS = {("tiny/server.py", "tiny/app.py"), ("tiny/app.py", "tiny/server.py")}

ORDER = [name for floor in FLOORS for name in floor.files]
FLOOR_OF = {name: floor for floor in FLOORS for name in floor.files}


class Import(NamedTuple):
    """One imported module, and whether the statement stands at the top of its file."""

    line: int
    module: str
    at_top: bool


def imports(source: Source, package: frozenset[str]) -> Iterator[Import]:
    """The modules a file imports; `from rawasgi import app` names the module rawasgi.app where there is one.

    A `try` at the top of a file, which tells what to install, is the top of the file.
    """
    top = {
        *source.syntax.body,
        *(tried for node in source.syntax.body if isinstance(node, ast.Try) for tried in node.body),
    }
    for node in ast.walk(source.syntax):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name, node in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield Import(node.lineno, module if module in package else node.module, node in top)


def file_of(source: Source) -> str:
    """The name a file has in FLOORS. A folder's __init__.py is read with the last file of its folder."""
    name = source.path.removeprefix("rawasgi/")
    if name.endswith("/__init__.py"):
        siblings = [file for file in ORDER if file.startswith(name.removesuffix("__init__.py"))]
        return siblings[-1] if siblings else name
    return name


def imports_against_the_order(files: list[Source]) -> list[str]:
    """Imports of a file that is not above the importing file, or that stands on a floor it may not use."""
    modules = {source.module: source for source in files}
    faults = []
    for source in files:
        here = file_of(source)
        for line, module, _ in imports(source, frozenset(modules)):
            if module not in modules:
                continue
            there = file_of(modules[module])
            if here not in ORDER or there not in ORDER:
                faults.append(f"{source}:{line}: {here} or {there} is not on the reading path")
            elif there != here and ORDER.index(there) > ORDER.index(here):
                faults.append(f"{source}:{line}: imports {there}, which is read later")
            elif FLOOR_OF[there].name not in (FLOOR_OF[here].name, *FLOOR_OF[here].stands_on):
                faults.append(f"{source}:{line}: {FLOOR_OF[here].name} does not stand on {FLOOR_OF[there].name}")
            elif (here, there) in STRANGERS:
                faults.append(f"{source}:{line}: {here} knows the messages, never {there}")
    return faults


def cycles(files: list[Source]) -> list[str]:
    """Files that import each other, directly or by way of others: each cycle as `a > b > a`."""
    package = frozenset(source.module for source in files)
    targets = {s.module: sorted({i.module for i in imports(s, package)} & package) for s in files}
    faults, done = [], set()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            faults.append(" > ".join([*path[path.index(module) :], module]))
        elif module not in done:
            for target in targets[module]:
                visit(target, [*path, module])
            done.add(module)

    for module in targets:
        visit(module, [])
    return faults


def hidden_imports(files: list[Source]) -> list[str]:
    """Imports of the package itself under `if TYPE_CHECKING` or in a function."""
    package = frozenset(source.module for source in files)
    return [
        f"{source}:{found.line}: {found.module} is imported below the top of the file"
        for source in files
        for found in imports(source, package)
        if found.module.split(".")[0] == "rawasgi" and not found.at_top
    ]


def unexplained_late_imports(files: list[Source]) -> list[str]:
    """Imports below the top of a file without a comment on their line or on the line above."""
    faults = []
    for source in files:
        for found in imports(source, frozenset()):
            beside = source.lines[max(found.line - 2, 0) : found.line]
            if not found.at_top and not any("#" in line for line in beside):
                faults.append(f"{source}:{found.line}: {found.module} is imported late, and no comment says why")
    return faults


def star_imports(files: list[Source]) -> list[str]:
    """`from x import *`, which hides where a name comes from."""
    return [
        f"{source}:{node.lineno}: from {node.module} import *"
        for source in files
        for node in ast.walk(source.syntax)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]


def third_party_imports(files: list[Source]) -> list[str]:
    """Imports of what is neither the standard library nor the package, where THIRD_PARTY does not grant them."""
    faults = []
    for source in files:
        known = sys.stdlib_module_names | {"rawasgi"} | THIRD_PARTY.get(source.path, set())
        for found in imports(source, frozenset()):
            if found.module.split(".")[0] not in known:
                faults.append(f"{source}:{found.line}: {found.module} is no part of the standard library")
    return faults


PACKAGE_RULES = (imports_against_the_order, cycles, hidden_imports, unexplained_late_imports, third_party_imports)


@pytest.mark.parametrize("rule", PACKAGE_RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule):
    """No file of rawasgi/ breaks a rule of imports."""
    assert rule(sources("rawasgi")) == []


@pytest.mark.parametrize("folder", ["rawasgi", "comparisons", "benchmarks", "notebooks", "tests"])
def test_nobody_imports_a_star(folder):
    """A name's origin can be read at the top of every file of the repository."""
    assert star_imports(sources(folder)) == []


def test_importing_every_public_name_needs_the_standard_library_alone():
    """With no site-packages at all every public name loads but those of EXTRAS, which say what to install."""
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        f"import rawasgi; [getattr(rawasgi, name) for name in dir(rawasgi) if name not in {EXTRAS}]\n"
        f"for name, extra in {EXTRAS}.items():\n"
        "    try: getattr(rawasgi, name)\n"
        "    except ModuleNotFoundError as error: assert str(error).endswith(f\"pip install 'rawasgi[{extra}]'\"), error\n"
        "    else: raise SystemExit(f'{name} loads without its package')\n"
        "print({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'rawasgi', '__main__'})"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True)
    assert (run.stderr, run.stdout) == ("", "set()\n")


def test_import_rawasgi_loads_none_of_its_modules():
    """A public name costs nothing until it is used: `import rawasgi` loads rawasgi and nothing below it."""
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import rawasgi\n"
        "print(sorted(name for name in sys.modules if name.startswith('rawasgi')))"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True)
    assert (run.stderr, run.stdout) == ("", "['rawasgi']\n")


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"rawasgi__routing": "import rawasgi.app", "rawasgi__app": ""}, "imports app.py, which is read later"),
        ({"rawasgi__app": "from rawasgi.tiny import app", "rawasgi__tiny__app": ""}, "core does not stand on tiny"),
        (
            {"rawasgi__tiny__app": "import rawasgi.tiny.server", "rawasgi__tiny__server": ""},
            "tiny/app.py knows the messages, never tiny/server.py",
        ),
        ({"rawasgi__app": "import rawasgi.new", "rawasgi__new": ""}, "app.py or new.py is not on the reading path"),
    ],
)
def test_an_import_against_the_order_is_seen(tmp_path, files, fault):
    """Upwards, onto a floor that is closed, across the protocol, or off the path: each is named with its line."""
    first = next(iter(files)).replace("__", "/")
    assert imports_against_the_order(written(tmp_path, **files)) == [f"{first}.py:1: {fault}"]


def test_a_package_init_belongs_to_its_folder(tmp_path):
    """rawasgi/messages/__init__.py may import every file of its folder, and a file above the folder may import it."""
    files = {
        "rawasgi__messages__init": "",
        "rawasgi__messages__states": "",
        "rawasgi__app": "from rawasgi.messages import states",
    }
    made = written(tmp_path, **files)
    (tmp_path / "rawasgi/messages/__init__.py").write_text("from rawasgi.messages.states import x\n")
    made[0] = Source(tmp_path, "rawasgi/messages/__init__.py")
    assert imports_against_the_order(made) == []


@pytest.mark.parametrize(
    ("rule", "line", "fault"),
    [
        (hidden_imports, "if x:\n    import rawasgi.b", ":2: rawasgi.b is imported below the top of the file"),
        (hidden_imports, "def f():\n    from rawasgi import b", ":2: rawasgi.b is imported below the top of the file"),
        (unexplained_late_imports, "def f():\n    import ssl", ":2: ssl is imported late, and no comment says why"),
        (star_imports, "from rawasgi.b import *", ":1: from rawasgi.b import *"),
        (third_party_imports, "import h11", ":1: h11 is no part of the standard library"),
    ],
)
def test_a_forbidden_import_is_seen(tmp_path, rule, line, fault):
    """Each form of import that the rules forbid is named with file and line."""
    assert rule(written(tmp_path, rawasgi__a=line, rawasgi__b="")) == [f"rawasgi/a.py{fault}"]


def test_a_cycle_is_seen(tmp_path):
    """Three files that import each other in a ring are one cycle."""
    ring = written(
        tmp_path, rawasgi__a="import rawasgi.b", rawasgi__b="import rawasgi.c", rawasgi__c="import rawasgi.a"
    )
    assert cycles(ring) == ["rawasgi.a > rawasgi.b > rawasgi.c > rawasgi.a"]
