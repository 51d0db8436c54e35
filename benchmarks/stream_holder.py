"""Holds many streams in one process, and tells what that cost: a measurement of `transport_scale.py`.

`stream_holder.py KIND STREAMS SECONDS URL` prints one line of JSON. A process of its own, so that no
memory is reused that something before it had left.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

import aiohttp

from benchmarks.open_files import allow_open_files
from benchmarks.tick_server import CALM_SECONDS
from sse_transports import AiohttpTransport, AsyncEventSource

# Connecting many at a time would leave memory behind that no stream needs.
CONNECT_AT_ONCE = 20


@dataclass
class Cost:
    """What holding the streams cost. Memory is that of one stream, in bytes; delays are in ms."""

    received: int
    # Whether each stream had its events in order, from the first on, none of them twice.
    in_order: bool
    memory_connected: float
    memory_streaming: float
    cpu_per_second: float
    delay_50: float
    delay_99: float
    delay_max: float


class Log:
    """Notes what arrives, and when all are connected."""

    def __init__(self, streams: int) -> None:
        self._streams = streams
        self._gate = asyncio.Semaphore(CONNECT_AT_ONCE)
        self._open = 0
        self.first_open = asyncio.Event()
        self.all_open = asyncio.Event()
        self.next_numbers = array("l", [0]) * streams
        self.delays_ns = array("q")
        self.in_order = True

    async def may_connect(self) -> None:
        """Wait until there is leave to connect."""
        await self._gate.acquire()

    def opened(self) -> None:
        """One more is connected."""
        self._gate.release()
        self._open += 1
        self.first_open.set()
        if self._open == self._streams:
            self.all_open.set()

    def arrived(self, stream: int, data: str | bytes) -> None:
        """An event is here: its number, and when it was sent."""
        now = time.monotonic_ns()
        number, sent = map(int, data.split())
        self.in_order &= number == self.next_numbers[stream]
        self.next_numbers[stream] = number + 1
        self.delays_ns.append(now - sent)


async def hold_event_source(stream: int, url: str, log: Log, transport: AiohttpTransport | None) -> None:
    """Hold a stream with ours."""
    async with AsyncEventSource(
        url, transport=transport, retry=None, on_open=lambda _: log.opened()
    ) as source:
        async for event in source:
            log.arrived(stream, event.data)


async def hold_bare(stream: int, url: str, log: Log, session: aiohttp.ClientSession) -> None:
    """Hold a stream with aiohttp alone. Without a parser: what the server sends is known."""
    async with session.get(url) as response:
        log.opened()
        async for chunk in response.content.iter_any():
            for event in chunk.split(b"\n\n")[:-1]:
                log.arrived(stream, event.removeprefix(b"data: "))


def bare_session() -> aiohttp.ClientSession:
    """Return a session that holds as many streams as there are, for as long as they take."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
    )


@dataclass
class Shared:
    """What the streams may have in common."""

    transport: AiohttpTransport
    session: aiohttp.ClientSession


async def hold(kind: str, stream: int, url: str, log: Log, shared: Shared) -> None:
    """Hold one stream until it ends."""
    await log.may_connect()
    match kind:
        case "own":
            await hold_event_source(stream, url, log, None)
        case "shared":
            await hold_event_source(stream, url, log, shared.transport)
        case "bare-own":
            async with bare_session() as session:
                await hold_bare(stream, url, log, session)
        case _:
            await hold_bare(stream, url, log, shared.session)


@asynccontextmanager
async def sharing() -> AsyncIterator[Shared]:
    """Give what the streams may have in common."""
    async with AiohttpTransport() as transport, bare_session() as session:
        yield Shared(transport, session)


def resident() -> int:
    """Return the bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def measure(kind: str, streams: int, seconds: int, url: str) -> Cost:
    """Hold the streams from their beginning to their end."""
    log = Log(streams)
    async with sharing() as shared:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hold(kind, 0, url, log, shared))
            # With the first come imports and tables that the others share: no memory per stream.
            await log.first_open.wait()
            gc.collect()
            before = resident()
            for stream in range(1, streams):
                tasks.create_task(hold(kind, stream, url, log, shared))
            await log.all_open.wait()
            # The server gives this moment: with nothing to do, and what connecting left behind cleared.
            gc.collect()
            connected = resident()
            cpu, wall = time.process_time(), time.perf_counter()
            await asyncio.sleep(CALM_SECONDS + seconds / 2)
            streaming = resident()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    delays = [delay / 1e6 for delay in log.delays_ns]
    cuts = quantiles(delays, n=100, method="inclusive")
    return Cost(
        received=len(delays),
        in_order=log.in_order,
        memory_connected=(connected - before) / (streams - 1),
        memory_streaming=(streaming - before) / (streams - 1),
        cpu_per_second=cpu / wall,
        delay_50=cuts[49],
        delay_99=cuts[98],
        delay_max=max(delays),
    )


def main() -> None:
    """Measure, print."""
    kind, streams, seconds, url = sys.argv[1:]
    allow_open_files(int(streams))
    print(json.dumps(asdict(asyncio.run(measure(kind, int(streams), int(seconds), url)))))


if __name__ == "__main__":
    main()
