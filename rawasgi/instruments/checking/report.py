"""Findings in -> a page of text, or JSON, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because it leaves the protocol to the server
In Flask:     none, because wsgiref.validate:validator raises what it finds
Left out:     the exchange itself: `rawasgi trace` shows it
"""

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from rawasgi.instruments.apart import Hanging
from rawasgi.instruments.checking.driver import Driver
from rawasgi.instruments.checking.finding import Finding
from rawasgi.instruments.command import printable
from rawasgi.messages.rules import Level, rule

LEVELS: tuple[Level, ...] = ("must", "should", "derived")
SHOWN = 3  # sightings of one rule
# No client, no server and no wrapper can see these: each with the reason.
NOT_CHECKABLE = {
    "HR9": "whether code has run before the body came cannot be seen from outside, and answering without reading is legal",
    "X9": "who closes a descriptor, and when, is seen only in the process that has it",
    "HS20": "it grants servers a freedom: no use of it, or none, is wrong",
}


def text(name: str, driver: Driver, width: int) -> str:
    """The findings by rule, the most binding first; the lines on which the app hangs, where it does."""
    findings = driver.checker.findings
    count = Counter(finding.level for finding in findings)
    said = ", ".join(f"{count[level]} {level}" for level in LEVELS if count[level]) or "nothing"
    lines = [f"{name}: {said} in {len(driver.talks)} conversations"]
    for (_, _, _), group in groupby(ordered(findings), key):
        lines += ["", *shown([*group], driver.asked, width)]
    lines += [
        "",
        "not to be seen from outside: " + ", ".join(f"{rule_id} ({rule(rule_id).name})" for rule_id in NOT_CHECKABLE),
    ]
    for given_up in driver.complaints:
        if isinstance(given_up.cause, Hanging):
            lines += ["", f"where it hangs: {given_up.asked}", *map(printable, lines_of(given_up.cause))]
    return "\n".join(lines) + "\n"


def key(finding: Finding) -> tuple[int, str, str]:
    """What is told together: by level, then by rule, then by culprit."""
    return LEVELS.index(finding.level), finding.rule, finding.blame


def ordered(findings: list[Finding]) -> list[Finding]:
    """The findings as they are told; of one rule in the order in which they were made."""
    return sorted(findings, key=key)


def shown(group: list[Finding], asked: Mapping[Finding, str], width: int) -> Iterator[str]:
    """What is told of one rule; `asked` says of each finding what led to it."""
    first = group[0]
    broken = rule(first.rule)
    yield f"{first.level.upper()} {first.rule} {broken.name}: the {first.blame}"
    yield from wrapped(broken.sentence, width)
    for finding in group[:SHOWN]:
        state = f" ({finding.state})" if finding.state else ""
        yield from wrapped(f"- {asked.get(finding, '')}: {finding.seen}{state}", width)
        if finding.allowed:
            yield from wrapped(f"  allowed: {', '.join(finding.allowed)}", width)
    if len(group) > SHOWN:
        yield f"  - and {len(group) - SHOWN} more"
    yield f"  {first.link}"


def wrapped(line: str, width: int) -> list[str]:
    """A line, broken where it is too long, and indented."""
    return textwrap.wrap(printable(line), width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def lines_of(hanging: Hanging) -> Iterator[str]:
    """The lines on which the app hangs, task by task."""
    for lane in hanging.lanes:
        yield f"  {lane.name}"
        yield from (f"    {line}" for line in lane.lines)


def plain(name: str, driver: Driver, complaints: list[str], more: Mapping[str, Any]) -> str:
    """All of it as JSON, with what there is `more` to tell."""
    told: dict[str, Any] = {
        "app": name,
        "findings": [
            {**finding.plain(), "asked": driver.asked.get(finding, "")} for finding in ordered(driver.checker.findings)
        ],
        "conversations": [{"asked": talk.asked, "ending": talk.ending} for talk in driver.talks],
        "complaints": complaints,
        "not_checkable": NOT_CHECKABLE,
        **more,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
