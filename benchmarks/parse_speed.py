"""How fast the parser is, beside every other: one table from one run, and what it amounts to. `make bench`.

Who is measured: ours, the Python peers, the parser on V8 where Node is found, and the floor. All read the
same chunks in rounds that alternate; answers are checked before speed. Trust the ratios: the times move
with the machine.

    parse_speed.py [--quick] [--streams FOLDER]

A full run writes its figures to `results/` and draws the chart; `--quick` writes nothing, nor does
`--streams`, which adds recorded replies that are not part of this repository.
"""

from __future__ import annotations

import argparse
import platform
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import chart, results, table, v8
from benchmarks.cells import measure
from benchmarks.fixtures import CUTS, GIANTS, LIVE, STREAMS
from benchmarks.growth import growth
from benchmarks.peers import python_parsers
from benchmarks.recordings import recordings
from benchmarks.verdicts import verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.cells import Cell
    from benchmarks.fixtures import Fixture
    from benchmarks.recordings import Recordings


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    events: int
    rounds: int
    cuts: tuple[int | None, ...]
    # The giants are divided by this.
    giants_by: int


FULL = Effort(events=8000, rounds=27, cuts=CUTS, giants_by=1)
QUICK = Effort(events=1500, rounds=9, cuts=(LIVE, 4096), giants_by=8)


def what_is_read(effort: Effort, folder: Path | None) -> Iterator[tuple[Fixture | Recordings, int | None]]:
    """Give each stream with each of its cuts."""
    for make in STREAMS.values():
        fixture = make(effort.events)
        yield from ((fixture, cut) for cut in effort.cuts)
    for make, size, cuts in GIANTS.values():
        fixture = make(size // effort.giants_by)
        yield from ((fixture, cut) for cut in cuts if cut in effort.cuts or len(cuts) == 1)
    if folder is not None:
        replies = recordings(folder)
        yield from ((replies, cut) for cut in effort.cuts)


def measure_all(effort: Effort, folder: Path | None) -> tuple[list[Cell], dict[str, str]]:
    """Return all cells, and the versions of all who took part."""
    parsers = python_parsers()
    versions = {parser.name: parser.version for parser in parsers}
    cells = []
    with ExitStack() as stack:
        node = None
        reason = v8.missing()
        if reason:
            print(f"{v8.V8} is not measured: {reason}")
        else:
            node = stack.enter_context(v8.node_parser())
            versions[v8.V8] = node.version
        for fixture, cut in what_is_read(effort, folder):
            cells.append(measure(fixture, cut, parsers, node, effort.rounds))
            print(".", end="", flush=True)
    print("\n")
    return cells, versions


def main() -> None:
    """Measure, print, write."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--streams", type=Path)
    chosen = arguments.parse_args()
    effort = QUICK if chosen.quick else FULL
    cells, versions = measure_all(effort, chosen.streams)
    grown = {
        name: growth(make, size // effort.giants_by, effort.rounds)
        for name, (make, size, _) in GIANTS.items()
    }
    found = verdicts(cells, grown)
    print(f"CPython {platform.python_version()}; " + ", ".join(f"{k} {v}" for k, v in versions.items()))
    print(table.LEGEND)
    if chosen.quick:
        print(f"Quick: few rounds, and the giants are of 1/{effort.giants_by} of their size.")
    print()
    for line in (*table.lines(cells), "", *table.mistakes(cells), ""):
        print(line)
    for verdict in found:
        print(*verdict.lines(), sep="\n")
    if not chosen.quick and chosen.streams is None:
        path = results.write(cells, found, versions, effort.rounds)
        print(f"\nwritten: {path.name}")
        if path == results.path_for(chart.PYTHON):
            print(f"written: {chart.draw(path).name}")


if __name__ == "__main__":
    main()
