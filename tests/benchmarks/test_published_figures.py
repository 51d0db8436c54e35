"""The figures about speed in the README and on the page about it are those of the last full runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import chart, results

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGE = ROOT / "docs" / "explanation" / "performance.md"

PUBLISHED = {
    "fastest Python peer of each row / sse-core, geometric mean": r"took ([\d.]+x) as long",
    "httpx2 / sse-core, geometric mean": r"httpx2's ([\d.]+x)",
    "openai / sse-core, geometric mean": r"openai's ([\d.]+x)",
    "JS on V8 / sse-core, OpenAI streams from 4 KiB, worst": r"([\d.]+x) where it leads most",
    "sse-core / floor, plain data from 4 KiB, worst": r"at most ([\d.]+x) of that",
}


FASTEST_PEER = "fastest Python peer of each row / sse-core, geometric mean"


def text_of(page: Path) -> str:
    """Return the text of a page without line breaks."""
    return " ".join(page.read_text(encoding="utf-8").split())


def goals(python: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = results.read(results.path_for(python))["goals"]
    return found


def figures(python: str) -> dict[str, str]:
    return {goal["name"]: goal["figure"] for goal in goals(python)}


def rows_with_a_faster_peer(python: str) -> dict[str, Any]:
    (goal,) = (goal for goal in goals(python) if goal["name"].endswith("in which a Python peer is faster"))
    return goal


@pytest.mark.parametrize("goal", PUBLISHED)
def test_figure_matches_last_full_run(goal: str) -> None:
    found = re.search(PUBLISHED[goal], text_of(PAGE))
    assert found
    assert found[1] == figures(chart.PYTHON)[goal]


@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_readme_says_which_python_a_figure_is_of(python: str) -> None:
    figure = figures(python)[FASTEST_PEER]
    assert re.search(rf"{re.escape(figure)} as long on CPython {re.escape(python)}", text_of(README))


def test_page_has_figures_of_later_python() -> None:
    text = text_of(PAGE)
    assert f"On CPython 3.13 the fastest other took {figures('3.13')[FASTEST_PEER]} as long" in text
    assert f"in {rows_with_a_faster_peer('3.13')['figure']} of the 45 another was ahead" in text


def test_page_names_rows_with_a_faster_peer() -> None:
    goal = rows_with_a_faster_peer(chart.PYTHON)
    rows = re.search(r"rows, of (\d+),", goal["name"])
    assert rows
    assert f"In {goal['figure']} of the {rows[1]} another was ahead" in text_of(PAGE)
    for detail in goal["details"]:
        assert detail.rpartition(" ")[2] in text_of(PAGE)
