"""With `RetryPolicy.browser()`, our EventSource behaves like Chromium's, except for known differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser import (
    end_scenarios,
    id_scenarios,
    redirect_scenarios,
    response_scenarios,
    retry_scenarios,
)
from tests.browser.browser_harness import BrowserHarness
from tests.browser.chromium import new_tab
from tests.browser.differences import Difference
from tests.browser.recorded_run import RecordedRun
from tests.browser.run_chromium import run_in_chromium
from tests.browser.run_event_source import run_in_event_source
from tests.browser.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *response_scenarios.SCENARIOS,
    *id_scenarios.SCENARIOS,
    *end_scenarios.SCENARIOS,
    *retry_scenarios.SCENARIOS,
    *redirect_scenarios.SCENARIOS,
)
every_scenario = pytest.mark.parametrize("number", range(len(SCENARIOS)), ids=[one.name for one in SCENARIOS])


@dataclass(frozen=True)
class Both:
    """A scenario and its record with each client."""

    scenario: Scenario
    chromium: RecordedRun
    event_source: RecordedRun

    @property
    def agree(self) -> bool:
        """Whether both outcomes are equal, and both waited as expected."""
        same = self.event_source.outcome == self.chromium.outcome
        return same and self.event_source_waited and self.chromium_waited(self.scenario.waits)

    @property
    def as_known(self) -> bool:
        """Whether Chromium behaved as expected."""
        same = self.chromium.outcome == self.scenario.expected_in_chromium
        return same and self.chromium_waited(self.scenario.min_waits)

    @property
    def differ_as_known(self) -> bool:
        """Whether a difference is known, and Chromium behaved accordingly."""
        return self.scenario.chromium is not None and self.as_known

    @property
    def event_source_waited(self) -> bool:
        """Whether our client waited exactly as expected, if it matters. Waits of 0 are not recorded."""
        expected = [wait for wait in self.scenario.waits if wait]
        return not self.scenario.waits or self.event_source.waits == expected

    def chromium_waited(self, least: Sequence[float]) -> bool:
        """Return whether Chromium waited at least so long; a busy machine may add to it."""
        waits = self.chromium.waits[: len(least)]
        return all(wait >= shortest for wait, shortest in zip(waits, least, strict=True))


@pytest.fixture(scope="module")
def runs(chromium_session: WebDriver) -> list[Both]:
    with BrowserHarness(SCENARIOS).open() as harness:
        with new_tab(chromium_session) as browser:
            chromium = run_in_chromium(browser, harness, SCENARIOS)
        event_source = [
            run_in_event_source(harness, number, scenario) for number, scenario in enumerate(SCENARIOS)
        ]
    return list(map(Both, SCENARIOS, chromium, event_source))


@every_scenario
def test_event_source_behaves_as_expected(runs: list[Both], number: int) -> None:
    run = runs[number].event_source
    assert run.outcome == SCENARIOS[number].expected
    assert runs[number].event_source_waited, run.waits


@every_scenario
def test_chromium_behaves_as_expected(
    runs: list[Both], number: int, record_resolved: Callable[[Difference], None]
) -> None:
    both = runs[number]
    if both.scenario.chromium and both.agree and not both.as_known:
        record_resolved(both.scenario.chromium.difference)
    else:
        assert both.chromium.outcome == both.scenario.expected_in_chromium
        assert both.as_known, both.chromium.waits


def test_all_agree_except_for_known_differences(
    runs: list[Both], record_parity: Callable[[str], None]
) -> None:
    agreeing = [both for both in runs if both.agree and not both.differ_as_known]
    assert [both.scenario.name for both in runs if not (both in agreeing or both.differ_as_known)] == []
    record_parity(f"{len(agreeing)} of {len(runs)} scenarios of the connection")


def test_each_known_difference_has_another_outcome() -> None:
    for scenario in SCENARIOS:
        if scenario.chromium:
            expected = (scenario.expected, scenario.waits)
            assert expected != (scenario.expected_in_chromium, scenario.min_waits), scenario.name


def test_both_send_the_same_standard_headers(runs: list[Both]) -> None:
    # The first scenario has one reconnection.
    own = runs[0].event_source.requests[1].headers
    chromium = runs[0].chromium.requests[1].headers
    standard = {"accept": b"text/event-stream", "cache-control": b"no-cache", "last-event-id": b"1"}
    assert {name: own[name] for name in standard} == standard
    assert {name: chromium[name] for name in standard} == standard
    # Difference.REQUEST_HEADERS: the other headers.
    assert own.keys() == {*standard, "host", "connection", "user-agent", "accept-encoding"}
    assert chromium.keys() > {*own, "pragma", "sec-fetch-mode"}
