"""Measure the cost of many concurrent streams in one process: memory, CPU and delay. `make bench-scale`.

A server in another process sends each stream one event per second. One `AsyncEventSource` per stream reads
them, on asyncio and on trio: each with its own transport, which is the default, or all with a shared one. For
comparison, the same streams are held by httptools alone, over anyio's sockets. Every measurement is a new
process.

- memory: KiB of resident memory per stream, beyond that of the process with one stream, when all are
  connected, and half-way through the run. The goal is 14.
- CPU: seconds of CPU time of the client's process per second.
- delay: ms from sending an event until the caller has it.

    transport_scale.py [--streams 1000 5000 10000] [--seconds 15]

Exit code 1 if an event is missing, repeated or out of order. Linux only.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from importlib.metadata import version
from itertools import product
from pathlib import Path

from benchmarks.open_files import allow_open_files
from benchmarks.server_process import run_server
from benchmarks.stream_holder import Cost

KINDS = {
    "bare": "httptools alone",
    "shared": "sse-core, one transport",
    "own": "sse-core, a transport each",
}
"""The ways to hold the streams."""


def measure(kind: str, backend: str, streams: int, seconds: int) -> Cost:
    """Return the cost of holding the streams in this way."""
    with run_server("tick_server.py", streams, seconds) as url:
        script = str(Path(__file__).with_name("stream_holder.py"))
        command = [sys.executable, script, kind, backend, str(streams), str(seconds), url]
        # Allow a minute for connecting.
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + 60)
    return Cost(**json.loads(result.stdout))


def show(name: str, cost: Cost, expected: int) -> None:
    """Print a line."""
    print(
        f"  {name:36}{cost.received:7}/{expected}"
        f"{cost.memory_connected / 1024:8.1f}{cost.memory_streaming / 1024:8.1f}"
        f"{cost.cpu_per_second:8.3f}"
        f"{cost.delay_50:8.2f}{cost.delay_99:8.2f}{cost.delay_max:8.2f}"
    )


def main() -> int:
    """Measure and print; return 1 if events are missing, repeated or out of order."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--streams", type=int, nargs="+", default=[1000, 5000, 10_000])
    arguments.add_argument("--seconds", type=int, default=15)
    options = arguments.parse_args()
    # Fail now if the limit is too low, rather than in the last and longest measurement.
    allow_open_files(max(options.streams))
    versions = ", ".join(f"{package} {version(package)}" for package in ("anyio", "httptools", "trio"))
    print(f"CPython {platform.python_version()}, {versions}, {options.seconds} s each\n")
    complete = True
    for streams in options.streams:
        expected = streams * options.seconds
        width = len(str(expected))
        print(f"{streams} streams{'events':>{29 + width}}  memory   later     CPU     50%     99%     max")
        for backend, kind in product(("asyncio", "trio"), KINDS):
            name = f"{backend}: {KINDS[kind]}"
            cost = measure(kind, backend, streams, options.seconds)
            show(name, cost, expected)
            if cost.received != expected or not cost.in_order:
                print(f"  {name}: events are missing, repeated or out of order")
                complete = False
        print()
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
