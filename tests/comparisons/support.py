"""What several tests of the comparisons use: the sample comparisons and the command line on them."""

import os
import subprocess
import sys
from pathlib import Path

from comparisons.servers import ROOT

SAMPLES = Path(__file__).parent / "samples"

ON_SAMPLES = f"import sys, pathlib; from comparisons.cli import main; sys.exit(main(sys.argv[1:], pathlib.Path({str(SAMPLES)!r})))"


def command(*arguments, code=ON_SAMPLES, environment=None):
    """Start `python -m comparisons ARGUMENTS`, on the samples."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outcome(*arguments, **options):
    """Run it to its end; give exit status, standard output and standard error."""
    process = command(*arguments, **options)
    output, errors = process.communicate(timeout=50)
    return process.returncode, output, errors
