"""The table is a function of the scores: as text, as Markdown, as JSON and back."""

from datetime import date

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.scoring.board import Board, markdown, text
from rawasgi.instruments.scoring.verdict import NotOffered, Question, Score, Verdict, judged


def verdict(group, title, rules, *faults, why=None):
    """What becomes of a question that sees these faults."""

    def ask():
        if why:
            raise NotOffered(why)
        yield from faults

    return judged(Question(group, title, rules, ask))


CUT = Fault("WR8", "a line that is cut comes with the code 1005", ("1006",))
PIPE = Fault("HS18", "a | follows")
FIRST = (
    verdict("response", "no body to HEAD", ("HS18",), PIPE),
    verdict("response", "framing", ("HS21",)),
    verdict("websocket", "line lost", ("WR8", "WR9", "WR10", "W4", "W6"), CUT),
    verdict("websocket", "denial", ("WS18",), why="the extension is not announced"),
)
SECOND = (
    verdict("response", "no body to HEAD", ("HS18",)),
    verdict("response", "framing", ("HS21",)),
    verdict("websocket", "line lost", ("WR8", "WR9", "WR10", "W4", "W6"), CUT, Fault("WR9", "no reason")),
    Verdict("websocket", "denial", ("WS18",), "no answer", said="the server does not answer"),
)
BOARD = Board(
    date(2026, 3, 1),
    "Python 3.11.0, Linux",
    2.5,
    (Score("first", "First 1.0 (part 2.0)", FIRST), Score("second", "Second 2.0", SECOND)),
)

TEXT = """\
1 March 2026, Python 3.11.0, Linux; what does not come within 2.5 s does not come

                                       First 1.0  Second 2.0
                                       part 2.0
response
  no body to HEAD (HS18)               HS18 [1]   ok
  framing (HS21)                       ok         ok
websocket
  line lost (5 rules)                  WR8 [2]    WR8 [2], WR9 [3]
  denial (WS18)                        –          ?
rules broken: must / should / derived  1 / 0 / 1  2 / 0 / 0

–  not offered     ?  no answer     a rule is broken: the note of this number tells what was seen

[1] HS18 derived, first: a | follows
[2] WR8 must, first, second: a line that is cut comes with the code 1005
[3] WR9 must, second: no reason
"""

MARKDOWN = """\
1 March 2026, Python 3.11.0, Linux; what does not come within 2.5 s does not come.

| | First 1.0<br>(part 2.0) | Second 2.0 |
|--|--|--|
| *response* | | |
| no body to HEAD (HS18) | HS18 [1] | ok |
| 1 others | ok | ok |
| *websocket* | | |
| line lost (5 rules) | **WR8** [2] | **WR8** [2], **WR9** [3] |
| denial (WS18) | – | ? |
| *rules broken: must / should / derived* | 1 / 0 / 1 | 2 / 0 / 0 |

`–`: not offered. **Bold**: a MUST of [the rules](rawasgi/messages/rules.md); else a SHOULD, or derived.

- [1] HS18 (derived), first: a &#124; follows
- [2] WR8 (must), first, second: a line that is cut comes with the code 1005
- [3] WR9 (must), second: no reason
"""


def test_text():
    """For a screen: columns aligned, every question, every note once."""
    assert text(BOARD) == TEXT


def test_markdown():
    """For a page: what all do as they should is counted."""
    assert markdown(BOARD) == MARKDOWN


def test_json_and_back():
    """Nothing is lost on the way to a file."""
    assert Board.of(BOARD.json()) == BOARD


def test_a_board_of_nobody():
    """No server could be asked: a table without columns."""
    nobody = Board(date(2026, 3, 1), "Python 3.11.0, Linux", 2.5, ())
    assert text(nobody).splitlines()[2] == "rules broken: must / should / derived"
    assert (nobody.notes, Board.of(nobody.json())) == ({}, nobody)
