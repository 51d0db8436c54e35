"""The comparison as data, and the file of the last full run."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.comparison.judgement import Outcome
from benchmarks.ours import OURS

if TYPE_CHECKING:
    from benchmarks.comparison.conformance import Row

PATH = Path(__file__).parents[1] / "results" / "comparison.json"

ALL = frozenset(
    {
        OURS,
        "aiohttp-sse-client2",
        "aiosseclient",
        "anthropic",
        "assel",
        "axio-sse",
        "eventsource-parser",
        "httpx-sse",
        "httpx2",
        "launchdarkly-eventsource",
        "openai",
        "requests-sse",
        "sseclient",
        "sseclient-py",
    }
)
"""Who takes part in a full run."""


def record(rows: list[Row], features: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return what was found, the parsers that are right most often first."""
    parsers = [
        {
            # Ours is of the commit that is looked at.
            "name": row.peer.name,
            "version": "" if row.peer.name == OURS else row.peer.version,
            "conformance": conformance_of(row),
            "features": features[row.peer.name],
        }
        for row in sorted(rows, key=lambda row: (-row.count(Outcome.RIGHT), row.peer.name))
    ]
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "vectors": sum(len(verdicts) for verdicts in rows[0].verdicts.values()),
        "parsers": parsers,
    }


def conformance_of(row: Row) -> dict[str, dict[str, Any]]:
    """Return the counts of each group, and which vectors were wrong."""
    return {
        group: {
            **{outcome.value: row.count(outcome, group) for outcome in Outcome},
            "vectors wrong": [
                vector.name for vector, verdict in verdicts if verdict.outcome is Outcome.WRONG
            ],
        }
        for group, verdicts in row.verdicts.items()
    }


def write(found: dict[str, Any]) -> None:
    """Write a full run in place of the last."""
    PATH.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read() -> dict[str, Any]:
    """Return the last full run."""
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found
