"""Measure whole clients, from the socket to the event: µs per event. `make bench-transports`.

A server in another process sends a model's reply, one HTTP chunk per event: in a burst, so that each read
finds many events, and as a drip, so that each read finds one. Each reader reads it to the end: this library
over each HTTP client, the bare HTTP client without a parser, and the clients of other packages. Their events
are checked before they are timed.

The figures are the best of several rounds, in which the readers take turns so that noise hits all of them.
They are CPU time of this process, so that neither the server nor other work on the machine is measured; the
wall time is in brackets. Connecting does not count: the clock starts with the first item.

In a burst, hundreds of events share the cost of a read, and what remains of the bare httptools reader costs
less than parsing alone: compare "bare, and Parser.feed". So nothing that parses events is within 1.5 times of
it there. In a drip, most of the cost is the system's and the event loop's, for waiting and waking up. Every
reader pays that, so the ratios between HTTP clients are small there.

    transport_speed.py [--events 50000] [--dripped 3000] [--rounds 9]

Exit code 1 if a reader returns wrong events. Being slow is no failure.
"""

from __future__ import annotations

import argparse
import gc
import platform
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import anyio

from benchmarks.feed_server import payload
from benchmarks.goals import Goal, at_least, at_most
from benchmarks.server_process import run_server
from benchmarks.transport_readers import (
    AIOHTTP_READER,
    ANYIO_READER,
    HTTPX2_READER,
    Group,
    OpenAsync,
    OpenSync,
    Reader,
    Role,
    groups,
)


@dataclass(frozen=True)
class Shape:
    """How the server sends the events, at which path."""

    name: str
    path: str
    events: int


@dataclass
class Times:
    """The seconds of each round of one reader."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def add(self, cpu_start: float, wall_start: float) -> None:
        """Add a round that started at these times and ends now."""
        self.cpu.append(time.process_time() - cpu_start)
        self.wall.append(time.perf_counter() - wall_start)


Key = tuple[str | None, str]
"""The backend and the name of a reader. A reader that is in two groups is measured once."""


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
    match reader.role:
        case Role.BARE:
            return b"".join(items) == "".join(f"data: {data}\n\n" for data in expected).encode()
        case Role.PARSED:
            items = [event for events in items for event in events]
    return [item.data for item in items] == expected


def show(group: Group, figures: dict[Key, float], times: dict[Key, Times], events: int) -> None:
    """Print the figures of one HTTP client."""
    bare, this_library = (figures[group.backend, reader.name] for reader in group.readers[:2])
    print(group.name)
    for reader in group.readers:
        key = group.backend, reader.name
        line = f"  {reader.name:34}{figures[key]:7.2f} [{min(times[key].wall) / events * 1e6:6.2f}]"
        if reader.role is not Role.THIS_LIBRARY or group.max_over_bare is not None:
            line += f"{figures[key] / bare:7.2f}x bare"
        if reader.role in {Role.PARSED, Role.PEER}:
            line += f"{figures[key] / this_library:7.2f}x sse-core"
        print(line)
    print()


def group_goals(group: Group, figures: dict[Key, float]) -> Iterator[Goal]:
    """Yield the goals of this library over one HTTP client."""
    bare, this_library = (figures[group.backend, reader.name] for reader in group.readers[:2])
    if group.max_over_bare is not None:
        yield at_most(f"{group.name}: sse-core / bare client", this_library / bare, group.max_over_bare)
    peers = [figures[group.backend, reader.name] for reader in group.readers if reader.role is Role.PEER]
    if peers:
        yield at_least(f"{group.name}: fastest peer / sse-core", min(peers) / this_library, 1.0)


def default_goals(figures: dict[Key, float]) -> Iterator[Goal]:
    """Yield the goals of the default transport against the others of this library."""
    ratio = figures["trio", HTTPX2_READER] / figures["trio", ANYIO_READER]
    yield at_least("trio: AsyncHttpx2Transport / AnyioTransport", ratio, 8.0)
    ratio = figures["asyncio", ANYIO_READER] / figures["asyncio", AIOHTTP_READER]
    yield at_most("asyncio: AnyioTransport / AiohttpTransport", ratio, 0.8)


def show_shape(shape: Shape, all_groups: list[Group], times: dict[Key, Times]) -> None:
    """Print the figures of all readers for one shape, then the goals."""
    figures = {key: min(found.cpu) / shape.events * 1e6 for key, found in times.items()}
    print(f"# {shape.name}: {shape.events} events\n")
    for group in all_groups:
        show(group, figures, times, shape.events)
    for goal in chain(default_goals(figures), *(group_goals(group, figures) for group in all_groups)):
        print(*goal.lines(), sep="\n")
    print()


def main() -> None:
    """Check the events, measure, print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--events", type=int, default=50_000)
    arguments.add_argument("--dripped", type=int, default=3_000)
    arguments.add_argument("--rounds", type=int, default=9)
    options = arguments.parse_args()
    shapes = [
        Shape("Burst, many events a read", "", options.events),
        Shape("Drip, one event a read", "drip", options.dripped),
    ]
    all_groups = groups()
    readers = {(group.backend, reader.name): reader for group in all_groups for reader in group.readers}
    times = {shape: {key: Times() for key in readers} for shape in shapes}
    with run_server("feed_server.py", options.events, options.dripped) as url:
        expected = [payload(number) for number in range(options.events)]
        wrong = [
            f"{name} ({backend or 'blocking'}) returns wrong events: {shape.name}"
            for shape in shapes
            for (backend, name), reader in readers.items()
            if not is_correct(reader, backend, url + shape.path, expected[: shape.events])
        ]
        if wrong:
            raise SystemExit("\n".join(wrong))
        del expected
        for _ in range(options.rounds):
            for shape in shapes:
                for key, reader in readers.items():
                    read_once(reader, key[0], url + shape.path, times[shape][key])
    print(
        f"CPython {platform.python_version()}, µs of CPU [of wall time] per event, "
        f"best of {options.rounds} interleaved rounds\n"
    )
    for shape in shapes:
        show_shape(shape, all_groups, times[shape])


if __name__ == "__main__":
    main()
