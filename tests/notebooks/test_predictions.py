"""A question: open, answered rightly, answered wrongly, answered too late."""

import asyncio

import pytest

from notebooks.kit import explain, listen, predict, score
from notebooks.kit.predictions import Unanswered, asked, gate
from rawasgi.instruments.conversation import request

QUESTION = "Which `one`?"
CHOICES = {"a": "this", "b": "that <i>"}
REASONS = {"a": "because", "b": "it looks so"}


@pytest.fixture(autouse=True)
def nothing_was_asked(monkeypatch):
    """Every test begins with no question, and as a reader: the gate is shut."""
    monkeypatch.delenv("RAWASGI_PREDICT", raising=False)
    asked.clear()
    yield
    asked.clear()


def test_an_open_question_shows_how_to_answer():
    """It reads `no answer yet`, as text and as HTML, where code is code and markup is text."""
    question = predict(QUESTION, **CHOICES, answer=...)
    assert repr(question) == "Which `one`?\n  a: this\n  b: that <i>\nno answer yet"
    assert question._repr_html_() == (
        '<div style="border-left: 4px solid #8a8f98; padding: 4px 12px; margin: 4px 0"><b>Which <code>one</code>?</b>'
        "<div><b>a</b>&ensp;this</div><div><b>b</b>&ensp;that &lt;i&gt;</div><i>no answer yet.</i> Put your letter in "
        "place of the dots in <code>answer=...</code>, and run this.</div>"
    )


def test_nothing_is_shown_while_a_question_is_open():
    """The app is not even called; what the reader sees is a sentence, no traceback."""
    predict(QUESTION, **CHOICES)
    calls = []

    async def app(scope, receive, send):
        calls.append(scope)

    with pytest.raises(Unanswered) as shut:
        asyncio.run(listen(app, request()))
    assert shut.value._render_traceback_() == [
        "First your answer, then this cell.\n  Which `one`?\nPut a letter into the cell that asks, and run it."
    ]
    with pytest.raises(Unanswered):
        explain("a", True, **REASONS)
    assert calls == []


def test_a_right_answer_is_told_so():
    """The reader's own choice comes first, then the others, each with its reason."""
    predict(QUESTION, **CHOICES, answer="a")
    told = explain("a", True, **REASONS)
    assert repr(told) == "a: right.\n  a ✓  because\n  b ✗  it looks so"
    assert "<b>a: right.</b>" in told._repr_html_()


def test_a_wrong_answer_hears_why_it_looked_right():
    """The reader's own choice comes first, then the right one."""
    predict(QUESTION, **CHOICES, answer="b")
    told = explain("a", True, **REASONS)
    assert repr(told) == "b: that looks right, and is not. It is a.\n  b ✗  it looks so\n  a ✓  because"
    assert "<details>" not in told._repr_html_()


def test_without_an_answer_the_explanation_is_folded(monkeypatch):
    """Where answers may come later the gate is open, and nothing is given away to who only scrolls."""
    monkeypatch.setenv("RAWASGI_PREDICT", "later")
    predict(QUESTION, **CHOICES)
    told = explain("a", True, **REASONS)
    assert repr(told) == "no answer yet.\n  a ✓  because\n  b ✗  it looks so"
    assert "<details><summary><i>no answer yet.</i>" in told._repr_html_()


def test_an_answer_may_be_changed_until_the_outcome_is_shown():
    """Afterwards the last one stays, and says so."""
    predict(QUESTION, **CHOICES, answer="a")
    assert predict(QUESTION, **CHOICES, answer="b").standing == "your answer: b"
    gate()
    assert predict(QUESTION, **CHOICES, answer="a").standing == "your answer: b, which stays: the outcome was shown"


def test_an_answer_that_comes_after_the_outcome_does_not_count(monkeypatch):
    """Who has seen what happens predicts nothing any more."""
    monkeypatch.setenv("RAWASGI_PREDICT", "later")
    predict(QUESTION, **CHOICES)
    gate()
    assert predict(QUESTION, **CHOICES, answer="a").standing == "no answer yet"


def test_a_letter_that_is_no_choice_is_refused():
    """The choices are named."""
    with pytest.raises(ValueError, match=r"^answer='c' is none of a, b$"):
        predict(QUESTION, **CHOICES, answer="c")


@pytest.mark.parametrize(
    ("arguments", "reasons", "said"),
    [
        (("a", False), REASONS, "a would be right, but that is not what the cells above have shown"),
        (("a", True), {"a": "because"}, "every choice is explained, a, b, and one of them is right"),
        (("c", True), REASONS, "every choice is explained, a, b, and one of them is right"),
    ],
)
def test_an_explanation_is_held_to_what_was_seen(arguments, reasons, said):
    """It fails where the outcome is another, and where a choice is left out."""
    predict(QUESTION, **CHOICES, answer="a")
    with pytest.raises(ValueError, match=f"^{said}"):
        explain(*arguments, **reasons)


def test_an_explanation_needs_a_question():
    """Run out of order, it says what to run first."""
    with pytest.raises(LookupError, match=r"^explain\(\) follows a predict\(\): run that cell first$"):
        explain("a", True, **REASONS)


def test_the_score_counts_and_points_back():
    """Three questions: right, wrong, open; only the wrong one is to be looked at again."""
    predict("One?", **CHOICES, answer="a")
    explain("a", True, **REASONS)
    predict("Two?", **CHOICES, answer="a")
    explain("b", True, **REASONS)
    predict("Three?", **CHOICES)
    assert repr(score()) == "3 questions: 2 answered, 1 right\n  look again: Two?"
