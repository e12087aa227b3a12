"""tiny's server -> the same with one mistake: a mutant for each question, which has to be told from the healthy one.

A mutant is a function of pytest's monkeypatch; it changes the module or its classes, as a careless hand would. They
stand in `mutants_requests`, `mutants_responses` and `mutants_websockets`, which put them into `MUTANTS`.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from rawasgi.instruments.scoring.questions import bodies, extensions, leaving, responses, scopes, websockets
from rawasgi.instruments.scoring.verdict import Question
from rawasgi.tiny import server as tiny

HTTP, WS, Line = tiny.HTTPCall, tiny.WebSocketCall, tiny.Line


class Mutant(NamedTuple):
    """A mistake, the question that sees it, and the rules that it is found to break."""

    question: Question
    rules: set[str]
    make: Callable[[Any], None]


QUESTIONS = {
    question.ask.__name__: question
    for module in (scopes, bodies, leaving, responses, websockets, extensions)
    for question in (*module.QUESTIONS, *getattr(module, "AT_ROOT", ()))
}
MUTANTS: list[Mutant] = []


def breaks(question: str, *rules: str):
    """Note a mutant."""

    def noted(make):
        MUTANTS.append(Mutant(QUESTIONS[question], {*rules}, make))
        return make

    return noted


def scoped(patch, change):
    """Every scope is changed so."""
    before = tiny.common_scope
    patch.setattr(tiny, "common_scope", lambda *given: change(before(*given)))


def on_the_wire(patch, change):
    """Every piece that goes out is changed so."""

    async def say(self, parser, event):
        if (data := parser.send(event)) and not self.gone:
            self.transport.write(change(data))
            await self.writable.wait()

    patch.setattr(Line, "say", say)


def around(patch, kind, name, change):
    """A method is replaced by `change(the method)`."""
    patch.setattr(kind, name, change(getattr(kind, name)))


async def for_ever():
    """Wait for what never comes; until the loop is closed."""
    await asyncio.Event().wait()


def receiving(patch, change, kind=HTTP):
    """What `receive` gives is changed so; None: it gives nothing."""

    def changed(receive):
        async def changed_receive(self):
            message = change(self, await receive(self))
            if message is None:
                await for_ever()
            return message

        return changed_receive

    around(patch, kind, "receive", changed)
