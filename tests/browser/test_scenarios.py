"""With `RetryPolicy.browser()`, our EventSource does what Chromium's does, or differs as we know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser import (
    scenarios_of_answers,
    scenarios_of_ends,
    scenarios_of_ids,
    scenarios_of_redirects,
    scenarios_of_waits,
)
from tests.browser.by_us import by_us
from tests.browser.chromium import page_of_its_own
from tests.browser.differences import Difference
from tests.browser.in_chromium import in_chromium
from tests.browser.scenario import Scenario
from tests.browser.story import Played
from tests.browser.theatre import Theatre

SCENARIOS: tuple[Scenario, ...] = (
    *scenarios_of_answers.SCENARIOS,
    *scenarios_of_ids.SCENARIOS,
    *scenarios_of_ends.SCENARIOS,
    *scenarios_of_waits.SCENARIOS,
    *scenarios_of_redirects.SCENARIOS,
)
every_scenario = pytest.mark.parametrize("number", range(len(SCENARIOS)), ids=[one.name for one in SCENARIOS])


@dataclass(frozen=True)
class Both:
    """A scenario as both played it."""

    scenario: Scenario
    chromium: Played
    ours: Played

    @property
    def agree(self) -> bool:
        """Whether the same came of it, and both waited as they must."""
        same = self.ours.outcome == self.chromium.outcome
        return same and self.we_waited and self.chromium_waited(self.scenario.waits)

    @property
    def as_known(self) -> bool:
        """Whether Chromium did what is said of it."""
        same = self.chromium.outcome == self.scenario.chromiums
        return same and self.chromium_waited(self.scenario.least_waits)

    @property
    def differ_as_known(self) -> bool:
        """Whether it is said to do something else than we, and did."""
        return self.scenario.otherwise is not None and self.as_known

    @property
    def we_waited(self) -> bool:
        """Whether we waited just so long, where it matters. A wait of no time is none."""
        return not self.scenario.waits or self.ours.waits == [wait for wait in self.scenario.waits if wait]

    def chromium_waited(self, least: Sequence[float]) -> bool:
        """Return whether it waited so long at least; how much longer is the machine's business."""
        waits = self.chromium.waits[: len(least)]
        return all(wait >= shortest for wait, shortest in zip(waits, least, strict=True))


@pytest.fixture(scope="module")
def played(running_chromium: WebDriver) -> list[Both]:
    with Theatre(SCENARIOS).open() as theatre:
        with page_of_its_own(running_chromium) as browser:
            theirs = in_chromium(browser, theatre, SCENARIOS)
        ours = [by_us(theatre, number, scenario) for number, scenario in enumerate(SCENARIOS)]
    return list(map(Both, SCENARIOS, theirs, ours))


@every_scenario
def test_we_do_what_we_must(played: list[Both], number: int) -> None:
    ours = played[number].ours
    assert ours.outcome == SCENARIOS[number].ours
    assert played[number].we_waited, ours.waits


@every_scenario
def test_chromium_does_the_same_or_what_we_know(
    played: list[Both], number: int, record_gone: Callable[[Difference], None]
) -> None:
    both = played[number]
    if both.scenario.otherwise and both.agree and not both.as_known:
        record_gone(both.scenario.otherwise.difference)
    else:
        assert both.chromium.outcome == both.scenario.chromiums
        assert both.as_known, both.chromium.waits


def test_all_agree_but_for_what_is_said_to_differ(
    played: list[Both], record_parity: Callable[[str], None]
) -> None:
    agreeing = [both for both in played if both.agree and not both.differ_as_known]
    assert [both.scenario.name for both in played if not (both in agreeing or both.differ_as_known)] == []
    record_parity(f"{len(agreeing)} of {len(played)} scenarios of the connection")


def test_what_is_said_to_differ_would() -> None:
    for scenario in SCENARIOS:
        if scenario.otherwise:
            ours, theirs = (scenario.ours, scenario.waits), (scenario.chromiums, scenario.least_waits)
            assert ours != theirs, scenario.name


def test_both_ask_for_a_stream_in_the_same_words(played: list[Both]) -> None:
    # The first scenario has one reconnection.
    ours, chromiums = played[0].ours.asked[1].headers, played[0].chromium.asked[1].headers
    standards = {"accept": b"text/event-stream", "cache-control": b"no-cache", "last-event-id": b"1"}
    assert {name: ours[name] for name in standards} == standards
    assert {name: chromiums[name] for name in standards} == standards
    # Difference.REQUEST_HEADERS: what else there is.
    assert ours.keys() == {*standards, "host", "connection", "user-agent", "accept-encoding"}
    assert chromiums.keys() > {*ours, "pragma", "sec-fetch-mode"}
