"""The result of each rule with servers that comply and with servers that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sse_transports.cli.checks._observation import Ending, Observation
from sse_transports.cli.checks._rule import Finding, Rule, Verdict, apply
from sse_transports.cli.checks._rules import RULES
from tests.cli.checks.cases import CASES, Case
from tests.cli.checks.samples import URL, good, reading
from tests.recorded_streams import every_recording, needs_recordings

COMPLAINTS = {Verdict.FAIL, Verdict.WARN}

EVERY_CASE = [
    pytest.param(name, case, id=f"{name}-{number}")
    for name, cases in CASES.items()
    for number, case in enumerate(cases)
]


def find(name: str, observed: Observation) -> Finding | None:
    return next((each for each in apply(RULES, observed) if each.rule.name == name), None)


@pytest.mark.parametrize(("name", "case"), EVERY_CASE)
def test_rule_returns_the_expected_result(name: str, case: Case) -> None:
    found = find(name, case.observed)
    assert (found and found.verdict) == case.verdict, found
    if found is not None:
        assert case.evidence in found.evidence
        assert bool(found.fix) == (found.verdict in COMPLAINTS)


def test_each_rule_has_a_unique_name_and_cases() -> None:
    names = [rule.name for rule in RULES]
    assert sorted(names) == sorted(set(names))
    assert set(CASES) == set(names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_has_cases_for_both_outcomes(rule: Rule) -> None:
    # A rule without a fix never complains: it only gives information.
    verdicts = [case.verdict for case in CASES[rule.name]]
    assert any(verdict not in COMPLAINTS for verdict in verdicts)
    assert any(verdict in COMPLAINTS for verdict in verdicts) == bool(rule.fix)


def test_good_server_has_no_findings_to_fix() -> None:
    assert [found for found in apply(RULES, good()) if found.verdict in COMPLAINTS] == []


def test_unreachable_server_has_no_findings() -> None:
    nothing = Observation(URL, first=reading([], headers_at=None, ending=Ending.FAILED))
    assert apply(RULES, nothing) == []


@needs_recordings
@every_recording
def test_recorded_streams_of_real_services_do_not_fail(path: Path) -> None:
    body = path.read_bytes()
    events = [b"%b\n\n" % event for event in body.replace(b"\r\n", b"\n").split(b"\n\n") if event]
    chunks = [(0.1 + 0.05 * number, event) for number, event in enumerate(events)]
    observed = Observation(URL, method="POST", first=reading(chunks, ending=Ending.ENDED))
    assert [found for found in apply(RULES, observed) if found.verdict is Verdict.FAIL] == []
