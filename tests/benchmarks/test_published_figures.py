"""The figures about speed in the README are those of the last full run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import chart, results

README = Path(__file__).parents[2] / "README.md"

PUBLISHED = {
    "fastest Python peer of each row / sse-core, geometric mean": r"took ([\d.]+x) as long",
    "httpx2 / sse-core, geometric mean": r"httpx2's ([\d.]+x)",
    "openai / sse-core, geometric mean": r"openai's ([\d.]+x)",
    "JS on V8 / sse-core, OpenAI streams from 4 KiB, worst": r"([\d.]+x) where it leads most",
}


def section() -> str:
    text = README.read_text()
    return " ".join(text[text.index("## Performance") :].split())


def figures() -> dict[str, str]:
    found = results.read(results.path_for(chart.PYTHON))["goals"]
    return {goal["name"]: goal["figure"] for goal in found}


@pytest.mark.parametrize("goal", PUBLISHED)
def test_readme_figure_matches_last_full_run(goal: str) -> None:
    found = re.search(PUBLISHED[goal], section())
    assert found
    assert found[1] == figures()[goal]


def test_readme_names_rows_with_a_faster_peer() -> None:
    (goal,) = (
        found
        for found in results.read(results.path_for(chart.PYTHON))["goals"]
        if found["name"].endswith("in which a Python peer is faster")
    )
    rows = re.search(r"rows, of (\d+),", goal["name"])
    assert rows
    assert f"In {goal['figure']} of the {rows[1]} another was ahead" in section()
    for detail in goal["details"]:
        assert detail.rpartition(" ")[2] in section()
