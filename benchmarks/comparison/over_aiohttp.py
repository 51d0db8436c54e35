"""The clients over aiohttp, which read from a URL only: a server on a real port sends them the chunks."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp_sse_client2.client import EventSource
from aiosseclient import aiosseclient

from benchmarks.comparison.python_parsers import HEADERS
from benchmarks.comparison.said import Heard, Peer, Said, Shows
from sse_transports.testing import SSEServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from sse_transports.testing import Call, Step

    ReadUrl = Callable[[str], Awaitable[list[Said]]]


async def of_aiosseclient(url: str) -> list[Said]:
    """Read until the server ends the stream."""
    # What it calls `retry` says whether there was one, not how long.
    return [Said(event.event, event.data, event.id) async for event in aiosseclient(url)]


async def of_aiohttp_sse_client2(url: str) -> list[Said]:
    """Read until the client would reconnect."""

    def stop() -> None:
        raise StopAsyncIteration

    async with aiohttp.ClientSession() as session, EventSource(url, session=session, on_error=stop) as source:
        # It leaves the type out where the standard says "message".
        return [Said(event.type or "message", event.data, event.last_event_id) async for event in source]


@contextmanager
def from_server(read_url: ReadUrl) -> Iterator[Callable[[Sequence[bytes], str], Heard]]:
    """Run a server and an event loop while vectors are read."""
    sent: Sequence[bytes] = ()

    def answer(call: Call) -> list[Step]:
        return [HEADERS, *sent]

    with SSEServer(answer) as server, asyncio.Runner() as runner:

        def read(chunks: Sequence[bytes], last_event_id: str) -> Heard:
            nonlocal sent
            sent = chunks
            return Heard(runner.run(_bounded(read_url(server.url))))

        yield read


async def _bounded(reading: Any) -> list[Said]:
    # A vector that makes a client wait is told, not waited for.
    async with asyncio.timeout(10):
        events: list[Said] = await reading
        return events


def aiohttp_parsers() -> list[Peer]:
    """Return the two."""
    return [
        Peer(
            "aiohttp-sse-client2",
            version("aiohttp-sse-client2"),
            Shows(),
            partial(from_server, of_aiohttp_sse_client2),
        ),
        Peer(
            "aiosseclient",
            version("aiosseclient"),
            Shows(own_ids=True),
            partial(from_server, of_aiosseclient),
        ),
    ]
