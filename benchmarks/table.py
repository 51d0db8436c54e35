"""The table of all cells: a line for each fixture and cut, a column for each parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cells import cut_name
from benchmarks.ours import OURS
from benchmarks.v8 import V8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.cells import Cell

SHORT = {"launchdarkly-eventsource": "launchdarkly", V8: "JS on V8"}

LEGEND = """\
ours: ns per event. floor: ours as a multiple of it. Others: as a multiple of ours; below 1.00 is ahead of us.
! answers wrong.  > stopped before the end; at least this.  - nothing to compare with."""


def lines(cells: list[Cell]) -> Iterator[str]:
    """Give the table line by line."""
    names = [name for name in cells[0].figures if name != OURS]
    heads = [SHORT.get(name, name) for name in names]
    widths = [max(9, len(head)) for head in heads]
    first = max(len(cell.fixture) for cell in cells)
    yield _line("", "", "ours", "floor", heads, first, widths)
    fixture = ""
    for cell in cells:
        over_floor = "-" if cell.over_floor is None else f"{cell.over_floor:.2f}"
        columns = [_column(cell, name) for name in names]
        shown = "" if cell.fixture == fixture else cell.fixture
        fixture = cell.fixture
        ours = f"{cell.ours / cell.events * 1e9:,.0f}"
        yield _line(shown, cut_name(cell.cut), ours, over_floor, columns, first, widths)


def _line(
    fixture: str, cut: str, ours: str, floor: str, columns: list[str], first: int, widths: list[int]
) -> str:
    others = " ".join(f"{column:>{width}}" for column, width in zip(columns, widths, strict=True))
    return f"{fixture:{first}} {cut:19} {ours:>11} {floor:>6} {others}"


def _column(cell: Cell, name: str) -> str:
    figure = cell.figures[name]
    ratio = cell.ratio(name)
    text = f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"
    return f"{'>' if figure.stopped else ''}{text}{'!' if figure.wrong else ''}"


def mistakes(cells: list[Cell]) -> Iterator[str]:
    """Say who answered what wrong, and who was stopped."""
    for cell in cells:
        for name, figure in cell.figures.items():
            if figure.wrong:
                yield f"{name} answers wrong in {cell.name}: {figure.wrong}"
            if figure.stopped:
                yield f"{name} was stopped in {cell.name}"
