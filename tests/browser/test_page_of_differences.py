"""The page of differences has each that the tests know, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.differences import MISREADINGS, Difference
from tests.browser.reporting import DIFFERENCES
from tests.browser.test_scenarios import SCENARIOS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / DIFFERENCES).read_text(encoding="utf-8")


def test_each_difference_is_on_the_page_and_each_on_the_page_is_one() -> None:
    headings = re.findall(r"^### (.*)$", PAGE.partition("## What differs")[2], re.MULTILINE)
    assert sorted(headings) == sorted(difference.value for difference in Difference)


def test_each_difference_has_a_reason() -> None:
    sections = re.split(r"^### .*$", PAGE.partition("## What differs")[2], flags=re.MULTILINE)[1:]
    assert all(len(section.split()) > 20 for section in sections)


def test_each_difference_is_met() -> None:
    met = {scenario.otherwise.difference for scenario in SCENARIOS if scenario.otherwise}
    met |= {misreading.difference for misreading in MISREADINGS}
    # Compared by a test of its own.
    met.add(Difference.REQUEST_HEADERS)
    assert met == set(Difference)
