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
}

LATER = ["3.12", "3.13"]
PYTHONS = [chart.PYTHON, *LATER]

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


@pytest.mark.parametrize("python", PYTHONS)
def test_readme_says_which_python_a_figure_is_of(python: str) -> None:
    figure = figures(python)[FASTEST_PEER]
    assert re.search(rf"{re.escape(figure)} as long on CPython {re.escape(python)}", text_of(README))


@pytest.mark.parametrize("python", LATER)
def test_page_has_figures_of_later_pythons(python: str) -> None:
    text = text_of(PAGE)
    mean, slower = figures(python)[FASTEST_PEER], rows_with_a_faster_peer(python)["figure"]
    assert f"On CPython {python} the fastest other took {mean} as long" in text
    assert f"took {mean} as long, and in {slower} of the 45 another was ahead" in text


@pytest.mark.parametrize("python", PYTHONS)
def test_page_names_rows_with_a_faster_peer(python: str) -> None:
    goal = rows_with_a_faster_peer(python)
    assert goal["name"].startswith("rows, of 45,")
    assert f"in {goal['figure']} of the 45 another was ahead" in text_of(PAGE).replace("In ", "in ")
    for detail in goal["details"]:
        assert detail.rpartition(" ")[2] in text_of(PAGE)


def test_page_has_the_figures_of_hard_rows() -> None:
    means = [figures(python)["the same in 12 hard rows"] for python in PYTHONS]
    worst = [figures(python)["the same in the worst of the hard rows"] for python in PYTHONS]
    text = text_of(PAGE)
    assert f"{means[0]} as long on CPython 3.11, {means[1]} on 3.12, and {means[2]} on 3.13" in text
    assert "{}, {} and {}, with chunks".format(*worst) in text
