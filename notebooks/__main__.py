"""`python -m notebooks build|check|copy [CHAPTER …]` -> notebooks that are what their sources say, out.

`build` writes them. `check` builds them again and fails where the file differs, cell by cell. `copy` puts copies into
mine/, without outputs, for a reader to work in: what a cell shows is not seen before it runs, and no build overwrites
an answer.
"""

import json
import sys
from pathlib import Path
from typing import Any

try:
    from notebooks.build import HOME, PINNED, BuildError, Stopped, build, chapters, is_pinned, target
    from notebooks.clean import Unstable
except ModuleNotFoundError as missing:
    sys.exit(f"notebooks: not installed: {missing.name}. `make setup` installs all that the notebooks need.")

USAGE = "usage: python -m notebooks build|check|copy [CHAPTER ...]"


def main(arguments: list[str], home: Path = HOME) -> int:
    """Exit status 0 where all is well, 1 where a chapter is not, 2 for a command that does not exist."""
    command, *names = arguments or [""]
    known = chapters(home)
    if command not in COMMANDS or not set(names) <= set(known):
        print(f"{USAGE}\nchapters: {', '.join(known)}", file=sys.stderr)
        return 2
    faults = 0
    for name in names or known:
        try:
            print(COMMANDS[command](known[name]))
        except (BuildError, Unstable, OSError) as error:
            print(f"notebooks: {error}", file=sys.stderr)
            faults += 1
        except Stopped as stopped:
            print(f"notebooks: {name}: {stopped}", file=sys.stderr)
            return 128 + stopped.number
        except KeyboardInterrupt:
            return 130  # between two kernels
    return 1 if faults else 0


def written(source: Path) -> str:
    """Build a chapter and write its notebook."""
    path = target(source)
    path.write_text(build(source), encoding="utf-8")
    return f"{path.name}: written"


def checked(source: Path) -> str:
    """Build a chapter and compare it with its notebook. Raises `BuildError` where they differ."""
    path = target(source)
    stored, rebuilt = path.read_text("utf-8"), build(source)
    if not is_pinned():
        return f"{path.name}: ran to its end; compared byte for byte on Python {'.'.join(map(str, PINNED))} alone"
    if stored != rebuilt:
        raise BuildError(
            f"{path.name}: {difference(json.loads(stored), json.loads(rebuilt))}. `make notebooks` builds it."
        )
    return f"{path.name}: as built"


def copied(source: Path, folder: Path = HOME.parent / "mine") -> str:
    """Copy a notebook for the reader, once, without what its cells show."""
    copy = folder / target(source).name
    if copy.exists():
        return f"{folder.name}/{copy.name}: left as it is, it is yours"
    notebook = json.loads(target(source).read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    copy.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return f"{folder.name}/{copy.name}: yours"


def difference(stored: Any, rebuilt: Any) -> str:
    """Where two notebooks first differ."""
    for number, (old, new) in enumerate(zip(stored["cells"], rebuilt["cells"], strict=False), start=1):
        for part in ("source", "outputs", "execution_count", "id", "metadata"):
            if old.get(part) != new.get(part):
                return f"cell {number} differs in its {part}"
    if len(stored["cells"]) != len(rebuilt["cells"]):
        return f"{len(stored['cells'])} cells where there should be {len(rebuilt['cells'])}"
    return "its metadata or its spacing differs"


COMMANDS = {"build": written, "check": checked, "copy": copied}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
