"""Every rule that a wrapper can see: what breaks it alone is found, and its nearest legal neighbour is not."""

import inspect
import re
from pathlib import Path

import pytest

from rawasgi.instruments.checking import driven
from rawasgi.instruments.checking.report import NOT_CHECKABLE
from rawasgi.messages.rules import all_rules, rule
from rawasgi.messages.states import TABLES
from tests.instruments.checking import cases_common, cases_http, cases_scope, cases_websocket
from tests.instruments.checking.scenes import findings_of, scenes

CASES = [*cases_common.CASES, *cases_scope.CASES, *cases_http.CASES, *cases_websocket.CASES]
NAMES = [f"{case.rule}-{sum(other.rule == case.rule for other in CASES[:number])}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_what_breaks_a_rule_alone_is_the_only_finding(case):
    """The number, the level and the culprit of the rule, or that one of them which the case names."""
    broken = rule(case.rule)
    (finding,) = findings_of(*scenes(case.broken))
    blame = {case.blame} if case.blame else broken.blame
    assert (finding.rule, finding.level, {finding.blame}) == (case.rule, case.level or broken.level, blame)
    assert finding.link == broken.link


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_its_nearest_legal_neighbour_is_without_finding(case):
    """Otherwise the finding would be about something else."""
    assert findings_of(*scenes(case.legal)) == []


def test_no_rule_that_a_wrapper_can_see_is_without_a_case():
    """All that `rules.md` marks with a w."""
    seen = {known.id for known in all_rules() if "wrapper" in known.seen}
    assert seen - {case.rule for case in CASES} == set()


def test_every_rule_is_seen_by_somebody_or_told_why_not():
    """A wrapper, a client or a test of the server; of the others the report says why nobody can."""
    unseen = {known.id for known in all_rules() if not known.seen or known.level == "may"}
    assert unseen == NOT_CHECKABLE.keys()


def test_every_rule_that_takes_a_client_is_asked_by_one():
    """The checks of `driven` name them all."""
    asked = set(re.findall(r'Fault\("([A-Z]+[0-9]+)"', inspect.getsource(driven)))
    assert {known.id for known in all_rules() if "client" in known.seen} == asked


def test_each_rule_is_named_in_one_place_of_the_checks():
    """A rule that nobody names cannot be found; the tables name the others."""
    files = [path.read_text("utf-8") for path in Path(inspect.getfile(driven)).parent.glob("*.py")]
    named = set(re.findall(r'"([A-Z]+[0-9]+)"', "".join(files)))
    ordered = {rule_id for table in TABLES.values() for _, rule_id in table.rows.values()}
    seen = {known.id for known in all_rules() if "wrapper" in known.seen}
    assert seen - named - ordered == set()
