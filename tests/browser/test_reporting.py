"""What a run says at its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.browser.differences import Difference
from tests.browser.reporting import BROWSER, GONE, PARITY, parity_lines


@dataclass
class Report:
    """A report of pytest, as far as it matters."""

    user_properties: list[tuple[str, object]] = field(default_factory=list)


COMPARED = [
    Report(),
    Report([(BROWSER, "Chromium 1.2"), (PARITY, "2 of 3 vectors")]),
    Report([(BROWSER, "Chromium 1.2"), (PARITY, "9 of 9 streams")]),
]


def test_it_says_how_much_agrees_and_where_the_rest_is_explained() -> None:
    (line,) = parity_lines(COMPARED, all_passed=True)
    agreement, _, rest = line.partition("; ")
    assert agreement == "browser parity with Chromium 1.2: 2 of 3 vectors, 9 of 9 streams agree"
    assert rest == "why others do not is in docs/browser-parity.md"


def test_it_explains_nothing_when_a_test_failed() -> None:
    (line,) = parity_lines(COMPARED, all_passed=False)
    assert line.endswith("9 of 9 streams agree")


def test_it_names_each_difference_that_is_gone_once() -> None:
    gone = Report([(GONE, Difference.CHARSET.value)])
    _, line = parity_lines([*COMPARED, gone, gone], all_passed=True)
    assert "no difference any more" in line
    assert line.endswith("A charset other than UTF-8")


def test_it_says_nothing_when_nothing_was_compared() -> None:
    assert list(parity_lines([Report()], all_passed=True)) == []
