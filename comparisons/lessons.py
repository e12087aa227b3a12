"""Results -> the tables in the lessons, out.

A lesson's table stands between two markers and is never written by hand.
"""

import re

from comparisons.discovery import Comparison
from comparisons.matrix import markdown, matrix
from comparisons.runner import RunResult

TABLE = re.compile(r"(<!-- matrix -->\n).*?(<!-- /matrix -->)", re.DOTALL)


def fresh(comparison: Comparison, results: list[RunResult]) -> tuple[str, str]:
    """Give the lesson as it stands, and as it should stand."""
    text = (comparison.folder / "lesson.md").read_text("utf-8")
    table = markdown(matrix(comparison, results))
    return text, TABLE.sub(lambda found: f"{found[1]}{table}\n{found[2]}", text)
