"""What a run says at its end: which browser it was, and how much of what was compared agrees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

PARITY = "browser parity"
"""The property under which a test records what agrees, as "233 of 234 vectors"."""

BROWSER = "browser"
"""The property under which it records the browser."""

GONE = "difference gone"
"""The property under which it records a difference that is none any more."""

DIFFERENCES = "docs/browser-parity.md"


def parity_lines(reports: Iterable[object], *, all_passed: bool) -> Iterator[str]:
    """Yield what is to be said for these reports of tests: nothing, if none of them compared anything."""
    recorded = [pair for report in reports for pair in getattr(report, "user_properties", [])]
    agreed = [value for name, value in recorded if name == PARITY]
    if agreed:
        browser = next(value for name, value in recorded if name == BROWSER)
        why = f"; why others do not is in {DIFFERENCES}" if all_passed else ""
        yield f"{PARITY} with {browser}: {', '.join(agreed)} agree{why}"
    for gone in sorted({value for name, value in recorded if name == GONE}):
        yield f"{PARITY}: no difference any more, and still in {DIFFERENCES}: {gone}"
