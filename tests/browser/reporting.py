"""The summary of a run: the browser, and how many comparisons agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

PARITY = "browser parity"
"""The property under which a test records how many comparisons agree, as "233 of 234 vectors"."""

BROWSER = "browser"
"""The property under which it records the browser."""

RESOLVED = "difference resolved"
"""The property under which it records a difference that no longer exists."""

DIFFERENCES = "docs/browser-parity.md"


def parity_lines(reports: Iterable[object], *, all_passed: bool) -> Iterator[str]:
    """Yield the lines of the summary for these test reports; none if they compared nothing."""
    recorded = [pair for report in reports for pair in getattr(report, "user_properties", [])]
    agreed = [value for name, value in recorded if name == PARITY]
    if agreed:
        browser = next(value for name, value in recorded if name == BROWSER)
        explained = f"; the differences are explained in {DIFFERENCES}" if all_passed else ""
        yield f"{PARITY} with {browser}: {', '.join(agreed)} agree{explained}"
    for resolved in sorted({value for name, value in recorded if name == RESOLVED}):
        yield f"{PARITY}: no longer a difference, but still in {DIFFERENCES}: {resolved}"
