"""Compute the goals of a run from its table: each has a figure, and most have a target."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import geometric_mean
from typing import TYPE_CHECKING

from benchmarks.fixtures import CHANGING, CHUNK_SIZES, LARGE, OPENAI, OPENAI_CJK
from benchmarks.v8 import V8

if TYPE_CHECKING:
    from benchmarks.rows import Row

LARGE_CHUNK = 4096
"""Bytes from which a chunk counts as large."""


@dataclass
class Goal:
    """One goal.

    Attributes:
        name: what is compared.
        figure: the result of this run.
        target: the figure to reach, or "" if the figure is for information only.
        met: whether this run reaches the target.
        where: the row that decides.
        details: further lines to print below it.
    """

    name: str
    figure: str
    target: str = ""
    met: bool = True
    where: str = ""
    details: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the goal as one line, and one more line for each detail."""
        answer = f"{'yes' if self.met else 'NO'} ({self.target})" if self.target else ""
        where = f"  [{self.where}]" if self.where else ""
        line = f"{self.name:60} {self.figure:>8}  {answer:12}{where}".rstrip()
        return [line, *(f"    {detail}" for detail in self.details)]


def at_least(name: str, figure: float, target: float, where: str = "") -> Goal:
    """Return a goal whose figure should be large."""
    return Goal(name, f"{figure:.2f}x", f">= {target}", figure >= target, where)


def at_most(name: str, figure: float, target: float, where: str = "") -> Goal:
    """Return a goal whose figure should be small."""
    return Goal(name, f"{figure:.2f}x", f"<= {target}", figure <= target, where)


def over_fastest_peer(rows: list[Row]) -> list[Goal]:
    """Compare this library with the fastest Python peer of each row."""
    ratios = {row.name: row.ratio(row.fastest_peer) for row in rows}
    worst = min(rows, key=lambda row: ratios[row.name])
    mean = geometric_mean(ratios.values())
    where = f"worst {ratios[worst.name]:.2f}x: {worst.name}, {worst.fastest_peer}"
    slower_rows = [
        f"{row.name}: " + ", ".join(f"{name} {row.ratio(name):.2f}x" for name in faster)
        for row in rows
        if (faster := [name for name in row.peers if row.ratio(name) < 1])
    ]
    return [
        at_least("fastest Python peer of each row / sse-core, geometric mean", mean, 1.8, where),
        Goal(
            f"rows, of {len(rows)}, in which a Python peer is faster",
            str(len(slower_rows)),
            "none",
            not slower_rows,
            details=slower_rows,
        ),
    ]


def is_hard(row: Row) -> bool:
    """Return whether a row is of a shape that this parser has least to gain from.

    These are types that change with every event, events that are larger than a chunk, and chunks that are a
    line or a small piece of an event.
    """
    return row.fixture in (CHANGING, LARGE) or row.chunk_size not in CHUNK_SIZES


def over_fastest_peer_in_hard_rows(rows: list[Row]) -> list[Goal]:
    """Compare this library with the fastest Python peer of each hard row."""
    ratios = {f"{row.name}, {row.fastest_peer}": row.ratio(row.fastest_peer) for row in rows}
    if not ratios:
        return []
    worst = min(ratios, key=ratios.__getitem__)
    mean = geometric_mean(ratios.values())
    return [
        Goal(f"the same in {len(rows)} hard rows", f"{mean:.2f}x"),
        at_least("the same in the worst of the hard rows", ratios[worst], 0.9, worst),
    ]


def over_peer(rows: list[Row], name: str, target: float) -> Goal:
    """Compare this library with one peer over all rows."""
    mean = geometric_mean([row.ratio(name) for row in rows])
    return at_least(f"{name} / sse-core, geometric mean", mean, target)


def over_v8(rows: list[Row]) -> list[Goal]:
    """Compare this library with the parser on V8, in the row where it is worst."""
    found = [(row.ratio(V8), row.name) for row in rows if V8 in row.timings]
    if not found:
        return []
    ratio, where = min(found)
    return [at_least("JS on V8 / sse-core, OpenAI streams from 4 KiB, worst", ratio, 1.0, where)]


def goals(rows: list[Row], growth: dict[str, float]) -> list[Goal]:
    """Return all goals."""
    large = [
        row for row in rows if row.fixture in (OPENAI, OPENAI_CJK) and (row.chunk_size or 0) >= LARGE_CHUNK
    ]
    usual, hard = [row for row in rows if not is_hard(row)], [row for row in rows if is_hard(row)]
    return [
        *over_fastest_peer(usual),
        *over_fastest_peer_in_hard_rows(hard),
        over_peer(usual, "httpx2", 3.5),
        over_peer(usual, "openai", 5.0),
        *over_v8(large),
        *(
            at_most(f"growth: the whole of {name} / twice the half", ratio, 1.3)
            for name, ratio in growth.items()
        ),
    ]
