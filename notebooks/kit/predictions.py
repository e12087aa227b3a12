"""A question, and the answer that a reader commits to -> what happened, and why the other answers look right, out.

An answer counts when it is given before the cell that shows what happens. So that cell refuses to run while the
question is open (`gate`), and closes it: afterwards nobody was right all along. RAWASGI_PREDICT=later in the
environment opens the gate, for those who only read, and for the builder.

Left out: who answered, and when. Nothing is stored.
"""

import os
from collections.abc import Iterable
from html import escape
from types import EllipsisType
from typing import Self

CARD = "border-left: 4px solid {colour}; padding: 4px 12px; margin: 4px 0"
OPEN, RIGHT, WRONG = "#8a8f98", "#2e9e5b", "#d9822b"


class Unanswered(Exception):
    """The cell shows what was asked, and the question is still open."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback: the reader has done nothing wrong."""
        return [str(self)]


class Prediction:
    """A question with its choices, and the answer that stood when the outcome was shown."""

    def __init__(self, question: str, choices: dict[str, str]) -> None:
        self.question = question
        self.choices = choices
        self.answer: str | None = None  # None: no answer yet
        self.right: str | None = None  # None: not explained yet
        self.is_closed = False  # the outcome was shown: from here on no answer counts

    def commit(self, answer: str | EllipsisType) -> Self:
        """Take an answer down, or another one, until the outcome is shown; `...` is none."""
        if isinstance(answer, EllipsisType):
            return self
        if answer not in self.choices:
            raise ValueError(f"answer={answer!r} is none of {', '.join(self.choices)}")
        if not self.is_closed:
            self.answer = answer
        return self

    @property
    def standing(self) -> str:
        """One line: where this question stands."""
        if self.answer is None:
            return "no answer yet"
        return f"your answer: {self.answer}" + (", which stays: the outcome was shown" if self.is_closed else "")

    def __repr__(self) -> str:
        return "\n".join([self.question, *(f"  {key}: {text}" for key, text in self.choices.items()), self.standing])

    def _repr_html_(self) -> str:
        choices = "".join(f"<div><b>{key}</b>&ensp;{marked(text)}</div>" for key, text in self.choices.items())
        how = "" if self.answer else " Put your letter in place of the dots in <code>answer=...</code>, and run this."
        return card(OPEN, f"<b>{marked(self.question)}</b>{choices}<i>{self.standing}.</i>{how}")


class Explanation:
    """What happened, and a word on every choice."""

    def __init__(self, prediction: Prediction, reasons: dict[str, str]) -> None:
        self.prediction = prediction
        self.reasons = reasons

    @property
    def verdict(self) -> str:
        """The first line: how the answer did."""
        answer, right = self.prediction.answer, self.prediction.right
        if answer is None:
            return "no answer yet"
        return f"{answer}: right" if answer == right else f"{answer}: that looks right, and is not. It is {right}"

    def lines(self) -> Iterable[tuple[str, str]]:
        """Every choice with its reason: the reader's own, then the right one, then the others."""
        first = [self.prediction.answer, self.prediction.right]
        order = dict.fromkeys([key for key in first if key] + list(self.reasons))
        return [(f"{key} {'✓' if key == self.prediction.right else '✗'}", self.reasons[key]) for key in order]

    def __repr__(self) -> str:
        return "\n".join([f"{self.verdict}.", *(f"  {mark}  {reason}" for mark, reason in self.lines())])

    def _repr_html_(self) -> str:
        rows = "".join(f"<div><b>{mark}</b>&ensp;{marked(reason)}</div>" for mark, reason in self.lines())
        if self.prediction.answer is None:  # whoever only reads may look; whoever answers is not told before
            return card(
                OPEN, f"<details><summary><i>{self.verdict}.</i> Open to read on without one.</summary>{rows}</details>"
            )
        colour = RIGHT if self.prediction.answer == self.prediction.right else WRONG
        return card(colour, f"<b>{self.verdict}.</b>{rows}")


class Score:
    """All questions so far, counted."""

    def __init__(self, predictions: Iterable[Prediction]) -> None:
        self.predictions = [*predictions]

    def __repr__(self) -> str:
        answered = [p for p in self.predictions if p.answer]
        right = [p for p in answered if p.answer == p.right]
        missed = [f"  look again: {p.question}" for p in answered if p.right and p.answer != p.right]
        return "\n".join([f"{len(self.predictions)} questions: {len(answered)} answered, {len(right)} right", *missed])


asked: dict[str, Prediction] = {}  # by question, in the order in which they were asked first


def predict(question: str, *, answer: str | EllipsisType = ..., **choices: str) -> Prediction:
    """Ask, and take the answer down: `predict("Which?", a="this", b="that", answer="a")`."""
    prediction = asked.pop(question, None) or Prediction(question, choices)
    asked[question] = prediction  # the last one asked is the one to be explained
    return prediction.commit(answer)


def explain(right: str, holds: bool, /, **reasons: str) -> Explanation:
    """Explain the last question: the right letter, what was seen to hold if it is right, a reason for every choice."""
    prediction = gate()
    if prediction is None:
        raise LookupError("explain() follows a predict(): run that cell first")
    if not holds:
        raise ValueError(
            f"{right} would be right, but that is not what the cells above have shown: was one of them changed?"
        )
    if set(reasons) != set(prediction.choices) or right not in reasons:
        raise ValueError(f"every choice is explained, {', '.join(prediction.choices)}, and one of them is right")
    prediction.right = right
    return Explanation(prediction, reasons)


def score() -> Score:
    """Count the answers so far."""
    return Score(asked.values())


def gate() -> Prediction | None:
    """Let the outcome of the last question be shown, and give that question. Raises `Unanswered` while it is open."""
    last = next(reversed(asked.values()), None)
    if last is None:
        return None
    if last.answer is None and not last.is_closed and os.environ.get("RAWASGI_PREDICT") != "later":
        raise Unanswered(
            f"First your answer, then this cell.\n  {last.question}\nPut a letter into the cell that asks, and run it."
        )
    last.is_closed = True
    return last


def card(colour: str, html: str) -> str:
    """A box with a coloured edge that is readable on light and on dark pages."""
    return f'<div style="{CARD.format(colour=colour)}">{html}</div>'


def marked(text: str) -> str:
    """Text as HTML; what stands between backquotes is code."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
