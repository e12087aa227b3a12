"""What a plain machine may lack: a test asks for it here, and skips with the install command where it is missing.

`RAWASGI_REQUIRE=chromium` makes missing a failure; `.ci/run` installs it and sets that.
"""

import os
import shutil

import pytest

INSTALL = {"chromium": "apt-get install chromium"}


def needed(program: str) -> str:
    """The path of the program; without one the test is skipped, or fails where it was required."""
    found = shutil.which(program)
    if found is not None:
        return found
    complaint = f"{program} is missing: {INSTALL[program]}"
    if program in os.environ.get("RAWASGI_REQUIRE", "").split(","):
        pytest.fail(complaint)
    pytest.skip(complaint)
