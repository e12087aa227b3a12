"""src/NAME.md -> NAME.ipynb, executed from its first cell to its last, out.

A chapter is MyST text. A code cell with `:load: FILE` gets the text of that file, so that an exercise has one home.
Each chapter gets a kernel of its own; its files and sockets lie in one temporary folder that goes with it.

Left out: a cache. A chapter takes seconds, and what is cached is not checked.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from notebooks.clean import clean

HOME = Path(__file__).resolve().parent
CELL_SECONDS = 60  # a cell may take
PINNED = (3, 11)  # byte equality is held on this Python


class BuildError(Exception):
    """A chapter that cannot be built; the text is one line with cause and place."""


class Stopped(Exception):
    """Somebody wanted the builder to end, by the signal of this number."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(f"ended by {number.name}; nothing was written")
        self.number = number


def chapters(home: Path = HOME) -> dict[str, Path]:
    """The sources, by name."""
    return {path.stem: path for path in sorted((home / "src").glob("*.md"))}


def target(source: Path) -> Path:
    """Where the notebook of a source lies."""
    return source.parent.parent / f"{source.stem}.ipynb"


def parse(source: Path) -> nbformat.NotebookNode:
    """Read the text of a chapter as cells. Raises `BuildError`."""
    notebook: nbformat.NotebookNode = jupytext.read(source, fmt="md:myst")
    for cell in notebook.cells:
        if file := cell.metadata.pop("load", None):
            try:
                cell.source = (source.parent / file).read_text("utf-8").rstrip("\n")
            except OSError as error:
                raise BuildError(f"{source.name}: {file} cannot be loaded: {error.strerror}") from None
    return notebook


def build(source: Path, *, seconds: int = CELL_SECONDS) -> str:
    """Execute a chapter and give the text of its notebook. Raises `BuildError`, and `Unstable` from `clean`."""
    notebook = parse(source)
    process = asyncio.run(execute(notebook, source, seconds))
    cleaned = clean(notebook, source.stem, process)
    return json.dumps(cleaned, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


async def execute(notebook: nbformat.NotebookNode, source: Path, seconds: int) -> int | None:
    """Run every cell in a new kernel, and give the kernel's process id. Nothing of the kernel is left afterwards."""
    begun, stopped = [0], list[signal.Signals]()
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def begin(index: int) -> None:
        begun.append(index)
        for number in (signal.SIGINT, signal.SIGTERM):
            # Taken from nbclient, which ends the kernel at a signal and goes on without one.
            loop.add_signal_handler(number, stop, number)

    def stop(number: signal.Signals) -> None:
        stopped.append(number)
        if task:
            task.cancel()

    with tempfile.TemporaryDirectory(prefix="rawasgi-") as folder:
        kernel = AsyncKernelManager(
            kernel_name="python3", transport="ipc", ip=f"{folder}/kernel", connection_file=f"{folder}/kernel.json"
        )
        client = NotebookClient(
            notebook,
            km=kernel,
            timeout=seconds,
            record_timing=False,
            resources={"metadata": {"path": str(source.parent.parent)}},
            on_cell_start=lambda cell, cell_index: begin(cell_index),
        )
        try:
            await client.async_execute(env=environment(folder))
            return getattr(kernel.provisioner, "pid", None)
        except (CellExecutionError, CellTimeoutError, asyncio.CancelledError, RuntimeError) as error:
            if stopped:  # nbclient takes being cancelled for a kernel that died
                raise Stopped(stopped[0]) from None
            raise BuildError(f"{source.stem}: {told(error, begun[-1], notebook, seconds)}") from None
        finally:
            if client.kc is not None:
                client.kc.stop_channels()
            if kernel.has_kernel:
                await kernel.shutdown_kernel(now=True)


def environment(folder: str) -> dict[str, str]:
    """What the kernel finds around it: the repository, and nothing of the reader's own set-up."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "IPYTHON"))}
    path = os.pathsep.join([str(HOME.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    return found | {
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "0",  # the order of sets
        "IPYTHONDIR": folder,
        "RAWASGI_PREDICT": "later",  # nobody answers here
    }


def told(error: BaseException, index: int, notebook: nbformat.NotebookNode, seconds: int) -> str:
    """What went wrong and in which cell, in one line."""
    first = notebook.cells[index].source.strip().partition("\n")[0]
    where = f"cell {index + 1} ({first})"
    if isinstance(error, CellExecutionError):
        why = error.evalue.strip().partition("\n")[0]
        return f"{where} raised {error.ename}: {why}"
    if isinstance(error, CellTimeoutError):
        return f"{where} took more than {seconds} s"
    return f"the kernel died in {where}"


def is_pinned() -> bool:
    """Whether this Python is the one on which notebooks are compared byte for byte."""
    return sys.version_info[:2] == PINNED
