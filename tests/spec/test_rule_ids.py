"""Whoever quotes a rule quotes one that exists."""

import re
from pathlib import Path

from rawasgi.messages.rules import all_rules

PACKAGE = Path(__file__).parents[2] / "rawasgi"
QUOTED = re.compile(r"\b(?:HR|HS|WR|WS|G|H|X|T|W|L)[0-9]{1,2}\b")


def unknown_quotes(text: str) -> set[str]:
    """The rule numbers in a text that rules.md does not have."""
    return set(QUOTED.findall(text)) - {rule.id for rule in all_rules()}


def test_every_rule_quoted_in_the_package_exists():
    """No comment, docstring or table of rawasgi names a rule that is not in rules.md; nor does a rule."""
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.md")]
    quoted = {source.relative_to(PACKAGE): unknown_quotes(source.read_text(encoding="utf-8")) for source in sources}
    assert {source: unknown for source, unknown in quoted.items() if unknown} == {}
    assert QUOTED.search((PACKAGE / "messages" / "states.py").read_text(encoding="utf-8"))


def test_a_number_without_a_rule_is_found():
    """The search sees numbers in tables, comments and ranges, and leaves longer words alone."""
    assert unknown_quotes('("x", "HS99"), # (WS19), H5 to H23; RFC9110, SHA256, HS256, HS1, h11, WS0') == {
        "HS99",
        "WS19",
        "H23",
        "WS0",
    }
