"""Measure whole clients, from the socket to the event: µs per event. `make bench-transports`.

A server in another process sends a model's reply, one HTTP chunk per event. Each reader reads it to the end:
this library over each HTTP client, the bare HTTP client without a parser, and the clients of other packages.
Their events are checked before they are timed.

The figures are the best of several rounds, in which the readers take turns so that noise hits all of them.
They are CPU time of this process, so that neither the server nor other work on the machine is measured; the
wall time is in brackets. Connecting does not count: the clock starts with the first item.

    transport_speed.py [--events 50000] [--rounds 9]

Exit code 1 if a reader returns wrong events. Being slow is no failure.
"""

from __future__ import annotations

import argparse
import gc
import platform
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import anyio

from benchmarks.feed_server import payload
from benchmarks.server_process import run_server
from benchmarks.transport_readers import Group, OpenAsync, OpenSync, Reader, Role, groups

MAX_OVER_BARE = 1.4
"""How many times the cost of its bare HTTP client this library may cost."""


@dataclass
class Times:
    """The seconds of each round of one reader."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def add(self, cpu_start: float, wall_start: float) -> None:
        """Add a round that started at these times and ends now."""
        self.cpu.append(time.process_time() - cpu_start)
        self.wall.append(time.perf_counter() - wall_start)


AllTimes = dict[tuple[str | None, str], Times]
"""Times by backend and name of the reader. A reader that is in two groups is measured once."""


def drain(opened: OpenSync, url: str, times: Times) -> None:
    """Read the stream to its end, and drop the items."""
    with opened(url) as items:
        next(items)
        cpu, wall = time.process_time(), time.perf_counter()
        deque(items, maxlen=0)
        times.add(cpu, wall)


async def drain_async(opened: OpenAsync, url: str, times: Times) -> None:
    """Read the stream to its end, and drop the items."""
    async with opened(url) as items:
        await anext(items)
        cpu, wall = time.process_time(), time.perf_counter()
        async for _ in items:
            pass
        times.add(cpu, wall)


def collect(opened: OpenSync, url: str) -> list[Any]:
    """Read the stream to its end, and return the items."""
    with opened(url) as items:
        return list(items)


async def collect_async(opened: OpenAsync, url: str) -> list[Any]:
    """Read the stream to its end, and return the items."""
    async with opened(url) as items:
        return [item async for item in items]


def read_once(reader: Reader, backend: str | None, url: str, times: Times) -> None:
    """Drain the stream once, and add the time it took."""
    gc.collect()
    gc.disable()
    if reader.sync is not None:
        drain(reader.sync, url, times)
    elif reader.async_ is not None:
        anyio.run(drain_async, reader.async_, url, times, backend=backend or "asyncio")
    gc.enable()


def is_correct(reader: Reader, backend: str | None, url: str, expected: list[str]) -> bool:
    """Return whether a reader yields every event and nothing else."""
    items: list[Any] = []
    if reader.sync is not None:
        items = collect(reader.sync, url)
    elif reader.async_ is not None:
        items = anyio.run(collect_async, reader.async_, url, backend=backend or "asyncio")
    if reader.role is Role.BARE:
        body = b"".join(items)
        return body == "".join(f"data: {data}\n\n" for data in expected).encode()
    return [item.data for item in items] == expected


def show(group: Group, figures: AllTimes, events: int) -> list[str]:
    """Print the figures of one HTTP client, and return the lines of its goals."""

    def best(seconds: list[float]) -> float:
        return min(seconds) / events * 1e6

    bare, this_library, *peers = (best(figures[group.backend, reader.name].cpu) for reader in group.readers)
    print(group.name)
    for reader in group.readers:
        times = figures[group.backend, reader.name]
        figure = best(times.cpu)
        line = f"  {reader.name:34}{figure:7.2f} [{best(times.wall):6.2f}]"
        if reader.role is not Role.THIS_LIBRARY or group.same_client:
            line += f"{figure / bare:7.2f}x bare"
        if reader.role is Role.PEER:
            line += f"{figure / this_library:7.2f}x sse-core"
        print(line)
    print()
    lines = []
    if group.same_client:
        ratio = this_library / bare
        met = "yes" if ratio <= MAX_OVER_BARE else "no"
        lines.append(f"{group.name}: within {MAX_OVER_BARE}x of its bare client: {met} ({ratio:.2f})")
    if peers:
        ratio = min(peers) / this_library
        peers_name = "every peer on the same client" if group.same_client else "every peer"
        lines.append(f"{group.name}: faster than {peers_name}: {'yes' if ratio > 1 else 'no'} ({ratio:.2f})")
    return lines


def main() -> None:
    """Check the events, measure, print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--events", type=int, default=50_000)
    arguments.add_argument("--rounds", type=int, default=9)
    options = arguments.parse_args()
    all_groups = groups()
    readers = {(group.backend, reader.name): reader for group in all_groups for reader in group.readers}
    figures: AllTimes = {key: Times() for key in readers}
    with run_server("feed_server.py", options.events) as url:
        expected = [payload(number) for number in range(options.events)]
        wrong = [
            f"{name} ({backend or 'blocking'}) returns wrong events"
            for (backend, name), reader in readers.items()
            if not is_correct(reader, backend, url, expected)
        ]
        if wrong:
            raise SystemExit("\n".join(wrong))
        del expected
        for _ in range(options.rounds):
            for key, reader in readers.items():
                read_once(reader, key[0], url, figures[key])
    print(
        f"CPython {platform.python_version()}, {options.events} events, µs of CPU [of wall time] per event, "
        f"best of {options.rounds} interleaved rounds\n"
    )
    goals = [line for group in all_groups for line in show(group, figures, options.events)]
    print("\n".join(goals))


if __name__ == "__main__":
    main()
