"""An executed notebook -> the same without what differs from run to run, or the reason why it cannot be kept, out.

What may not stand in an output is refused, not removed: a reader would see it run and miss it in print.

Left out: pictures. Ours are text; nobody looks into a PNG.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
PATH = re.compile(r"(?<![\w.:/~*}<])/(?:home|root|work|Users|mnt|opt|tmp|usr|var|private|etc|proc|nix|srv)/[\w.-]+")
PORT = re.compile(r"\b127\.0\.0\.1['\"]?(?::|, )\d+")
PROCESS = re.compile(r"\b(?:pid|PID|[Pp]rocess(?: id)?)\s*[:=#]?\s*\d+")


class Unstable(Exception):
    """An output holds what no second run would print; the text says where and what."""


def clean(notebook: NotebookNode, name: str, process: int | None = None) -> NotebookNode:
    """Make the notebook the same for every run. `process` is the kernel's. Raises `Unstable`."""
    language = {key: value for key, value in notebook.metadata.language_info.items() if key != "version"}
    notebook.metadata.clear()
    notebook.metadata.update(kernelspec=KERNEL, language_info=language)
    seen: Counter[str] = Counter()
    for number, cell in enumerate(notebook.cells, start=1):
        cell.metadata.pop("execution", None)
        cell.id = identity(cell.source, seen)
        if cell.cell_type == "code":
            cell.outputs = merged(cell.outputs)
            refuse(cell.outputs, f"{name}, cell {number}", process)
    return notebook


def identity(source: str, seen: Counter[str]) -> str:
    """An id made of the cell's text: a cell keeps it wherever it moves. Equal cells are numbered."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:10]
    seen[digest] += 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of one stream: where the kernel cut it is chance."""
    found: list[NotebookNode] = []
    for output in outputs:
        last = found[-1] if found else {}
        if output.output_type == "stream" and (last.get("output_type"), last.get("name")) == ("stream", output.name):
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def refuse(outputs: list[NotebookNode], where: str, process: int | None) -> None:
    """Raise `Unstable` for an address, an absolute path, a port that the system chose, or a process id."""
    forbidden = [("an address", ADDRESS), ("an absolute path", PATH), ("a port", PORT), ("a process id", PROCESS)]
    if process is not None and process > 9_999:  # a shorter number may be a status, a close code or a length
        forbidden.append(("a process id", re.compile(rf"\b{process}\b")))
    for text in texts(outputs):
        for what, pattern in forbidden:
            if found := pattern.search(text):
                raise Unstable(f"{where}: the output holds {what}, {found[0]!r}. Print something that stays the same.")


def texts(value: Any) -> Iterator[str]:
    """Every string in an output, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)
