"""The table, the goals and the chart show the figures, including rows with a faster peer."""

from __future__ import annotations

from xml.etree import ElementTree

from benchmarks import chart, table
from benchmarks.chart import SHOWN
from benchmarks.fixtures import CHANGING, LARGE, LONG_LINE, OPENAI, PER_EVENT, PER_LINE, TINY
from benchmarks.goals import goals
from benchmarks.results import record
from benchmarks.rounds import Timing
from benchmarks.rows import Row
from benchmarks.v8 import V8


def row(fixture: str, chunk_size: int | None, *, own: float, fast: float, v8: float = 1.0) -> Row:
    timings = {
        "sse-core": Timing(own),
        "fast": Timing(fast),
        "httpx2": Timing(8.0, wrong="data of 1 events"),
        "openai": Timing(50.0, stopped=True),
        V8: Timing(v8),
    }
    return Row(fixture, chunk_size, 10, timings)


ROWS = [
    row(OPENAI, PER_EVENT, own=1.0, fast=2.0),
    row(OPENAI, 4096, own=2.0, fast=1.0, v8=3.0),
    row(TINY, 65536, own=1.0, fast=4.0),
    row(LONG_LINE, 1460, own=1.0, fast=1.5),
]


def test_table_has_a_line_per_row_and_marks_mistakes() -> None:
    head, first, second, *_ = lines = list(table.lines(ROWS))
    assert len(lines) == 5
    assert head.split() == ["sse-core", "fast", "httpx2", "openai", "JS", "on", "V8"]
    assert first.split()[3:] == [
        "one",
        "event",
        "per",
        "chunk",
        "100,000,000",
        "2.00",
        "8.00!",
        ">50.00",
        "1.00",
    ]
    assert second.split() == ["4096-byte", "chunks", "200,000,000", "0.50", "4.00!", ">25.00", "1.50"]
    assert list(table.mistakes(ROWS[:1])) == [
        f"httpx2 returns wrong events in {OPENAI}, one event per chunk: data of 1 events",
        f"openai was stopped in {OPENAI}, one event per chunk",
    ]


def test_goals_are_computed_from_the_rows() -> None:
    found = goals(ROWS, {LONG_LINE: 1.9})
    assert [(goal.figure, goal.target, goal.met) for goal in found] == [
        # (2 * 0.5 * 4 * 1.5) ** (1 / 4)
        ("1.57x", ">= 1.8", False),
        ("1", "none", False),
        # (8 * 4 * 8 * 8) ** (1 / 4)
        ("6.73x", ">= 3.5", True),
        ("42.04x", ">= 5.0", True),
        ("1.50x", ">= 1.0", True),
        ("1.90x", "<= 1.3", False),
    ]
    mean, slower, *_ = found
    assert mean.where == f"worst 0.50x: {OPENAI}, 4096-byte chunks, fast"
    assert slower.details == [f"{OPENAI}, 4096-byte chunks: fast 0.50x"]
    assert "NO (>= 1.8)" in mean.lines()[0]
    assert slower.lines()[1] == f"    {OPENAI}, 4096-byte chunks: fast 0.50x"


def test_hard_rows_have_a_goal_of_their_own() -> None:
    hard = [
        row(CHANGING, 4096, own=1.0, fast=2.0),
        row(LARGE, 1460, own=1.0, fast=0.95),
        row(OPENAI, PER_LINE, own=1.0, fast=1.0),
        row(OPENAI, 50, own=2.0, fast=1.0),
    ]
    found = {goal.name: goal for goal in goals([*ROWS, *hard], {})}
    assert found["fastest Python peer of each row / sse-core, geometric mean"].figure == "1.57x"
    # (2 * 0.95 * 1 * 0.5) ** (1 / 4)
    assert found["the same in 4 hard rows"].figure == "0.99x"
    worst = found["the same in the worst of the hard rows"]
    assert (worst.figure, worst.met, worst.where) == ("0.50x", False, f"{OPENAI}, 50-byte chunks, fast")


def test_no_goal_without_a_measurement() -> None:
    without = row(OPENAI, 4096, own=1.0, fast=2.0)
    del without.timings[V8]
    names = [goal.name for goal in goals([without], {})]
    assert not [name for name in names if "V8" in name]


def test_chart_is_small_and_valid_and_complete() -> None:
    rows = [row(fixture, size, own=1.0, fast=0.5) for fixture, size in SHOWN]
    picture = chart.picture({"python": "CPython 3.11 <&>", "rows": [record(row) for row in rows]})
    assert len(picture) < 20_000
    root = ElementTree.fromstring(picture)
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    bars = [bar.get("class") for bar in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert bars == ["this-library", "bar", "bar", "bar", "bar"] * len(SHOWN)
    assert texts.count("fast") == texts.count("0.50x") == len(SHOWN)
    assert {
        f"{fixture}, {'one event per chunk' if size is None else f'{size}-byte chunks'}"
        for fixture, size in SHOWN
    } <= set(texts)
    assert "<script" not in picture
