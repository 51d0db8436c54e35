"""What a whole client costs, from socket to event: µs per event. `make bench-transports`.

A server in another process sends a model's answer, one HTTP chunk per event. Each reader drains it:
ours over each HTTP client, the bare HTTP client without any parsing, and peers. What a reader answers is
checked before its speed is.

The figures are CPU time of this process, the best of the rounds, which are interleaved so that noise
hits all alike. CPU and not wall time, so that neither the server nor other work on the machine is
measured; the wall time, in brackets, is never better. Connecting does not count: the clock starts with
the first item.

    transport_speed.py [--events 50000] [--rounds 9]

Exit code 1 if somebody answers wrong; being slow is no failure.
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
from benchmarks.server_process import served_by
from benchmarks.transport_readers import Group, OpenAsync, OpenSync, Reader, Role, groups

MOST_OVER_BARE = 1.4


@dataclass
class Times:
    """Seconds that the rounds of one reader took."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def add(self, cpu_start: float, wall_start: float) -> None:
        """A round that began at these times is over."""
        self.cpu.append(time.process_time() - cpu_start)
        self.wall.append(time.perf_counter() - wall_start)


# By backend and name of the reader: one that is in two groups is measured once.
Figures = dict[tuple[str | None, str], Times]


def drain(opened: OpenSync, url: str, times: Times) -> None:
    """Read the stream to its end, keep nothing."""
    with opened(url) as items:
        next(items)
        cpu, wall = time.process_time(), time.perf_counter()
        deque(items, maxlen=0)
        times.add(cpu, wall)


async def drain_async(opened: OpenAsync, url: str, times: Times) -> None:
    """Read the stream to its end, keep nothing."""
    async with opened(url) as items:
        await anext(items)
        cpu, wall = time.process_time(), time.perf_counter()
        async for _ in items:
            pass
        times.add(cpu, wall)


def collect(opened: OpenSync, url: str) -> list[Any]:
    """Read the stream to its end, keep everything."""
    with opened(url) as items:
        return list(items)


async def collect_async(opened: OpenAsync, url: str) -> list[Any]:
    """Read the stream to its end, keep everything."""
    async with opened(url) as items:
        return [item async for item in items]


def read_once(reader: Reader, backend: str | None, url: str, times: Times) -> None:
    """Drain the stream once, with the clock running."""
    gc.collect()
    gc.disable()
    if reader.sync is not None:
        drain(reader.sync, url, times)
    elif reader.async_ is not None:
        anyio.run(drain_async, reader.async_, url, times, backend=backend or "asyncio")
    gc.enable()


def right(reader: Reader, backend: str | None, url: str, expected: list[str]) -> bool:
    """Return whether a reader gets every event, and nothing else."""
    items: list[Any] = []
    if reader.sync is not None:
        items = collect(reader.sync, url)
    elif reader.async_ is not None:
        items = anyio.run(collect_async, reader.async_, url, backend=backend or "asyncio")
    if reader.role is Role.BARE:
        body = b"".join(items)
        return body == "".join(f"data: {data}\n\n" for data in expected).encode()
    return [item.data for item in items] == expected


def show(group: Group, figures: Figures, events: int) -> list[str]:
    """Print the figures of one HTTP client; return what is to be said of them at the end."""

    def best(seconds: list[float]) -> float:
        return min(seconds) / events * 1e6

    bare, ours, *peers = (best(figures[group.backend, reader.name].cpu) for reader in group.readers)
    print(group.name)
    for reader in group.readers:
        times = figures[group.backend, reader.name]
        figure = best(times.cpu)
        line = f"  {reader.name:34}{figure:7.2f} [{best(times.wall):6.2f}]"
        if reader.role is not Role.OURS or group.same_client:
            line += f"{figure / bare:7.2f}x bare"
        if reader.role is Role.PEER:
            line += f"{figure / ours:7.2f}x ours"
        print(line)
    print()
    lines = []
    if group.same_client:
        ratio = ours / bare
        verdict = "yes" if ratio <= MOST_OVER_BARE else "no"
        lines.append(
            f"{group.name}: ours within {MOST_OVER_BARE}x of its bare client: {verdict} ({ratio:.2f})"
        )
    if peers:
        ratio = min(peers) / ours
        where = "every peer on the same client" if group.same_client else "every peer"
        lines.append(f"{group.name}: ahead of {where}: {'yes' if ratio > 1 else 'no'} ({ratio:.2f})")
    return lines


def main() -> None:
    """Check the answers, measure, print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--events", type=int, default=50_000)
    arguments.add_argument("--rounds", type=int, default=9)
    options = arguments.parse_args()
    all_groups = groups()
    everyone = {(group.backend, reader.name): reader for group in all_groups for reader in group.readers}
    figures: Figures = {key: Times() for key in everyone}
    with served_by("feed_server.py", options.events) as url:
        expected = [payload(number) for number in range(options.events)]
        wrong = [
            f"{name} ({backend or 'blocking'}) reads the stream wrong"
            for (backend, name), reader in everyone.items()
            if not right(reader, backend, url, expected)
        ]
        if wrong:
            raise SystemExit("\n".join(wrong))
        del expected
        for _ in range(options.rounds):
            for key, reader in everyone.items():
                read_once(reader, key[0], url, figures[key])
    print(
        f"CPython {platform.python_version()}, {options.events} events, µs of CPU [of wall time] per event, "
        f"best of {options.rounds} interleaved rounds\n"
    )
    verdicts = [line for group in all_groups for line in show(group, figures, options.events)]
    print("\n".join(verdicts))


if __name__ == "__main__":
    main()
