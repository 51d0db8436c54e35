"""What the README says of speed is what the last full run found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import chart, results

README = Path(__file__).parents[2] / "README.md"

PUBLISHED = {
    "fastest Python peer of each cell / ours, geometric mean": r"took ([\d.]+x) as long",
    "httpx2 / ours, geometric mean": r"httpx2's ([\d.]+x)",
    "openai / ours, geometric mean": r"openai's ([\d.]+x)",
    "JS on V8 / ours, OpenAI streams from 4 KiB, worst": r"([\d.]+x) where it leads most",
    "ours / floor, plain data from 4 KiB, worst": r"at most ([\d.]+x) of that",
}


def section() -> str:
    text = README.read_text()
    return " ".join(text[text.index("## Performance") :].split())


def figures() -> dict[str, str]:
    found = results.read(results.path_for(chart.PYTHON))["verdicts"]
    return {verdict["aim"]: verdict["figure"] for verdict in found}


@pytest.mark.parametrize("aim", PUBLISHED)
def test_a_figure_in_the_readme_is_one_of_the_last_full_run(aim: str) -> None:
    said = re.search(PUBLISHED[aim], section())
    assert said
    assert said[1] == figures()[aim]


def test_the_readme_names_every_cell_in_which_another_is_ahead() -> None:
    (verdict,) = (
        found
        for found in results.read(results.path_for(chart.PYTHON))["verdicts"]
        if found["aim"].endswith("in which a Python peer is ahead of us")
    )
    cells = re.search(r"cells, of (\d+),", verdict["aim"])
    assert cells
    assert f"In {verdict['figure']} of the {cells[1]} another was ahead" in section()
    for detail in verdict["details"]:
        assert detail.rpartition(" ")[2] in section()
