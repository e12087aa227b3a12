"""Scores of servers in -> one table out: as text, as Markdown, as JSON.

bytes > [server > app] > middleware > routing > handler > response > bytes

A cell says `ok`, names the rules that are broken, with the number of the note that tells what was seen, or says that the
server does not offer it. Nothing here asks a server: the same scores are the same table.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     a ranking: which rule matters is for the reader to say
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Self

from rawasgi.instruments.checking.finding import Finding
from rawasgi.instruments.checking.report import LEVELS
from rawasgi.instruments.scoring.verdict import Score, Verdict

RULES = "rawasgi/messages/rules.md"
MANY = 4  # rules that a question names in the table
WORDS = {"obeys": "ok", "not offered": "–", "no answer": "?"}
Told = tuple[str, str, str]  # rule, level, what was seen


@dataclass(frozen=True)
class Board:
    """The scores of one day. `machine` is where they were made: `Python 3.11.7, Linux`."""

    day: date
    machine: str
    seconds: float
    scores: tuple[Score, ...]

    @property
    def rows(self) -> list[tuple[Verdict, ...]]:
        """The verdicts on one question, server by server."""
        return [*zip(*(score.verdicts for score in self.scores), strict=True)]

    @property
    def notes(self) -> dict[Told, list[str]]:
        """What was seen, in the order of the table, each with the servers that do so."""
        notes: dict[Told, list[str]] = {}
        for row in self.rows:
            for score, verdict in zip(self.scores, row, strict=True):
                for finding in verdict.findings:
                    servers = notes.setdefault(told(finding), [])
                    if score.name not in servers:
                        servers.append(score.name)
        return notes

    def json(self) -> str:
        """All of it."""
        about = {"day": self.day.isoformat(), "machine": self.machine, "seconds": self.seconds}
        plain = {**about, "servers": [score.plain() for score in self.scores]}
        return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def of(cls, text: str) -> Self:
        """The board that `json` has written."""
        plain: Mapping[str, Any] = json.loads(text)
        scores = tuple(map(Score.of, plain["servers"]))
        return cls(date.fromisoformat(plain["day"]), plain["machine"], plain["seconds"], scores)


def told(finding: Finding) -> Told:
    """What makes a note."""
    return finding.rule, finding.level, finding.seen


def title(board: Board) -> str:
    """When, where, and how long a server had."""
    day = f"{board.day.day} {board.day:%B %Y}"
    return f"{day}, {board.machine}; what does not come within {board.seconds:g} s does not come"


def question(verdict: Verdict) -> str:
    """A question, with its rules where they are few."""
    rules = ", ".join(verdict.rules) if len(verdict.rules) <= MANY else f"{len(verdict.rules)} rules"
    return f"{verdict.title} ({rules})"


def cells(board: Board, row: Sequence[Verdict], strong: str) -> Iterator[str]:
    """What a row says of each server; `strong` stands around a rule that must be kept."""
    numbers = {note: number for number, note in enumerate(board.notes, 1)}
    for verdict in row:
        if verdict.findings:
            marks = [(told(finding), strong if finding.level == "must" else "") for finding in verdict.findings]
            yield ", ".join(f"{mark}{note[0]}{mark} [{numbers[note]}]" for note, mark in marks)
        else:
            yield WORDS[verdict.word]


def counts(score: Score) -> str:
    """How many rules of each level are broken: `3 / 0 / 1`."""
    broken = {(finding.level, finding.rule) for finding in score.findings}
    return " / ".join(str(sum(each == level for each, _ in broken)) for level in LEVELS)


TOTAL = "rules broken: must / should / derived"


def markdown(board: Board) -> str:
    """The table for a page, its notes below it. What all servers do as they should is counted, not listed."""
    lines = [
        f"{title(board)}.",
        "",
        "| | " + " | ".join(score.title.replace(" (", "<br>(") for score in board.scores) + " |",
        "|--|" + "--|" * len(board.scores),
    ]
    for group, found in groupby(board.rows, key=lambda row: row[0].group):
        rows = [*found]
        told_apart = [row for row in rows if any(verdict.word != "obeys" for verdict in row)]
        lines.append(f"| *{group}* |" + " |" * len(board.scores))
        lines += [f"| {question(row[0])} | " + " | ".join(cells(board, row, "**")) + " |" for row in told_apart]
        if others := len(rows) - len(told_apart):
            lines.append(f"| {others} {'others' if told_apart else 'questions'} |" + " ok |" * len(board.scores))
    lines.append(f"| *{TOTAL}* | " + " | ".join(map(counts, board.scores)) + " |")
    lines += ["", f"`–`: not offered. **Bold**: a MUST of [the rules]({RULES}); else a SHOULD, or derived.", ""]
    for number, ((rule_id, level, seen), servers) in enumerate(board.notes.items(), 1):
        lines.append(f"- [{number}] {rule_id} ({level}), {', '.join(servers)}: {seen.replace('|', '&#124;')}")
    return "\n".join(lines) + "\n"


def text(board: Board) -> str:
    """The table for a screen."""
    heads = [score.title.replace("(", "").replace(")", "").split() for score in board.scores]
    deep = max(len(head) for head in heads) if heads else 0
    table = [["", *(" ".join(head[line : line + 2]) for head in heads)] for line in range(0, deep, 2)]
    for group, rows in groupby(board.rows, key=lambda row: row[0].group):
        table.append([group])
        table += [[f"  {question(row[0])}", *cells(board, row, "")] for row in rows]
    table.append([TOTAL, *map(counts, board.scores)])
    wide = [max(len(row[column]) for row in table if column < len(row)) for column in range(len(heads) + 1)]
    lines = [title(board), ""]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=False)).rstrip() for row in table]
    lines += [
        "",
        "–  not offered     ?  no answer     a rule is broken: the note of this number tells what was seen",
        "",
    ]
    lines += [
        f"[{number}] {rule_id} {level}, {', '.join(servers)}: {seen}"
        for number, ((rule_id, level, seen), servers) in enumerate(board.notes.items(), 1)
    ]
    return "\n".join(lines) + "\n"
