"""The files of the repository, read once, in the form that the architecture tests look at."""

import ast
import subprocess
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Source:
    """A Python file: its path from the root of its tree, its text, its syntax tree."""

    def __init__(self, root: Path, path: str) -> None:
        self.root = root
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8")
        self.lines = self.text.splitlines()

    def __repr__(self) -> str:
        return self.path

    @cached_property
    def syntax(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def module(self) -> str:
        """`rawasgi/messages/__init__.py` -> `rawasgi.messages`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def sources(folder: str, root: Path = ROOT) -> list[Source]:
    """The Python files below a folder of the tree."""
    return [Source(root, path.relative_to(root).as_posix()) for path in sorted((root / folder).rglob("*.py"))]


def written(root: Path, **files: str) -> list[Source]:
    """Files made for a test; `rawasgi__app="…"` becomes rawasgi/app.py."""
    made = []
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        made.append(Source(root, path.relative_to(root).as_posix()))
    return made


def tracked_files(root: Path = ROOT) -> list[Path]:
    """Every file that git keeps or would keep; outside a git tree, every file that is not hidden."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=root, capture_output=True
    )
    if listed.returncode == 0:
        paths = [root / name for name in listed.stdout.decode().split("\0") if name]
        return [path for path in paths if path.is_file()]
    return [path for path in root.rglob("*") if path.is_file() and not _made(path.relative_to(root))]


def _made(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def functions(source: Source) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of a file with its qualified name: `Response.set_cookie`, `outer.inner`."""
    found: list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]] = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append((prefix + child.name, child))
            name = getattr(child, "name", "") if isinstance(child, ast.stmt) else ""
            visit(child, f"{prefix}{name}." if name else prefix)

    visit(source.syntax, "")
    return found
