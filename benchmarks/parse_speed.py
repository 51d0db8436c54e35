"""Measure the parser's speed and that of other parsers: one table and the goals from one run. `make bench`.

Measured are this library, other Python parsers, and a JavaScript parser on V8 if Node is installed. All read
the same chunks, in turn, in several rounds; their events are checked before they are timed.
Trust the ratios: the times depend on the machine.

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
from benchmarks.fixtures import CHUNK_SIZES, GIANTS, OTHER_SIZES, PER_EVENT, STREAMS
from benchmarks.goals import goals
from benchmarks.growth import growth
from benchmarks.peers import python_parsers
from benchmarks.recordings import recordings
from benchmarks.rows import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.fixtures import Fixture
    from benchmarks.recordings import Recordings
    from benchmarks.rows import Row


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        events: in each fixture, the giants excepted.
        rounds: in which the parsers take turns.
        chunk_sizes: in which each fixture is read.
        giants_divisor: by which the size of the giants is divided.
    """

    events: int
    rounds: int
    chunk_sizes: tuple[int | None, ...]
    giants_divisor: int


FULL = Effort(events=8000, rounds=27, chunk_sizes=CHUNK_SIZES, giants_divisor=1)
QUICK = Effort(events=1500, rounds=9, chunk_sizes=(PER_EVENT, 4096), giants_divisor=8)


def all_streams(effort: Effort, folder: Path | None) -> Iterator[tuple[Fixture | Recordings, int | None]]:
    """Yield each fixture with each of its chunk sizes."""
    for name, make in STREAMS.items():
        fixture = make(effort.events)
        yield from ((fixture, size) for size in (*effort.chunk_sizes, *OTHER_SIZES.get(name, ())))
    for make, full_size, sizes in GIANTS.values():
        fixture = make(full_size // effort.giants_divisor)
        yield from ((fixture, size) for size in sizes if size in effort.chunk_sizes or len(sizes) == 1)
    if folder is not None:
        replies = recordings(folder)
        yield from ((replies, size) for size in effort.chunk_sizes)


def measure_all(effort: Effort, folder: Path | None) -> tuple[list[Row], dict[str, str]]:
    """Return all rows of the table, and the versions of all parsers in it."""
    parsers = python_parsers()
    versions = {parser.name: parser.version for parser in parsers}
    rows = []
    with ExitStack() as stack:
        node = None
        reason = v8.missing()
        if reason:
            print(f"{v8.V8} is not measured: {reason}")
        else:
            node = stack.enter_context(v8.node_parser())
            versions[v8.V8] = node.version
        for fixture, chunk_size in all_streams(effort, folder):
            rows.append(measure(fixture, chunk_size, parsers, node, effort.rounds))
            print(".", end="", flush=True)
    print("\n")
    return rows, versions


def main() -> None:
    """Measure, print, and write the results."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--streams", type=Path)
    options = arguments.parse_args()
    effort = QUICK if options.quick else FULL
    rows, versions = measure_all(effort, options.streams)
    grown = {
        name: growth(make, size // effort.giants_divisor, effort.rounds)
        for name, (make, size, _) in GIANTS.items()
    }
    found = goals(rows, grown)
    print(f"CPython {platform.python_version()}; " + ", ".join(f"{k} {v}" for k, v in versions.items()))
    print(table.LEGEND)
    if options.quick:
        print(f"Quick: few rounds, and the giants have 1/{effort.giants_divisor} of their size.")
    print()
    for line in (*table.lines(rows), "", *table.mistakes(rows), ""):
        print(line)
    for goal in found:
        print(*goal.lines(), sep="\n")
    if not options.quick and options.streams is None:
        path = results.write(rows, found, versions, effort.rounds)
        print(f"\nwritten: {path.name}")
        if path == results.path_for(chart.PYTHON):
            print(f"written: {chart.draw(path).name}")


if __name__ == "__main__":
    main()
