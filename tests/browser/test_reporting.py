"""The summary of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.browser.differences import Difference
from tests.browser.reporting import BROWSER, PARITY, RESOLVED, parity_lines


@dataclass
class Report:
    """The part of a pytest report that the summary uses."""

    user_properties: list[tuple[str, object]] = field(default_factory=list)


COMPARED = [
    Report(),
    Report([(BROWSER, "Chromium 1.2"), (PARITY, "2 of 3 vectors")]),
    Report([(BROWSER, "Chromium 1.2"), (PARITY, "9 of 9 streams")]),
]


def test_summary_counts_agreement_and_links_to_differences() -> None:
    (line,) = parity_lines(COMPARED, all_passed=True)
    agreement, _, rest = line.partition("; ")
    assert agreement == "browser parity with Chromium 1.2: 2 of 3 vectors, 9 of 9 streams agree"
    assert rest == "the differences are explained in docs/browser-parity.md"


def test_summary_has_no_link_after_a_failure() -> None:
    (line,) = parity_lines(COMPARED, all_passed=False)
    assert line.endswith("9 of 9 streams agree")


def test_summary_names_each_resolved_difference_once() -> None:
    resolved = Report([(RESOLVED, Difference.CHARSET.value)])
    _, line = parity_lines([*COMPARED, resolved, resolved], all_passed=True)
    assert "no longer a difference" in line
    assert line.endswith("A charset other than UTF-8")


def test_no_summary_without_comparisons() -> None:
    assert list(parity_lines([Report()], all_passed=True)) == []
