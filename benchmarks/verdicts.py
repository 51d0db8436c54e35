"""What the table amounts to, and whether that is what we aim for."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import geometric_mean
from typing import TYPE_CHECKING

from benchmarks.fixtures import LIVE, LONG_LINE, MANY_LINES, OPENAI, OPENAI_CJK, TINY
from benchmarks.v8 import V8

if TYPE_CHECKING:
    from benchmarks.cells import Cell

PLAIN = (OPENAI, OPENAI_CJK, TINY)
FROM_BYTES = 4096


@dataclass
class Verdict:
    """One aim.

    Attributes:
        aim: what is compared.
        figure: what this run says.
        target: what we aim for, or nothing where a figure only informs.
        met: whether this run meets it.
        where: the cell that decides.
        details: all there is to name.
    """

    aim: str
    figure: str
    target: str = ""
    met: bool = True
    where: str = ""
    details: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return it in a line, and a line for each detail."""
        answer = f"{'yes' if self.met else 'NO'} ({self.target})" if self.target else ""
        where = f"  [{self.where}]" if self.where else ""
        line = f"{self.aim:60} {self.figure:>8}  {answer:12}{where}".rstrip()
        return [line, *(f"    {detail}" for detail in self.details)]


def at_least(aim: str, figure: float, target: float, where: str = "") -> Verdict:
    """A figure that should be large."""
    return Verdict(aim, f"{figure:.2f}x", f">= {target}", figure >= target, where)


def at_most(aim: str, figure: float, target: float, where: str = "") -> Verdict:
    """A figure that should be small."""
    return Verdict(aim, f"{figure:.2f}x", f"<= {target}", figure <= target, where)


def over_fastest_peer(cells: list[Cell]) -> list[Verdict]:
    """How far the fastest Python peer of each cell is behind."""
    leads = {cell.name: cell.ratio(cell.fastest_peer) for cell in cells}
    worst = min(cells, key=lambda cell: leads[cell.name])
    mean = geometric_mean(leads.values())
    where = f"worst {leads[worst.name]:.2f}x: {worst.name}, {worst.fastest_peer}"
    behind = [
        f"{cell.name}: " + ", ".join(f"{name} {cell.ratio(name):.2f}x" for name in ahead)
        for cell in cells
        if (ahead := [name for name in cell.peers if cell.ratio(name) < 1])
    ]
    return [
        at_least("fastest Python peer of each cell / ours, geometric mean", mean, 1.8, where),
        Verdict(
            f"cells, of {len(cells)}, in which a Python peer is ahead of us",
            str(len(behind)),
            "none",
            not behind,
            details=behind,
        ),
    ]


def over_peer(cells: list[Cell], name: str, target: float) -> Verdict:
    """How far one peer is behind over all."""
    mean = geometric_mean([cell.ratio(name) for cell in cells])
    return at_least(f"{name} / ours, geometric mean", mean, target)


def over_floor(aim: str, cells: list[Cell], target: float) -> list[Verdict]:
    """How much more than the floor ours takes, where that is worst."""
    found = [(cell.over_floor, cell.name) for cell in cells if cell.over_floor is not None]
    if not found:
        return []
    ratio, where = max(found)
    return [at_most(aim, ratio, target, where)]


def behind_a_call(cells: list[Cell]) -> list[Verdict]:
    """The same with the floor behind a call: what is left is ours, not the interface's."""
    found = [(cell.ours / cell.fed_floor, cell.name) for cell in cells if cell.fed_floor]
    if not found:
        return []
    ratio, where = max(found)
    aim = "    with the floor, too, behind a call that returns a list"
    return [Verdict(aim, f"{ratio:.2f}x", where=where)]


def beside_v8(cells: list[Cell]) -> list[Verdict]:
    """How far the parser on V8 is behind, where that is worst."""
    found = [(cell.ratio(V8), cell.name) for cell in cells if V8 in cell.figures]
    if not found:
        return []
    ratio, where = min(found)
    return [at_least("JS on V8 / ours, OpenAI streams from 4 KiB, worst", ratio, 1.0, where)]


def verdicts(cells: list[Cell], growth: dict[str, float]) -> list[Verdict]:
    """Return all verdicts."""
    plain = [cell for cell in cells if cell.fixture in PLAIN]
    live = [cell for cell in plain if cell.cut is LIVE]
    large = [cell for cell in plain if cell.cut is not LIVE and cell.cut >= FROM_BYTES]
    giants = [cell for cell in cells if cell.fixture in (LONG_LINE, MANY_LINES)]
    return [
        *over_fastest_peer(cells),
        over_peer(cells, "httpx2", 3.5),
        over_peer(cells, "openai", 5.0),
        *over_floor("ours / floor, plain data from 4 KiB, worst", large, 1.5),
        *over_floor("ours / floor, plain data, one event per chunk, worst", live, 1.8),
        *behind_a_call(live),
        *beside_v8([cell for cell in large if cell.fixture != TINY]),
        *over_floor("ours / floor, giant events, worst", giants, 1.3),
        *behind_a_call(giants),
        *(
            at_most(f"growth: the whole of {name} / twice the half", ratio, 1.3)
            for name, ratio in growth.items()
        ),
    ]
