"""Compare the cost of `sse tail FILE` with that of a loop over `parse()` in Python: `make bench-tail`.

Whole processes run in turn, in several rounds; the times are their CPU time as the system counts it. The
output goes to /dev/null. A ratio is the time of a format divided by that of the loop in the same round, and
the figure is the median of the rounds. It can be below 1, because `sse tail` runs the garbage collector less
often than Python's default, which the loop uses.

Memory is the peak of a process, with all the events and with a tenth of them.

    tail_speed.py [--events 1000000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sse_core import Event, encode

LOOP = """
import sys
from sse_core import parse

def chunks():
    with open(sys.argv[1], "rb", buffering=0) as file:
        while chunk := file.read(65536):
            yield chunk

for event in parse(chunks()):
    pass
"""

FORMATS = ("json", "data", "raw")

MAX_RATIO = 2.0
"""How many times the cost of the loop a format may cost."""

PART = 10
"""The number of events is divided by this for the smaller file."""

MAX_GROWTH = 2 * 2**20
"""Bytes by which the peak memory of the whole file may exceed that of the smaller one: noise of a run."""


class Cost(NamedTuple):
    """The cost of one process: seconds of CPU time, and the peak memory in bytes."""

    seconds: float
    memory: int


def chat_event(number: int) -> Event:
    """Return a delta of a model's reply: some 170 bytes of JSON, of which one word changes."""
    choice = {"index": 0, "delta": {"content": f" word{number}"}, "finish_reason": None}
    reply = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}
    return Event(json.dumps(reply))


def feed_event(number: int) -> Event:
    """Return an event with a type and an ID of its own, and short data."""
    return Event(f'{{"symbol": "ACME", "price": {number / 4}}}', "price", str(number))


def short_event(number: int) -> Event:
    """Return an event whose data is a number."""
    return Event(str(number))


STREAMS = {"chat deltas": chat_event, "feed with IDs": feed_event, "numbers": short_event}


def cost_of(arguments: list[str]) -> Cost:
    """Run a program, drop its output, and return its cost."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


def tail(path: Path, kind: str) -> list[str]:
    """Return the arguments of `sse tail`."""
    return ["-m", "sse_transports", "tail", str(path), "--format", kind]


def ratios(path: Path, rounds: int) -> dict[str, float]:
    """Return each format's cost as a multiple of the loop's."""
    found: dict[str, list[float]] = {kind: [] for kind in FORMATS}
    for _ in range(rounds):
        loop = cost_of(["-c", LOOP, str(path)]).seconds
        for kind in FORMATS:
            found[kind].append(cost_of(tail(path, kind)).seconds / loop)
    return {kind: median(values) for kind, values in found.items()}


def main() -> int:
    """Measure and print; return 1 if a limit was exceeded."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--events", type=int, default=10**6)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    print(f"{options.events:,} events from a file, CPU time of `sse tail` relative to a loop over parse()\n")
    print(f"{'':<16}" + "".join(f"{kind:>16}" for kind in FORMATS))
    good = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.sse"
        part = Path(folder) / "part.sse"
        for name, make in STREAMS.items():
            for file, count in ((path, options.events), (part, options.events // PART)):
                with file.open("wb") as stream:
                    # Write event by event: the peak memory of a child starts at that of its parent.
                    stream.writelines(encode(make(number)) for number in range(count))
            costs = ratios(path, options.rounds)
            print(f"{name:<16}" + "".join(f"{costs[kind]:>15.2f}x" for kind in FORMATS), flush=True)
            peaks = [(cost_of(tail(part, kind)).memory, cost_of(tail(path, kind)).memory) for kind in FORMATS]
            shown = (f"{few / 2**20:.1f} to {all_ / 2**20:.1f}" for few, all_ in peaks)
            print(f"{'  peak MiB':<16}" + "".join(f"{each:>16}" for each in shown), flush=True)
            good &= all(cost <= MAX_RATIO for cost in costs.values())
            good &= all(all_ - few <= MAX_GROWTH for few, all_ in peaks)
    goal = f"at most {MAX_RATIO:g}x, and no more memory for {PART} times the events"
    print(f"\n{goal}: {'met' if good else 'missed'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
