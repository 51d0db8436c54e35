"""The comparison as JSON, and the file of the last full run."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.comparison.scoring import Outcome
from benchmarks.this_library import THIS_LIBRARY

if TYPE_CHECKING:
    from benchmarks.comparison.conformance import Conformance

PATH = Path(__file__).parents[1] / "results" / "comparison.json"

ALL = frozenset(
    {
        THIS_LIBRARY,
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
"""The parsers of a full run."""


def record(found: list[Conformance], features: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the comparison, best conformance first."""
    parsers = [
        {
            # This library has no version here: the file belongs to the commit that it is part of.
            "name": row.peer.name,
            "version": "" if row.peer.name == THIS_LIBRARY else row.peer.version,
            "conformance": conformance_of(row),
            "features": features[row.peer.name],
        }
        for row in sorted(found, key=lambda row: (-row.count(Outcome.RIGHT), row.peer.name))
    ]
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "vectors": sum(len(scores) for scores in found[0].scores.values()),
        "parsers": parsers,
    }


def conformance_of(row: Conformance) -> dict[str, dict[str, Any]]:
    """Return the counts of each group, and the names of the vectors that were wrong."""
    return {
        group: {
            **{outcome.value: row.count(outcome, group) for outcome in Outcome},
            "vectors wrong": [vector.name for vector, score in scores if score.outcome is Outcome.WRONG],
        }
        for group, scores in row.scores.items()
    }


def write(found: dict[str, Any]) -> None:
    """Replace the last full run."""
    PATH.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read() -> dict[str, Any]:
    """Return the last full run."""
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found
