"""The clients over aiohttp. They read only from a URL, so a server on a real port sends them the chunks."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp_sse_client2.client import EventSource
from aiosseclient import aiosseclient

from benchmarks.comparison.events import ParsedEvent, ParsedStream, Peer, Shows
from benchmarks.comparison.python_parsers import HEADERS
from sse_transports.testing import SSEServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from sse_transports.testing import Call, Step

    ReadUrl = Callable[[str], Awaitable[list[ParsedEvent]]]

TIMEOUT = 10
"""Seconds after which a vector counts as wrong because the client hangs."""


async def read_aiosseclient(url: str) -> list[ParsedEvent]:
    """Read until the server ends the stream."""
    # Its `retry` is not read: it shows only whether there was one.
    return [ParsedEvent(event.event, event.data, event.id) async for event in aiosseclient(url)]


async def read_aiohttp_sse_client2(url: str) -> list[ParsedEvent]:
    """Read until the client would reconnect."""

    def stop() -> None:
        raise StopAsyncIteration

    async with aiohttp.ClientSession() as session, EventSource(url, session=session, on_error=stop) as source:
        # Its type is None where the standard has "message".
        return [
            ParsedEvent(event.type or "message", event.data, event.last_event_id) async for event in source
        ]


@contextmanager
def open_server(read_url: ReadUrl) -> Iterator[Callable[[Sequence[bytes], str], ParsedStream]]:
    """Run a server and an event loop, and yield a function that reads the chunks of a stream from it."""
    current: Sequence[bytes] = ()

    def answer(call: Call) -> list[Step]:
        return [HEADERS, *current]

    with SSEServer(answer) as server, asyncio.Runner() as runner:

        def read(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
            nonlocal current
            current = chunks
            return ParsedStream(runner.run(_with_timeout(read_url(server.url))))

        yield read


async def _with_timeout(reading: Any) -> list[ParsedEvent]:
    async with asyncio.timeout(TIMEOUT):
        events: list[ParsedEvent] = await reading
        return events


def aiohttp_parsers() -> list[Peer]:
    """Return both clients."""
    return [
        Peer(
            "aiohttp-sse-client2",
            version("aiohttp-sse-client2"),
            Shows(),
            partial(open_server, read_aiohttp_sse_client2),
        ),
        Peer(
            "aiosseclient",
            version("aiosseclient"),
            Shows(own_ids=True),
            partial(open_server, read_aiosseclient),
        ),
    ]
