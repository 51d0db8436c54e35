"""What many streams at once cost in one process: memory, CPU, and the way to the caller. `make bench-scale`.

A server in another process sends each stream an event a second. As many `AsyncEventSource`s as there are
streams read them, on asyncio over aiohttp: each with a transport of its own, as it has by default, or
sharing one. Next to them, the same streams held by aiohttp alone: with one session, and with one each.
Every measurement has a new process.

- memory: KiB of resident memory per stream when all are connected, and half-way through the run. "beyond"
  is what ours takes beyond the bare client with one session.
- CPU: seconds of the client's process per second.
- delay: ms from sending an event to having it in the caller's hands.

    transport_scale.py [--streams 500 1000 2000] [--seconds 30]

Exit code 1 if an event is missing, twice or out of order. Linux only.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.open_files import allow_open_files
from benchmarks.server_process import served_by
from benchmarks.stream_holder import Cost

KINDS = {
    "bare": "aiohttp alone, one session",
    "bare-own": "aiohttp alone, a session each",
    "own": "sse-core, a transport each",
    "shared": "sse-core, one transport",
}


def measure(kind: str, streams: int, seconds: int) -> Cost:
    """Return what the streams cost when they are held in this way."""
    with served_by("tick_server.py", streams, seconds) as url:
        script = str(Path(__file__).with_name("stream_holder.py"))
        command = [sys.executable, script, kind, str(streams), str(seconds), url]
        # A minute for connecting: it is never waited for without an end.
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + 60)
    return Cost(**json.loads(result.stdout))


def show(kind: str, cost: Cost, bare: Cost, expected: int) -> None:
    """Print a line."""
    beyond = (cost.memory_connected - bare.memory_connected) / 1024
    print(
        f"  {KINDS[kind]:31}{cost.received:7}/{expected}"
        f"{cost.memory_connected / 1024:8.1f}{cost.memory_streaming / 1024:8.1f}"
        f"{beyond:+8.1f}"
        f"{cost.cpu_per_second:8.3f}"
        f"{cost.delay_50:8.2f}{cost.delay_99:8.2f}{cost.delay_max:8.2f}"
    )


def main() -> int:
    """Measure, print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--streams", type=int, nargs="+", default=[500, 1000, 2000])
    arguments.add_argument("--seconds", type=int, default=30)
    options = arguments.parse_args()
    # Found out now, and not in the last and longest measurement.
    allow_open_files(max(options.streams))
    print(f"CPython {platform.python_version()}, aiohttp {version('aiohttp')}, {options.seconds} s each\n")
    complete = True
    for streams in options.streams:
        expected = streams * options.seconds
        width = len(str(expected))
        print(
            f"{streams} streams{'events':>{24 + width}}  memory   later  beyond     CPU"
            "     50%     99%     max"
        )
        costs: dict[str, Cost] = {}
        for kind in KINDS:
            costs[kind] = cost = measure(kind, streams, options.seconds)
            show(kind, cost, costs["bare"], expected)
            if cost.received != expected or not cost.in_order:
                print(f"  {KINDS[kind]}: events are missing, twice or out of order")
                complete = False
        print()
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
