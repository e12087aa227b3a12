"""Every question tells a server that makes the mistake from one that does not."""

import pytest

from rawasgi.instruments.scoring.judging import MAIN
from rawasgi.instruments.scoring.questions.scopes import AT_ROOT
from rawasgi.instruments.scoring.verdict import judged
from rawasgi.tiny import server as tiny
from tests.instruments.scoring import mutants_requests, mutants_responses, mutants_websockets
from tests.instruments.scoring.mutants import MUTANTS
from tests.instruments.scoring.served import stage

assert all((mutants_requests, mutants_responses, mutants_websockets))  # imported, they have put theirs into the list
NAMES = [f"{mutant.question.ask.__name__}-{mutant.make.__name__}" for mutant in MUTANTS]


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    """tiny has as much as ever, whatever a test before has left it."""
    monkeypatch.setattr(tiny, "PATIENCE", 1.0)


@pytest.mark.parametrize("mutant", MUTANTS, ids=NAMES)
def test_a_mistake_is_found(mutant, monkeypatch, tmp_path):
    """The rules that the mutant breaks, and no others; the server is to blame."""
    mutant.make(monkeypatch)
    with stage(tmp_path) as made:
        verdict = judged(mutant.question, made)
    assert (verdict.word, {finding.rule for finding in verdict.findings}) == ("breaks", mutant.rules)
    assert {finding.blame for finding in verdict.findings} == {"server"}
    assert {finding.rule for finding in verdict.findings} <= {*mutant.question.rules}


def test_every_question_has_a_mutant():
    """None that is always answered with ok."""
    asked = {question.ask for question in (*MAIN, *AT_ROOT)}
    assert asked - {mutant.question.ask for mutant in MUTANTS} == set()
