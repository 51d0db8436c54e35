"""How findings are shown: grouped lines for people, one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

from .._units import plural
from ._observation import Observation, Reading
from ._rule import Finding, Verdict

STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARN: "yellow",
    Verdict.SKIP: "dim",
    Verdict.INFO: "dim",
}
MAX_LABEL_WIDTH = max(len(verdict.value) for verdict in Verdict)

Row = tuple[str, str, str]
"""The left column, the right column, and the style of the left column."""


def rows(findings: list[Finding]) -> Iterator[Row]:
    """Yield the rows of a report. The heading of a group has an empty right column."""
    for group, members in groupby(findings, key=lambda finding: finding.rule.group):
        yield group, "", "bold"
        for finding in members:
            yield finding.verdict.value, f"{finding.rule.name}: {finding.evidence}", STYLES[finding.verdict]
            if finding.fix:
                yield "", finding.fix, ""
                yield "", f"({finding.rule.clause})", ""


def summary(observed: Observation, findings: list[Finding]) -> str:
    """Return the last line: how many findings of each verdict, after how many requests."""
    counts = [
        f"{count(findings, verdict)} {verdict.value}" for verdict in Verdict if count(findings, verdict)
    ]
    return f"{', '.join(counts) or 'no findings'}; {plural(len(observed.readings), 'request')}"


def count(findings: list[Finding], verdict: Verdict) -> int:
    """Return how many findings have this verdict."""
    return sum(finding.verdict is verdict for finding in findings)


def as_text(observed: Observation, findings: list[Finding]) -> str:
    """Return the report as plain text: one finding a line, its fix below it."""
    lines = []
    for left, right, _ in rows(findings):
        lines.append(f"  {left:{MAX_LABEL_WIDTH}}  {right}" if right else left)
    return "\n".join([*lines, summary(observed, findings), ""])


def as_json(observed: Observation, findings: list[Finding], *, ascii_only: bool = False) -> str:
    """Return the report as one JSON object."""
    return json.dumps(
        {
            "url": observed.url,
            "method": observed.method,
            "fail": count(findings, Verdict.FAIL),
            "warn": count(findings, Verdict.WARN),
            "findings": [
                {
                    "check": finding.rule.name,
                    "group": finding.rule.group,
                    "verdict": finding.verdict.value,
                    "evidence": finding.evidence,
                    "clause": finding.rule.clause,
                    "fix": finding.fix or None,
                }
                for finding in findings
            ],
            "requests": [_request(reading) for reading in observed.readings],
        },
        ensure_ascii=ascii_only,
        indent=2,
    )


def _request(reading: Reading) -> dict[str, object]:
    return {
        "purpose": reading.purpose,
        "last_event_id": reading.last_event_id,
        "status": reading.status or None,
        "headers_seconds": None if reading.headers_at is None else round(reading.headers_at, 4),
        "seconds": round(reading.ended_at, 4),
        "bytes": sum(len(data) for _, data in reading.chunks),
        "ended": reading.ending.value,
    }
