"""The figures of a full run as a file: what was measured, with what, and what it amounts to."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.cells import cut_name

if TYPE_CHECKING:
    from benchmarks.cells import Cell
    from benchmarks.verdicts import Verdict

FOLDER = Path(__file__).with_name("results")


def path_for(python: str) -> Path:
    """Return the file for a Python version such as `3.11`."""
    return FOLDER / f"parse_speed-{python}.json"


def write(cells: list[Cell], found: list[Verdict], versions: dict[str, str], rounds: int) -> Path:
    """Write the figures of this run in place of the last under this Python."""
    results = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": platform.machine(),
        "versions": versions,
        "rounds": rounds,
        "cells": [record(cell) for cell in cells],
        "verdicts": [asdict(verdict) for verdict in found],
    }
    path = path_for(".".join(platform.python_version_tuple()[:2]))
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    return path


def read(path: Path) -> dict[str, Any]:
    """Return what was written."""
    results: dict[str, Any] = json.loads(path.read_text())
    return results


def record(cell: Cell) -> dict[str, Any]:
    """Return a cell as it is written."""
    parsers: dict[str, dict[str, Any]] = {}
    for name, figure in cell.figures.items():
        parsers[name] = {"ns_per_event": _ns(figure.seconds, cell), "over_ours": round(cell.ratio(name), 3)}
        if figure.wrong:
            parsers[name]["wrong"] = figure.wrong
        if figure.stopped:
            parsers[name]["stopped"] = True
    return {
        "fixture": cell.fixture,
        "cut": cut_name(cell.cut),
        "events": cell.events,
        "parsers": parsers,
        "floor_ns_per_event": None if cell.floor is None else _ns(cell.floor, cell),
        "floor_way": cell.floor_way,
        "ours_over_floor": None if cell.over_floor is None else round(cell.over_floor, 3),
    }


def _ns(seconds: float, cell: Cell) -> float:
    return round(seconds / cell.events * 1e9, 1)
