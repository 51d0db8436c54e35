"""Group the vectors by their file. Each group is a column of the comparison."""

from __future__ import annotations

import json
from importlib.resources import files

from sse_transports.testing import Vector, vectors

GROUPS = {
    "byte-order-mark": "BOM",
    "utf-8": "UTF-8",
    "line-ends": "line ends",
    "fields": "fields",
    "comments": "comments",
    "dispatch": "dispatch",
    "ids": "ids",
    "retry": "retry",
    "end-of-stream": "end",
    "examples": "examples",
}
"""The title of the column of each file."""


def grouped() -> dict[str, list[Vector]]:
    """Return the vectors of each group."""
    by_name = {vector.name: vector for vector in vectors()}
    folder = files("sse_transports.testing") / "vectors"
    return {
        group: [
            by_name.pop(raw["name"])
            for raw in json.loads((folder / f"{group}.json").read_text(encoding="utf-8"))
        ]
        for group in GROUPS
    }
