"""What pytest-benchmark is told of every run: where it writes, and the table that it prints at its end."""

import pytest

from benchmarks.micro.table import lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the ratios; the figures of pytest-benchmark are those of the subject alone."""
    session = getattr(config, "_benchmarksession", None)
    for line in lines({found.name: found.extra_info for found in getattr(session, "benchmarks", ())}):
        terminalreporter.write_line(line)
