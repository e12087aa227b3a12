"""The number of a rule in -> its sentence, its level, who breaks it and where it is written out.

The rules themselves stand in `rules.md`, a page to read. This module reads the same page, once, when somebody first
asks; whatever it cannot read is an error that names the line.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because its rules are conditions spread over the code
In Flask:     wsgiref.validate:validator, where the rules of PEP 3333 are assertions
Left out:     older texts: a rule that came with a later version of the specification says so in its sentence
"""

import re
from functools import cache
from typing import Final, Literal, NamedTuple, TypeVar

Level = Literal["must", "should", "may", "derived"]
Party = Literal["server", "application", "middleware"]
Observer = Literal["wrapper", "server test", "client"]

# What the letters of the page mean.
LEVELS: Final[dict[str, Level]] = {"MUST": "must", "SHOULD": "should", "MAY": "may", "D": "derived"}
PARTIES: Final[dict[str, frozenset[Party]]] = {
    "S": frozenset({"server"}),
    "A": frozenset({"application"}),
    "M": frozenset({"middleware"}),
    "B": frozenset({"server", "application"}),
    "S/A": frozenset({"server", "application"}),
}
OBSERVERS: Final[dict[str, Observer]] = {"w": "wrapper", "s": "server test", "c": "client"}
NOBODY: Final = "-"

COLUMNS: Final = ("id", "name", "rule", "level", "who", "seen", "spec")
RULE_ID: Final = re.compile(r"(?:HR|HS|WR|WS|G|H|X|T|W|L)[1-9][0-9]*")
LINK: Final = re.compile(r"(\[[^]]+\]): (https://\S+#\S+)")

Meaning = TypeVar("Meaning")


class Rule(NamedTuple):
    """One numbered sentence of the specification.

    `rule("HS1")` is `Rule(id="HS1", name="start first", sentence="the first message is ...", level="must",
    blame=frozenset({"application"}), seen=frozenset({"wrapper"}), link="https://...#response-start-send-event")`.
    """

    id: str
    name: str  # two to four words: what an error or a diagram has room for
    sentence: str  # Markdown: names of the protocol stand in backquotes
    level: Level  # where the page says MUST/D, the first: that of the rule's head
    blame: frozenset[Party]  # who has broken the rule when it is broken
    seen: frozenset[Observer]  # who can notice; empty: nobody from outside
    link: str
    tail: Level | None = None  # where the page says MUST/D, the second: that of the last thing the sentence asks


class UnknownRule(KeyError):
    """No rule has this number."""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError would print the repr


def rule(rule_id: str) -> Rule:
    """The rule of this number, such as "HS1". Raises `UnknownRule`, a `KeyError` that lists the nearest numbers."""
    try:
        return _rules()[rule_id]
    except KeyError:
        raise UnknownRule(_no_such_rule(rule_id)) from None


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the page."""
    return tuple(_rules().values())


def parse(page: str) -> dict[str, Rule]:
    """The rules of a page written as `rules.md` is, by number. Raises `ValueError` with the number of the bad line."""
    lines = page.splitlines()
    links = {link[1]: link[2] for line in lines if (link := LINK.fullmatch(line))}
    rules: dict[str, Rule] = {}
    in_table = False
    for number, line in enumerate(lines, start=1):
        if not line.startswith("|"):
            in_table = False
            continue
        try:
            cells = _cells(line)
            if not in_table:
                _check_heading(cells)
                in_table = True
            elif not line.startswith("|--"):
                row = _rule(cells, links)
                if row.id in rules:
                    raise ValueError(f"{row.id} stands there twice")
                rules[row.id] = row
        except ValueError as error:
            raise ValueError(f"rules.md, line {number}: {error}") from None
    return rules


@cache
def _rules() -> dict[str, Rule]:
    # Imported here because only the first question pays for it: the module costs more than all of this floor.
    from importlib.resources import files

    return parse(files("rawasgi.messages").joinpath("rules.md").read_text(encoding="utf-8"))


def _cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} columns where {len(COLUMNS)} belong ({', '.join(COLUMNS)})")
    return cells


def _check_heading(cells: list[str]) -> None:
    if tuple(cells) != COLUMNS:
        raise ValueError(f"a table begins with the columns {', '.join(COLUMNS)}, not {', '.join(cells)}")


def _rule(cells: list[str], links: dict[str, str]) -> Rule:
    rule_id, name, sentence, level, who, seen, spec = cells
    if not RULE_ID.fullmatch(rule_id):
        raise ValueError(f"{rule_id!r} is no rule number, such as HS1")
    if not name or not sentence:
        raise ValueError(f"{rule_id} has no name or no sentence")
    if spec not in links:
        raise ValueError(f"{spec} is not defined as a link at the end of the page")
    levels = [_meaning("level", part, LEVELS) for part in level.split("/")]
    return Rule(
        id=rule_id,
        name=name,
        sentence=sentence,
        level=levels[0],
        blame=_meaning("who", who, PARTIES),
        seen=frozenset(_meaning("seen", letter, OBSERVERS) for letter in seen.split(",") if letter != NOBODY),
        link=links[spec],
        tail=levels[1] if len(levels) > 1 else None,
    )


def _meaning(column: str, cell: str, meanings: dict[str, Meaning]) -> Meaning:
    if cell not in meanings:
        raise ValueError(f"{column} is {cell!r}, not one of {', '.join(meanings)}")
    return meanings[cell]


def _no_such_rule(rule_id: str) -> str:
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(rule_id.upper(), _rules(), n=5, cutoff=0.5)
    groups = dict.fromkeys(known.rstrip("0123456789") for known in _rules())
    return f"no rule {rule_id!r}; near: {', '.join(near) or 'none'}; groups: {', '.join(groups)}"
