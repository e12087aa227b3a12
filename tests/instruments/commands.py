"""A command of `rawasgi` and its words in -> what its user gets, status, output and errors, out."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from tests.architecture.tree import ROOT


class Command(NamedTuple):
    """One of the commands: its name, and the function behind it."""

    name: str
    function: Callable[[Sequence[str]], int]

    def run(self, *words, cwd=ROOT, **more):
        """The command in a pipe, as a process of its own: status, output, errors."""
        made = subprocess.run(
            [sys.executable, "-m", "rawasgi", self.name, *words],
            cwd=cwd,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "COLUMNS": "110", "PYTHONPATH": str(ROOT), **more},
        )
        return made.returncode, made.stdout.splitlines(), made.stderr.splitlines()

    def here(self, *words):
        """The same in this process, for what needs none of its own."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
            patch.chdir(ROOT)
            patch.setenv("COLUMNS", "110")
            status = self.function(words)
        return status, out.getvalue().splitlines(), err.getvalue().splitlines()

    def begun(self, *words):
        """The process itself, which is still at it."""
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "rawasgi", self.name, *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
