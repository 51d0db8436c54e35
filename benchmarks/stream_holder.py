"""Hold many streams in one process, and measure the cost: one measurement of `transport_scale.py`.

`stream_holder.py KIND BACKEND STREAMS SECONDS URL` prints one line of JSON. Each measurement is a new
process, so that it cannot reuse memory which an earlier one has freed.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from array import array
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

import anyio

from benchmarks.bare_reader import open_bare
from benchmarks.open_files import allow_open_files
from benchmarks.tick_server import QUIET_SECONDS
from sse_transports import AnyioTransport, AsyncEventSource

MAX_CONNECTING = 20
"""Streams that connect at the same time. More would allocate memory that no open stream needs."""


@dataclass
class Cost:
    """The cost of holding the streams.

    Attributes:
        received: how many events came, over all streams.
        in_order: whether each stream's events came in order, from the first on, none of them twice.
        memory_connected: bytes of memory per stream when all are connected.
        memory_streaming: the same half-way through the run.
        cpu_per_second: seconds of CPU time per second.
        delay_50, delay_99, delay_max: percentiles of the delay of an event, in ms.
    """

    received: int
    in_order: bool
    memory_connected: float
    memory_streaming: float
    cpu_per_second: float
    delay_50: float
    delay_99: float
    delay_max: float


class Log:
    """Record the events, and the moment when all streams are connected."""

    def __init__(self, streams: int) -> None:
        self._streams = streams
        self._connecting = anyio.Semaphore(MAX_CONNECTING)
        self._open = 0
        self.first_open = anyio.Event()
        self.all_open = anyio.Event()
        self.next_numbers = array("l", [0]) * streams
        self.delays_ns = array("q")
        self.in_order = True

    async def wait_to_connect(self) -> None:
        """Wait until fewer than `MAX_CONNECTING` streams are connecting."""
        await self._connecting.acquire()

    def opened(self) -> None:
        """Count a connected stream."""
        self._connecting.release()
        self._open += 1
        self.first_open.set()
        if self._open == self._streams:
            self.all_open.set()

    def received(self, stream: int, data: str | bytes) -> None:
        """Record an event, whose data is its number and the time it was sent."""
        now = time.monotonic_ns()
        number, sent = map(int, data.split())
        self.in_order &= number == self.next_numbers[stream]
        self.next_numbers[stream] = number + 1
        self.delays_ns.append(now - sent)


async def hold_event_source(stream: int, url: str, log: Log, transport: AnyioTransport | None) -> None:
    """Hold a stream with an `AsyncEventSource`."""
    async with AsyncEventSource(
        url, transport=transport, retry=None, on_open=lambda _: log.opened()
    ) as source:
        async for event in source:
            log.received(stream, event.data)


async def hold_bare(stream: int, url: str, log: Log) -> None:
    """Hold a stream with httptools alone. No parser is needed, because each event has the same form."""
    async with open_bare(url) as chunks:
        log.opened()
        async for chunk in chunks:
            for event in chunk.split(b"\n\n")[:-1]:
                log.received(stream, event.removeprefix(b"data: "))


async def hold(kind: str, stream: int, url: str, log: Log, transport: AnyioTransport) -> None:
    """Hold one stream until it ends."""
    await log.wait_to_connect()
    match kind:
        case "own":
            await hold_event_source(stream, url, log, None)
        case "shared":
            await hold_event_source(stream, url, log, transport)
        case _:
            await hold_bare(stream, url, log)


def resident() -> int:
    """Return the resident size of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def measure(kind: str, streams: int, seconds: int, url: str) -> Cost:
    """Hold the streams until they end, and return the cost."""
    log = Log(streams)
    async with AnyioTransport() as transport:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hold, kind, 0, url, log, transport)
            # Do not count the first stream: it brings imports and tables that the others share.
            await log.first_open.wait()
            gc.collect()
            before = resident()
            for stream in range(1, streams):
                tasks.start_soon(hold, kind, stream, url, log, transport)
            await log.all_open.wait()
            # The server sends nothing for QUIET_SECONDS. Collect the garbage of connecting before measuring.
            gc.collect()
            connected = resident()
            cpu, wall = time.process_time(), time.perf_counter()
            await anyio.sleep(QUIET_SECONDS + seconds / 2)
            streaming = resident()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    delays = [delay / 1e6 for delay in log.delays_ns]
    percentiles = quantiles(delays, n=100, method="inclusive")
    return Cost(
        received=len(delays),
        in_order=log.in_order,
        memory_connected=(connected - before) / (streams - 1),
        memory_streaming=(streaming - before) / (streams - 1),
        cpu_per_second=cpu / wall,
        delay_50=percentiles[49],
        delay_99=percentiles[98],
        delay_max=max(delays),
    )


def main() -> None:
    """Measure, and print the cost as JSON."""
    kind, backend, streams, seconds, url = sys.argv[1:]
    allow_open_files(int(streams))
    cost = anyio.run(measure, kind, int(streams), int(seconds), url, backend=backend)
    print(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main()
