"""How many instructions an event takes: ours beside the floor, as valgrind counts. `make bench-instructions`.

Counts do not move with the machine's load, so that a change of one per cent shows. Each is the difference
between two processes that are alike, but that one reads the stream once more than the other: start-up and
the making of the stream cancel out.

    instructions.py [--events 2000] [--twice]

`--twice` counts everything again, and fails if a count differs.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from benchmarks import floor
from benchmarks.cells import cut_name
from benchmarks.fixtures import ANTHROPIC, FOUR_FIELDS, LIVE, OPENAI
from benchmarks.ours import OURS

READ: tuple[tuple[str, int | None], ...] = ((OPENAI, LIVE), (ANTHROPIC, 4096), (FOUR_FIELDS, 65536))
READER = Path(__file__).with_name("counted_reading.py")
COLLECTED = re.compile(r"Collected : (\d+)")


def collected(fixture: str, cut: int | None, reader: str, events: int, readings: int) -> int:
    """Return the instructions of a whole process that reads so often."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    child = [sys.executable, str(READER), fixture, str(cut or 0), reader, str(events), str(readings)]
    # A hash seed of its own would give each process other dictionaries.
    settings = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run([*valgrind, *child], capture_output=True, text=True, env=settings, check=False)
    found = COLLECTED.search(done.stderr)
    if done.returncode != 0 or found is None:
        raise SystemExit(done.stderr)
    return int(found[1])


def per_event(fixture: str, cut: int | None, reader: str, events: int) -> float:
    """Return the instructions that one event takes."""
    once, twice = (collected(fixture, cut, reader, events, readings) for readings in (1, 2))
    return (twice - once) / events


def main() -> int:
    """Count, print; return 1 if a second count differs from the first."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--events", type=int, default=2000)
    arguments.add_argument("--twice", action="store_true")
    chosen = arguments.parse_args()
    print(f"CPython {platform.python_version()}, instructions per event\n")
    print(f"{'':44} {'ours':>8} {'floor':>8} {'ours/floor':>11}")
    differs = False
    for fixture, cut in READ:
        readers = [OURS, *floor.ways(fixture, cut)]
        counts = {reader: per_event(fixture, cut, reader, chosen.events) for reader in readers}
        ours = counts.pop(OURS)
        way = min(counts, key=lambda name: counts[name])
        name = f"{fixture}, {cut_name(cut)}"
        ratio = ours / counts[way]
        print(f"{name:44} {ours:8,.0f} {counts[way]:8,.0f} {ratio:10.2f}x  ({way})", flush=True)
        if chosen.twice:
            again = per_event(fixture, cut, OURS, chosen.events)
            print(f"{'  counted again':44} {again:8,.0f}", flush=True)
            differs |= again != ours
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
