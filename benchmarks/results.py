"""Write and read the figures of a full run: a JSON file with the versions, the table and the goals."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.rows import chunks_name

if TYPE_CHECKING:
    from benchmarks.goals import Goal
    from benchmarks.rows import Row

FOLDER = Path(__file__).with_name("results")


def path_for(python: str) -> Path:
    """Return the file for a Python version such as `3.11`."""
    return FOLDER / f"parse_speed-{python}.json"


def write(rows: list[Row], found: list[Goal], versions: dict[str, str], rounds: int) -> Path:
    """Replace the figures of the last run under this Python."""
    results = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": platform.machine(),
        "versions": versions,
        "rounds": rounds,
        "rows": [record(row) for row in rows],
        "goals": [asdict(goal) for goal in found],
    }
    path = path_for(".".join(platform.python_version_tuple()[:2]))
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    return path


def read(path: Path) -> dict[str, Any]:
    """Return the figures in a file."""
    results: dict[str, Any] = json.loads(path.read_text())
    return results


def record(row: Row) -> dict[str, Any]:
    """Return a row as JSON."""
    parsers: dict[str, dict[str, Any]] = {}
    for name, timing in row.timings.items():
        parsers[name] = {
            "ns_per_event": _ns(timing.seconds, row),
            "over_this_library": round(row.ratio(name), 3),
        }
        if timing.wrong:
            parsers[name]["wrong"] = timing.wrong
        if timing.stopped:
            parsers[name]["stopped"] = True
    return {
        "fixture": row.fixture,
        "chunks": chunks_name(row.chunk_size),
        "events": row.events,
        "parsers": parsers,
    }


def _ns(seconds: float, row: Row) -> float:
    return round(seconds / row.events * 1e9, 1)
