"""What each rule says of servers that keep it, and of servers that break it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sse_transports.cli.checks._observation import Ending, Observation
from sse_transports.cli.checks._rule import Finding, Rule, Verdict, apply
from sse_transports.cli.checks._rules import RULES
from tests.cli.checks.cases import CASES, Case
from tests.cli.checks.observed import URL, good, reading
from tests.recorded_streams import every_recording, needs_recordings

COMPLAINTS = {Verdict.WRONG, Verdict.DOUBTFUL}

EVERY_CASE = [
    pytest.param(name, case, id=f"{name}-{number}")
    for name, cases in CASES.items()
    for number, case in enumerate(cases)
]


def finding(name: str, seen: Observation) -> Finding | None:
    return next((each for each in apply(RULES, seen) if each.rule.name == name), None)


@pytest.mark.parametrize(("name", "case"), EVERY_CASE)
def test_a_rule_says_what_it_is_to_say(name: str, case: Case) -> None:
    found = finding(name, case.seen)
    assert (found and found.verdict) == case.verdict, found
    if found is not None:
        assert case.told in found.evidence
        assert bool(found.mend) == (found.verdict in COMPLAINTS)


def test_each_rule_has_a_name_of_its_own_and_cases() -> None:
    names = [rule.name for rule in RULES]
    assert sorted(names) == sorted(set(names))
    assert set(CASES) == set(names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_has_a_server_that_breaks_it_if_it_can_complain_and_one_that_does_not(rule: Rule) -> None:
    verdicts = [case.verdict for case in CASES[rule.name]]
    assert any(verdict not in COMPLAINTS for verdict in verdicts)
    assert any(verdict in COMPLAINTS for verdict in verdicts) == bool(rule.mend)


def test_a_good_server_gets_no_complaint() -> None:
    assert [found for found in apply(RULES, good()) if found.verdict in COMPLAINTS] == []


def test_nothing_is_said_of_a_server_that_was_not_reached() -> None:
    nothing = Observation(URL, first=reading([], head_at=None, ending=Ending.FAILED))
    assert apply(RULES, nothing) == []


@needs_recordings
@every_recording
def test_replies_of_real_services_are_not_called_wrong(path: Path) -> None:
    body = path.read_bytes()
    events = [b"%b\n\n" % event for event in body.replace(b"\r\n", b"\n").split(b"\n\n") if event]
    pieces = [(0.1 + 0.05 * number, event) for number, event in enumerate(events)]
    seen = Observation(URL, method="POST", first=reading(pieces, ending=Ending.ENDED))
    assert [found for found in apply(RULES, seen) if found.verdict is Verdict.WRONG] == []
