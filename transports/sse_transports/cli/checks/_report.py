"""How findings are shown: to a person, calm and grouped, and to a program as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

from ._observation import Observation, Reading
from ._rule import Finding, Verdict

STYLES = {
    Verdict.GOOD: "green",
    Verdict.WRONG: "bold red",
    Verdict.DOUBTFUL: "yellow",
    Verdict.NOT_SEEN: "dim",
    Verdict.NOTE: "dim",
}
WIDEST = max(len(verdict.value) for verdict in Verdict)

Row = tuple[str, str, str]
"""What stands at the left, what at the right, and the style of the left."""


def rows(findings: list[Finding]) -> Iterator[Row]:
    """Give what is shown, row by row; the heading of a group has nothing at the right."""
    for group, members in groupby(findings, key=lambda finding: finding.rule.group):
        yield group, "", "bold"
        for finding in members:
            yield finding.verdict.value, f"{finding.rule.name}: {finding.evidence}", STYLES[finding.verdict]
            if finding.mend:
                yield "", finding.mend, ""
                yield "", f"({finding.rule.clause})", ""


def summary(seen: Observation, findings: list[Finding]) -> str:
    """Return the last line: how many of each verdict, after how many requests."""
    told = [f"{count(findings, verdict)} {verdict.value}" for verdict in Verdict if count(findings, verdict)]
    requests = len(seen.readings)
    asked = "1 request" if requests == 1 else f"{requests} requests"
    return f"{', '.join(told) or 'nothing seen'}; {asked}"


def count(findings: list[Finding], verdict: Verdict) -> int:
    """Return how many findings have this verdict."""
    return sum(finding.verdict is verdict for finding in findings)


def as_text(seen: Observation, findings: list[Finding]) -> str:
    """Return the report as plain text, one finding a line, the mend of one beneath it."""
    lines = []
    for left, right, _ in rows(findings):
        lines.append(f"  {left:{WIDEST}}  {right}" if right else left)
    return "\n".join([*lines, summary(seen, findings), ""])


def as_json(seen: Observation, findings: list[Finding], *, ascii_only: bool = False) -> str:
    """Return the report as one JSON object."""
    return json.dumps(
        {
            "url": seen.url,
            "method": seen.method,
            "wrong": count(findings, Verdict.WRONG),
            "doubtful": count(findings, Verdict.DOUBTFUL),
            "findings": [
                {
                    "check": finding.rule.name,
                    "group": finding.rule.group,
                    "verdict": finding.verdict.value,
                    "seen": finding.evidence,
                    "clause": finding.rule.clause,
                    "mend": finding.mend or None,
                }
                for finding in findings
            ],
            "requests": [_request(reading) for reading in seen.readings],
        },
        ensure_ascii=ascii_only,
        indent=2,
    )


def _request(reading: Reading) -> dict[str, object]:
    return {
        "purpose": reading.purpose,
        "last_event_id": reading.last_event_id,
        "status": reading.status or None,
        "head_seconds": None if reading.head_at is None else round(reading.head_at, 4),
        "seconds": round(reading.ended_at, 4),
        "bytes": sum(len(data) for _, data in reading.pieces),
        "ended": reading.ending.value,
    }
