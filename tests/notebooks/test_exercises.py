"""Each exercise: the stub fails, the solution passes, and every wrong answer hears what is wrong with it."""

import asyncio
import importlib
import inspect
import pkgutil
from typing import Any

import pytest

from notebooks.exercises import ch01_three_scopes as ch01
from notebooks.exercises.ch01_three_scopes import stub, wrong
from notebooks.solutions import ch01_three_scopes as solution
from rawasgi.messages.rules import rule

LAST = "any other scope"
NAMES = [*(name for name, _, _ in ch01.CHECKS), LAST]


def verdict(app):
    return asyncio.run(ch01.check(app))


def test_the_stub_fails():
    """It says so at the first check, and with its own exception."""
    said = verdict(stub.app)
    assert not said
    assert repr(said) == (
        "✗ lifespan: the app raised NotImplementedError: no lifespan here yet. "
        "A server would go on without (L9); here, answer"
    )


def test_the_solution_passes():
    """Every check, and a last line."""
    said = verdict(solution.app)
    assert said
    assert repr(said).splitlines() == [*(f"✓ {name}" for name in NAMES), "All of it. This app can be served."]


WRONG = {
    "reads_one_message": (
        "http, three pieces",
        "the body was b'onetwo' and the echo is b'one': read until more_body is False (HR10)",
    ),
    "returns_after_startup": (
        "lifespan",
        f"rule L13, stay until shutdown: {rule('L13').sentence}",
    ),
    "takes_the_rest_for_http": (LAST, 'the scope has the type "pigeon", and the app did not raise (G14)'),
}


def test_every_wrong_answer_is_known():
    """Three files, three messages, and no message twice."""
    assert sorted(module.name for module in pkgutil.iter_modules(wrong.__path__)) == sorted(WRONG)
    assert len(set(WRONG.values())) == len(WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_fails_with_its_own_message(name):
    """All checks before it pass."""
    said = verdict(importlib.import_module(f"{wrong.__name__}.{name}").app)
    failed, complaint = WRONG[name]
    assert (said.passed, said.failed, said.complaint) == (NAMES[: NAMES.index(failed)], failed, complaint)


ACCEPT = 'await receive()\n    await send({"type": "websocket.accept"})'
BROKEN = [
    ('"lifespan.shutdown.complete"', '"lifespan.shutdown.failed"', "lifespan", "not one complete for each of the two"),
    ('"status": 200', '"status": 201', "http, one piece", "the status is 201, not 200"),
    ("b\"%d\" % len(body)", "b'0'", "http, one piece", "the headers lack content-length"),
    ("text/plain", "text/html", "http, one piece", "the headers lack content-type"),
    ("            return\n", "            break\n", "http, torn", "the app took what it had for the whole"),
    ('"bytes": message["bytes"]', '"bytes": b""', "websocket, text and bytes", "['hi', b'\\xff', ''] went in, and"),
    (ACCEPT, 'await send({"type": "websocket.accept"})', "websocket, text and bytes", "rule WS1, answer the connect"),
    (ACCEPT, 'await receive()\n    await send({"type": "websocket.close"})\n    return', "websocket, text and bytes", "did not accept"),
    ('raise NotImplementedError(f"no {scope[\'type\']} here")', "await receive()\n        await receive()", LAST, "waits for more of it"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "broken", "failed", "said"), BROKEN)
def test_a_solution_that_is_broken_in_one_place_fails_there(right, broken, failed, said):
    """Every part of the checker is needed for some mistake."""
    text = inspect.getsource(solution)
    assert right in text
    names: dict[str, Any] = {}
    exec(compile(text.replace(right, broken), "broken", "exec"), names)
    found = verdict(names["app"])
    assert found.failed == failed
    assert said in found.complaint


def test_hints_are_given_one_by_one():
    """Three of them; a fourth does not exist."""
    assert [repr(ch01.hint(number))[:8] for number in (1, 2, 3)] == ["1 of 3: ", "2 of 3: ", "3 of 3: "]
    for number in (0, 4):
        with pytest.raises(ValueError, match=r"^there are hints 1 to 3$"):
            ch01.hint(number)
