"""The table and the verdicts say what the figures say, also where somebody is ahead of us."""

from __future__ import annotations

from xml.etree import ElementTree

from benchmarks import chart, table
from benchmarks.cells import Cell
from benchmarks.chart import SHOWN
from benchmarks.fixtures import LIVE, LONG_LINE, OPENAI, TINY
from benchmarks.results import record
from benchmarks.rounds import Figure
from benchmarks.v8 import V8
from benchmarks.verdicts import verdicts


def cell(fixture: str, cut: int | None, *, ours: float, fast: float, floor: float, v8: float = 1.0) -> Cell:
    figures = {
        "sse-core": Figure(ours),
        "fast": Figure(fast),
        "httpx2": Figure(8.0, wrong="data of 1 events"),
        "openai": Figure(50.0, stopped=True),
        V8: Figure(v8),
    }
    return Cell(fixture, cut, 10, figures, floor, "a way", 1.0)


CELLS = [
    cell(OPENAI, LIVE, ours=1.0, fast=2.0, floor=0.5),
    cell(OPENAI, 4096, ours=2.0, fast=1.0, floor=0.5, v8=3.0),
    cell(TINY, 65536, ours=1.0, fast=4.0, floor=0.4),
    cell(LONG_LINE, 1460, ours=1.0, fast=1.5, floor=0.8),
]


def test_the_table_has_a_line_for_each_cell_and_marks_what_is_wrong() -> None:
    head, first, second, *_ = lines = list(table.lines(CELLS))
    assert len(lines) == 5
    assert head.split() == ["ours", "floor", "fast", "httpx2", "openai", "JS", "on", "V8"]
    assert first.split()[3:] == [
        "one",
        "event",
        "per",
        "chunk",
        "100,000,000",
        "2.00",
        "2.00",
        "8.00!",
        ">50.00",
        "1.00",
    ]
    assert second.split() == ["4096-byte", "chunks", "200,000,000", "4.00", "0.50", "4.00!", ">25.00", "1.50"]
    told = list(table.mistakes(CELLS[:1]))
    assert told == [
        f"httpx2 answers wrong in {OPENAI}, one event per chunk: data of 1 events",
        f"openai was stopped in {OPENAI}, one event per chunk",
    ]


def test_the_verdicts_are_computed_from_the_cells() -> None:
    found = verdicts(CELLS, {LONG_LINE: 1.9})
    said = [(verdict.figure, verdict.target, verdict.met) for verdict in found]
    assert said == [
        # (2 * 0.5 * 4 * 1.5) ** (1 / 4)
        ("1.57x", ">= 1.8", False),
        ("1", "none", False),
        # (8 * 4 * 8 * 8) ** (1 / 4)
        ("6.73x", ">= 3.5", True),
        ("42.04x", ">= 5.0", True),
        ("4.00x", "<= 1.5", False),
        ("2.00x", "<= 1.8", False),
        ("1.00x", "", True),
        ("1.50x", ">= 1.0", True),
        ("1.25x", "<= 1.3", True),
        ("1.00x", "", True),
        ("1.90x", "<= 1.3", False),
    ]
    mean, behind, *_ = found
    assert mean.where == f"worst 0.50x: {OPENAI}, 4096-byte chunks, fast"
    assert behind.details == [f"{OPENAI}, 4096-byte chunks: fast 0.50x"]
    assert "NO (>= 1.8)" in mean.lines()[0]
    assert behind.lines()[1] == f"    {OPENAI}, 4096-byte chunks: fast 0.50x"


def test_what_was_not_measured_has_no_verdict() -> None:
    without = cell(OPENAI, 4096, ours=1.0, fast=2.0, floor=0.5)
    del without.figures[V8]
    without.floor = None
    aims = [verdict.aim for verdict in verdicts([without], {})]
    assert not [aim for aim in aims if "V8" in aim or "floor" in aim]


def test_the_chart_is_small_and_valid_and_shows_everybody() -> None:
    cells = [cell(fixture, cut, ours=1.0, fast=0.5, floor=0.4) for fixture, cut in SHOWN]
    picture = chart.picture({"python": "CPython 3.11 <&>", "cells": [record(cell) for cell in cells]})
    assert len(picture) < 20_000
    root = ElementTree.fromstring(picture)
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    bars = [bar.get("class") for bar in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert bars == ["ours", "bar", "bar", "bar", "bar"] * len(SHOWN)
    assert texts.count("fast") == texts.count("0.50x") == len(SHOWN)
    assert {
        f"{fixture}, {'one event per chunk' if cut is None else f'{cut}-byte chunks'}"
        for fixture, cut in SHOWN
    } <= set(texts)
    assert "<script" not in picture
