"""What `sse tail FILE` costs beside parsing the file in Python: `make bench-tail`.

Whole processes in rounds that alternate, each one's CPU time as the system counted it; the output goes to
/dev/null. The ratio is the median of the rounds', each a format's time by that of the loop in the same round.
`sse tail` lets the garbage collector look less often than Python does by itself, as the loop has it; that is
how a format can come out below 1.

Memory is the most that a process had, with all the events and with a tenth of them.

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

AIM = 2.0
"""What a format may cost, in times of the loop."""

PART = 10

FLAT = 2 * 2**20
"""Bytes by which the memory of all the events may differ from that of a part, as it does between runs."""


class Cost(NamedTuple):
    """What one process took: seconds of CPU time, and bytes of memory at most."""

    seconds: float
    memory: int


def chat_event(number: int) -> Event:
    """Return a delta as models send them: some 170 bytes of JSON, alike but for a word."""
    choice = {"index": 0, "delta": {"content": f" word{number}"}, "finish_reason": None}
    reply = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}
    return Event(json.dumps(reply))


def feed_event(number: int) -> Event:
    """Return an event with a type and an ID of its own, and short data."""
    return Event(f'{{"symbol": "ACME", "price": {number / 4}}}', "price", str(number))


def short_event(number: int) -> Event:
    """Return an event that has next to nothing in it."""
    return Event(str(number))


STREAMS = {"chat deltas": chat_event, "feed with IDs": feed_event, "numbers": short_event}


def cost_of(arguments: list[str]) -> Cost:
    """Run a program to its end, its output dropped."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


def tail(path: Path, kind: str) -> list[str]:
    """Return the arguments of one run."""
    return ["-m", "sse_transports", "tail", str(path), "--format", kind]


def ratios(path: Path, rounds: int) -> dict[str, float]:
    """Return each format's cost in times of the loop."""
    found: dict[str, list[float]] = {kind: [] for kind in FORMATS}
    for _ in range(rounds):
        loop = cost_of(["-c", LOOP, str(path)]).seconds
        for kind in FORMATS:
            found[kind].append(cost_of(tail(path, kind)).seconds / loop)
    return {kind: median(values) for kind, values in found.items()}


def main() -> int:
    """Measure, print, and return 1 if an aim was missed."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--events", type=int, default=10**6)
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    print(f"{chosen.events:,} events from a file, CPU time of `sse tail` in times of a loop over parse()\n")
    print(f"{'':<16}" + "".join(f"{kind:>16}" for kind in FORMATS))
    good = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.sse"
        part = Path(folder) / "part.sse"
        for name, make in STREAMS.items():
            for file, count in ((path, chosen.events), (part, chosen.events // PART)):
                with file.open("wb") as stream:
                    # Not all at once: the peak of a child counts from that of its parent.
                    stream.writelines(encode(make(number)) for number in range(count))
            costs = ratios(path, chosen.rounds)
            print(f"{name:<16}" + "".join(f"{costs[kind]:>15.2f}x" for kind in FORMATS), flush=True)
            peaks = [(cost_of(tail(part, kind)).memory, cost_of(tail(path, kind)).memory) for kind in FORMATS]
            shown = (f"{few / 2**20:.1f} to {all_ / 2**20:.1f}" for few, all_ in peaks)
            print(f"{'  MiB at most':<16}" + "".join(f"{each:>16}" for each in shown), flush=True)
            good &= all(cost <= AIM for cost in costs.values())
            good &= all(all_ - few <= FLAT for few, all_ in peaks)
    aim = f"at most {AIM:g}x, and no more memory for {PART} times the events"
    print(f"\n{aim}: {'met' if good else 'missed'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
