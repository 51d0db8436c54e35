"""The page of differences lists exactly the differences that the tests know."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.differences import MISREADINGS, Difference
from tests.browser.reporting import DIFFERENCES
from tests.browser.test_scenarios import SCENARIOS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / DIFFERENCES).read_text(encoding="utf-8")


def test_page_lists_exactly_the_known_differences() -> None:
    headings = re.findall(r"^### (.*)$", PAGE.partition("## What differs")[2], re.MULTILINE)
    assert sorted(headings) == sorted(difference.value for difference in Difference)


def test_each_difference_is_explained() -> None:
    sections = re.split(r"^### .*$", PAGE.partition("## What differs")[2], flags=re.MULTILINE)[1:]
    assert all(len(section.split()) > 20 for section in sections)


def test_each_difference_is_tested() -> None:
    tested = {scenario.chromium.difference for scenario in SCENARIOS if scenario.chromium}
    tested |= {misreading.difference for misreading in MISREADINGS}
    # Compared by a separate test.
    tested.add(Difference.REQUEST_HEADERS)
    assert tested == set(Difference)
