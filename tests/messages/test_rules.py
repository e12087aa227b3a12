"""rules.md is read whole and exactly, and whatever cannot be read is named."""

import re
import subprocess
import sys
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawasgi.messages.rules import Rule, UnknownRule, all_rules, parse, rule

GROUPS = {"G": 28, "H": 22, "HR": 10, "HS": 24, "X": 15, "T": 7, "W": 6, "WR": 10, "WS": 18, "L": 15}

SPEC = "https://asgi.readthedocs.io/en/latest/"
ASGI_LINK = re.compile(re.escape(SPEC) + r"(specs/(main|www|lifespan|tls)|extensions)\.html#[a-z0-9]+(-[a-z0-9]+)*")
RFC_LINK = re.compile(r"https://www\.rfc-editor\.org/rfc/rfc[1-9]\d{3}#section-[1-9]\d*(\.[1-9]\d*)*")

HEADING = "| id | name | rule | level | who | seen | spec |\n|--|--|--|--|--|--|--|\n"
ROW = "| HS1 | start first | the first message is start | MUST | A | w | [start] |\n"
LINKS = f"\n[start]: {SPEC}specs/www.html#response-start-send-event\n"


def test_every_number_stands_there_once_and_in_order():
    """The page holds exactly the 155 numbers, group by group, without gap."""
    expected = [f"{group}{number}" for group, size in GROUPS.items() for number in range(1, size + 1)]
    assert [known.id for known in all_rules()] == expected
    assert len(expected) == 155


def test_levels_culprits_and_observers_are_counted():
    """How binding the rules are, whom they bind and what a passive wrapper sees of them: no letter is misread."""
    assert Counter(known.level for known in all_rules()) == {"must": 123, "should": 17, "derived": 14, "may": 1}
    assert Counter(" ".join(sorted(known.blame)) for known in all_rules()) == {
        "server": 83,
        "application": 54,
        "application server": 16,
        "middleware": 2,
    }
    assert sum("wrapper" in known.seen for known in all_rules()) == 125
    assert [known.id for known in all_rules() if not known.seen] == ["HR9", "X9"]


def test_a_rule_is_read_with_all_its_fields():
    """A row with two levels, two observers and a link label becomes one frozen value."""
    ws14 = Rule(
        id="WS14",
        name="socket and call together",
        sentence="when the application returns or raises, the socket is closed; when the socket ends, the call ends",
        level="must",
        blame=frozenset({"server", "application"}),
        seen=frozenset({"wrapper", "server test"}),
        link=SPEC + "specs/www.html#websocket-connection-scope",
    )
    assert rule("WS14") == ws14
    assert (rule("WS9").level, rule("WS9").tail) == ("must", "derived")  # MUST/D on the page
    assert (rule("X3").level, rule("X3").tail, rule("HS1").tail) == ("must", "should", None)
    assert rule("G20").blame == {"middleware"}
    assert rule("HS9").blame == {"server", "application"}  # S/A on the page
    with pytest.raises(AttributeError):
        ws14.level = "may"  # type: ignore[misc]  # mypy sees it too


def test_every_link_leads_to_a_section_of_the_specification_or_of_an_rfc():
    """A link names a known page and a section in it; only derived rules lean on an RFC."""
    for known in all_rules():
        assert ASGI_LINK.fullmatch(known.link) or (known.level == "derived" and RFC_LINK.fullmatch(known.link)), known


def test_every_link_on_the_page_is_used():
    """No definition at the end of the page is left over, and none is given twice."""
    page = files("rawasgi.messages").joinpath("rules.md").read_text(encoding="utf-8")
    defined = re.findall(r"^\[.+\]: (\S+)$", page, re.MULTILINE)
    assert sorted(defined) == sorted({known.link for known in all_rules()})


def test_names_are_short_and_sentences_are_plain():
    """A name has two to four words, as an error quotes it; a sentence has no full stop and no loose backquote."""
    for known in all_rules():
        assert 2 <= len(known.name.split()) <= 4, known
        assert not known.sentence.endswith("."), known
        assert known.sentence.count("`") % 2 == 0, known


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("HS99", "no rule 'HS99'; near: HS9, HS19, H9, WS9, HS8; groups: G, H, HR, HS, X, T, W, WR, WS, L"),
        ("hs1", "no rule 'hs1'; near: HS1, HS21, HS19, HS18, HS17; groups: G, H, HR, HS, X, T, W, WR, WS, L"),
        ("start", "no rule 'start'; near: none; groups: G, H, HR, HS, X, T, W, WR, WS, L"),
    ],
)
def test_an_unknown_number_lists_the_nearest(wrong, message):
    """A mistyped number is a KeyError that says what was perhaps meant."""
    with pytest.raises(UnknownRule) as caught:
        rule(wrong)
    assert isinstance(caught.value, KeyError)
    assert str(caught.value) == message


def test_a_page_is_tables_links_and_prose():
    """Prose and other lines are passed over; a table ends where its lines end."""
    page = f"# Rules\n\nProse.\n\n{HEADING}{ROW}\nMore prose.\n\n{HEADING}{ROW.replace('HS1', 'HS2')}{LINKS}"
    assert list(parse(page)) == ["HS1", "HS2"]
    assert parse("") == {}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (
            "| HS1 | start first | MUST | A | w | [start] |",
            "6 columns where 7 belong (id, name, rule, level, who, seen, spec)",
        ),
        ("| S1 | start first | x | MUST | A | w | [start] |", "'S1' is no rule number, such as HS1"),
        ("| HS01 | start first | x | MUST | A | w | [start] |", "'HS01' is no rule number, such as HS1"),
        ("| HS1 |  | x | MUST | A | w | [start] |", "HS1 has no name or no sentence"),
        ("| HS1 | start first | x | SHALL | A | w | [start] |", "level is 'SHALL', not one of MUST, SHOULD, MAY, D"),
        ("| HS1 | start first | x | MUST/X | A | w | [start] |", "level is 'X', not one of MUST, SHOULD, MAY, D"),
        ("| HS1 | start first | x | MUST | C | w | [start] |", "who is 'C', not one of S, A, M, B, S/A"),
        ("| HS1 | start first | x | MUST | A | w,x | [start] |", "seen is 'x', not one of w, s, c"),
        ("| HS1 | start first | x | MUST | A |  | [start] |", "seen is '', not one of w, s, c"),
        ("| HS1 | start first | x | MUST | A | w | [end] |", "[end] is not defined as a link at the end of the page"),
        ("| HS1 | start first | x | MUST | A | w | start |", "start is not defined as a link at the end of the page"),
        (ROW + ROW, "HS1 stands there twice"),
    ],
)
def test_a_malformed_row_is_named_by_its_line(row, complaint):
    """The error says which line of the page, and what is wrong with it."""
    with pytest.raises(ValueError) as caught:
        parse(HEADING + row.rstrip("\n") + LINKS.replace("\n[", "\n\n["))
    line = 4 if row == ROW + ROW else 3
    assert str(caught.value) == f"rules.md, line {line}: {complaint}"


def test_a_table_without_its_heading_is_named_by_its_line():
    """A row that stands where a heading belongs is an error and no rule."""
    with pytest.raises(ValueError) as caught:
        parse("\n" + ROW + LINKS)
    assert str(caught.value).startswith("rules.md, line 2: a table begins with the columns id, name, rule, level")


@given(column=st.integers(0, 6), cell=st.text())
def test_any_cell_is_read_or_refused_by_line(column, cell):
    """Whatever stands in a cell, the row becomes a rule or a ValueError with the line."""
    cells = [part.strip() for part in ROW.strip().strip("|").split("|")]
    cells[column] = cell
    page = HEADING + "| " + " | ".join(cells) + " |\n" + LINKS
    try:
        outcome = " ".join(read.link for read in parse(page).values())
    except ValueError as error:
        outcome = str(error)
    assert outcome == f"{SPEC}specs/www.html#response-start-send-event" or re.match(r"rules\.md, line \d+: ", outcome)


def test_the_page_is_read_at_the_first_question():
    """Importing the module reads nothing; the first question reads the page, the second does not."""
    script = (
        "from rawasgi.messages import rules\n"
        "print(rules._rules.cache_info().misses)\n"
        "rules.rule('HS1'), rules.rule('L15')\n"
        "print(rules._rules.cache_info().misses)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["0", "1"]
