"""Measure what a client adds to parsing, without any I/O: `make bench-iteration`.

The chunks are ready in memory, so that a read costs next to nothing. Each reader reads them to the end: with
one event in a chunk, as live streams come, and with many, as in a burst. The parser is the reference: it
takes the same chunks. The events of each reader are checked before it is timed.

The figures are the best of several rounds, in which the readers take turns so that noise hits all of them.
They are CPU time of this process, and multiples of the parser's time in the same run: only these can be
compared between machines.

    iteration_speed.py [--events 20000] [--rounds 15]

Exit code 1 if a reader returns wrong events. Being slow is no failure.
"""

from __future__ import annotations

import argparse
import gc
import platform
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from typing import Any

import anyio

from benchmarks.feed_server import payload
from sse_core import Connection, Deliver, Event, Parser, Request, Response
from sse_transports import AsyncEventSource, EventSource

URL = "http://example.com/"

SHAPES = {"one event a read": 1, "64 events a read": 64}
"""The number of events in each chunk."""


class ChunkTransport:
    """A transport, and its exchange, whose reads return chunks from memory."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = iter(chunks)

    def exchange(self, _request: Request, *, timeout: float | None) -> ChunkTransport:
        """Return itself: there is one connection."""
        return self

    def open(self) -> Response:
        """Return the response of an event stream."""
        return stream_response()

    def read(self, timeout: float | None) -> bytes:
        """Return the next chunk."""
        return next(self._chunks, b"")

    def close(self) -> None:
        """Do nothing."""


class AsyncChunkTransport:
    """The async twin of `ChunkTransport`."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = iter(chunks)

    def exchange(self, _request: Request, *, timeout: float | None) -> AsyncChunkTransport:
        """Return itself: there is one connection."""
        return self

    async def open(self) -> Response:
        """Return the response of an event stream."""
        return stream_response()

    async def read(self, timeout: float | None) -> bytes:
        """Return the next chunk."""
        return next(self._chunks, b"")

    async def close(self) -> None:
        """Do nothing."""


def stream_response() -> Response:
    """Return the head of an event stream."""
    return Response(200, [("Content-Type", "text/event-stream")], URL)


@dataclass(frozen=True)
class Reader:
    """How to read chunks, as an iterator of events or of what contains them. It is `sync` or `async_`."""

    name: str
    sync: Callable[[list[bytes]], AbstractContextManager[Iterator[Any]]] | None = None
    async_: Callable[[list[bytes]], AbstractAsyncContextManager[AsyncIterator[Any]]] | None = None


@contextmanager
def feed(chunks: list[bytes]) -> Iterator[Iterator[list[Event]]]:
    """Read with `Parser.feed`."""
    yield map(Parser().feed, chunks)


@contextmanager
def receive(chunks: list[bytes]) -> Iterator[Iterator[Deliver[Event]]]:
    """Read with `Connection.receive`."""
    connection = Connection(URL)
    connection.connect()
    connection.respond(stream_response())
    yield map(connection.receive, chunks)


@contextmanager
def iterate(chunks: list[bytes]) -> Iterator[Iterator[Event]]:
    """Read with `EventSource`."""
    with EventSource(URL, transport=ChunkTransport(chunks), retry=None) as source:
        yield source


@contextmanager
def iterate_batches(chunks: list[bytes]) -> Iterator[Iterator[list[Event]]]:
    """Read with `EventSource.batches`."""
    with EventSource(URL, transport=ChunkTransport(chunks), retry=None) as source:
        yield source.batches()


@asynccontextmanager
async def iterate_async(chunks: list[bytes]) -> AsyncIterator[AsyncIterator[Event]]:
    """Read with `AsyncEventSource`."""
    async with AsyncEventSource(URL, transport=AsyncChunkTransport(chunks), retry=None) as source:
        yield source


@asynccontextmanager
async def iterate_async_batches(chunks: list[bytes]) -> AsyncIterator[AsyncIterator[list[Event]]]:
    """Read with `AsyncEventSource.batches`."""
    async with AsyncEventSource(URL, transport=AsyncChunkTransport(chunks), retry=None) as source:
        yield source.batches()


READERS = (
    Reader("Parser.feed", sync=feed),
    Reader("Connection.receive", sync=receive),
    Reader("EventSource", sync=iterate),
    Reader("EventSource.batches", sync=iterate_batches),
    Reader("AsyncEventSource", async_=iterate_async),
    Reader("AsyncEventSource.batches", async_=iterate_async_batches),
)
"""The first is the reference. The async ones run on asyncio."""


def make_chunks(events: int, per_chunk: int) -> list[bytes]:
    """Return a stream in chunks of whole events."""
    stream = [f"data: {payload(number)}\n\n".encode() for number in range(events)]
    return [b"".join(stream[start : start + per_chunk]) for start in range(0, events, per_chunk)]


def cpu_seconds(reader: Reader, chunks: list[bytes]) -> float:
    """Read the chunks once, drop the items, and return the CPU time after the first one."""
    if reader.sync is not None:
        with reader.sync(chunks) as items:
            next(items)
            start = time.process_time()
            deque(items, maxlen=0)
            return time.process_time() - start
    return anyio.run(cpu_seconds_async, reader, chunks)


async def cpu_seconds_async(reader: Reader, chunks: list[bytes]) -> float:
    """Do what `cpu_seconds` does, for an async reader."""
    assert reader.async_ is not None
    async with reader.async_(chunks) as items:
        await anext(items)
        start = time.process_time()
        async for _ in items:
            pass
        return time.process_time() - start


def collect(reader: Reader, chunks: list[bytes]) -> list[Event]:
    """Read the chunks and return the events."""
    if reader.sync is None:
        items = anyio.run(collect_async, reader, chunks)
    else:
        with reader.sync(chunks) as found:
            items = list(found)
    events: list[Event] = []
    for item in items:
        match item:
            case Event():
                events.append(item)
            case Deliver(several) | several:
                events += several
    return events


async def collect_async(reader: Reader, chunks: list[bytes]) -> list[Any]:
    """Read the chunks and return the items of an async reader."""
    assert reader.async_ is not None
    async with reader.async_(chunks) as items:
        return [item async for item in items]


def main() -> None:
    """Check the events, measure, print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--events", type=int, default=20_000)
    arguments.add_argument("--rounds", type=int, default=15)
    options = arguments.parse_args()
    print(f"CPython {platform.python_version()}, ns of CPU per event, best of {options.rounds} rounds")
    expected = [Event(payload(number)) for number in range(options.events)]
    for shape, per_chunk in SHAPES.items():
        chunks = make_chunks(options.events, per_chunk)
        for reader in READERS:
            if collect(reader, chunks) != expected:
                raise SystemExit(f"{reader.name} returns wrong events: {shape}")
        times: dict[str, list[float]] = {reader.name: [] for reader in READERS}
        for _ in range(options.rounds):
            for reader in READERS:
                gc.collect()
                gc.disable()
                times[reader.name].append(cpu_seconds(reader, chunks))
                gc.enable()
        reference = min(times[READERS[0].name])
        print(f"\n{shape}")
        for name, found in times.items():
            best = min(found)
            print(f"  {name:26}{best / options.events * 1e9:7.0f}{best / reference:7.2f}x feed")


if __name__ == "__main__":
    main()
