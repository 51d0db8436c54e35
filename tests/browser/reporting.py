"""The line that says how many of what was compared agree."""

from __future__ import annotations

from collections.abc import Iterable

PARITY = "browser parity"
"""The property under which a test records what agrees, as "233 of 234 vectors"."""

DIFFERENCES = "docs/browser-parity.md"


def parity_line(reports: Iterable[object]) -> str | None:
    """Return the line for these reports of tests; None if none of them compared anything."""
    agreed = [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", [])
        if name == PARITY
    ]
    if not agreed:
        return None
    return f"{PARITY}: {', '.join(agreed)} agree; why the others do not is in {DIFFERENCES}"
