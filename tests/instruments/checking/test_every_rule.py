"""Every rule that a wrapper can see: what breaks it alone is found, and its nearest legal neighbour is not."""

import pytest

from rawasgi.messages.rules import all_rules, rule
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
