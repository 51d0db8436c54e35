"""Count the CPU instructions per event with valgrind. `make bench-instructions`.

The counts do not depend on the load of the machine, so a change of one percent is visible. Each count is the
difference between two processes, of which one reads the stream once more than the other. This cancels the
instructions of start-up and of building the stream.

    instructions.py [--events 2000] [--twice]

`--twice` counts everything again, and exits with 1 if a count differs.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.fixtures import ANTHROPIC, FOUR_FIELDS, OPENAI, PER_EVENT
from benchmarks.rows import chunks_name

STREAMS: tuple[tuple[str, int | None], ...] = ((OPENAI, PER_EVENT), (ANTHROPIC, 4096), (FOUR_FIELDS, 65536))
SCRIPT = Path(__file__).with_name("read_fixture.py")
COLLECTED = re.compile(r"Collected : (\d+)")


def collected(fixture: str, chunk_size: int | None, events: int, readings: int) -> int:
    """Return the instructions of a whole process with so many readings."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    arguments = [fixture, str(chunk_size or 0), str(events), str(readings)]
    # A random hash seed would make the dictionaries of each process different.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [*valgrind, sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    found = COLLECTED.search(done.stderr)
    if done.returncode != 0 or found is None:
        raise SystemExit(done.stderr)
    return int(found[1])


def per_event(fixture: str, chunk_size: int | None, events: int) -> float:
    """Return the instructions per event."""
    once, twice = (collected(fixture, chunk_size, events, readings) for readings in (1, 2))
    return (twice - once) / events


def main() -> int:
    """Count and print; return 1 if a second count differs from the first."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--events", type=int, default=2000)
    arguments.add_argument("--twice", action="store_true")
    options = arguments.parse_args()
    print(f"CPython {platform.python_version()}, instructions per event\n")
    differs = False
    for fixture, chunk_size in STREAMS:
        count = per_event(fixture, chunk_size, options.events)
        name = f"{fixture}, {chunks_name(chunk_size)}"
        print(f"{name:44} {count:8,.0f}", flush=True)
        if options.twice:
            again = per_event(fixture, chunk_size, options.events)
            print(f"{'  counted again':44} {again:8,.0f}", flush=True)
            differs |= again != count
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
