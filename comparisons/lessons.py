"""Results -> the tables in the lessons and on the first page, out.

A table stands between two markers and is never written by hand.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from comparisons.discovery import Comparison
from comparisons.matrix import markdown, matrix
from comparisons.runner import RunResult
from comparisons.servers import ROOT

FIRST_PAGE = {"hello_world": ROOT / "README.md"}

TABLE = re.compile(r"(<!-- matrix -->\n).*?(<!-- /matrix -->)", re.DOTALL)


def stale(comparison: Comparison, results: list[RunResult]) -> Iterator[tuple[Path, str]]:
    """Give each page whose table is not what came out, and the text it should have."""
    table = markdown(matrix(comparison, results))
    for page in filter(None, (comparison.folder / "lesson.md", FIRST_PAGE.get(comparison.name))):
        text = page.read_text("utf-8")
        should = TABLE.sub(lambda found: f"{found[1]}{table}\n{found[2]}", text)
        if text != should:
            yield page, should
