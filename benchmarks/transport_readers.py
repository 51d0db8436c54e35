"""The readers of `transport_speed.py`: this library, bare HTTP clients, and the clients of other packages.

Each reader opens a URL and returns an iterator. The iterator is that of the package itself, since a wrapper
would add its own cost to each item. The blocking readers and the async ones are plain twins.
"""

from __future__ import annotations

import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from enum import Enum
from functools import partial
from importlib.metadata import version
from typing import Any

import aiohttp
import httpx2
import requests
from aiohttp_sse_client2.client import EventSource as AiohttpSSEClient2
from openai._streaming import SSEDecoder
from sseclient import SSEClient

from benchmarks.bare_reader import open_bare
from sse_core import Event, Parser
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    AsyncTransport,
    EventSource,
    Httpx2Transport,
    Transport,
    UrllibTransport,
)

ANYIO_READER = "sse-core: AnyioTransport"
AIOHTTP_READER = "sse-core: AiohttpTransport"
HTTPX2_READER = "sse-core: AsyncHttpx2Transport"

OpenSync = Callable[[str], AbstractContextManager[Iterator[Any]]]
OpenAsync = Callable[[str], AbstractAsyncContextManager[AsyncIterator[Any]]]


class Role(Enum):
    """What a reader is measured for."""

    BARE = "bare"
    PARSED = "bare, and a parser"
    THIS_LIBRARY = "this library"
    PEER = "peer"


@dataclass(frozen=True)
class Reader:
    """One way to read a stream, opened by `sync` or, on asyncio and trio, by `async_`."""

    name: str
    role: Role
    sync: OpenSync | None = None
    async_: OpenAsync | None = None


@dataclass(frozen=True)
class Group:
    """Readers over the same HTTP client, all of them blocking or all on the same async backend.

    Attributes:
        backend: `asyncio`, `trio`, or None for blocking readers.
        readers: the bare client first, this library second, then the others.
        max_over_bare: how many times the cost of the bare client this library may cost; None if it does not
            use the HTTP client that the others use.
    """

    name: str
    backend: str | None
    readers: list[Reader]
    max_over_bare: float | None = 1.4


# Blocking.


@contextmanager
def _event_source(make_transport: Callable[[], Transport], url: str) -> Iterator[Iterator[Any]]:
    transport = make_transport()
    with EventSource(url, transport=transport, retry=None) as source:
        yield source
    transport.close()


@contextmanager
def _urllib(url: str) -> Iterator[Iterator[bytes]]:
    with urllib.request.urlopen(url) as response:
        yield iter(partial(response.read1, 2**16), b"")


@contextmanager
def _httpx2(read: Callable[[httpx2.Response], Iterator[Any]], url: str) -> Iterator[Iterator[Any]]:
    with httpx2.Client() as client, client.stream("GET", url) as response:
        yield read(response)


@contextmanager
def _requests(read: Callable[[requests.Response], Iterator[Any]], url: str) -> Iterator[Iterator[Any]]:
    with requests.get(url, stream=True) as response:
        yield read(response)


def _sseclient(response: requests.Response) -> Iterator[Any]:
    # As its manual shows. Its types ask for an iterator, but an iterable is enough.
    return SSEClient(response).events()  # type: ignore[arg-type]


def _openai(response: httpx2.Response) -> Iterator[Any]:
    return SSEDecoder().iter_bytes(response.iter_bytes())


# Async.


@asynccontextmanager
async def _async_event_source(
    make_transport: Callable[[], AsyncTransport], url: str
) -> AsyncIterator[AsyncIterator[Any]]:
    transport = make_transport()
    async with AsyncEventSource(url, transport=transport, retry=None) as source:
        yield source
    await transport.close()


@asynccontextmanager
async def _bare_and_parser(url: str) -> AsyncIterator[AsyncIterator[list[Event]]]:
    parser = Parser()
    async with open_bare(url) as chunks:
        yield (parser.feed(chunk) async for chunk in chunks)


@asynccontextmanager
async def _aiohttp(url: str) -> AsyncIterator[AsyncIterator[bytes]]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        yield response.content.iter_any()


@asynccontextmanager
async def _aiohttp_sse_client2(url: str) -> AsyncIterator[AsyncIterator[Any]]:
    def stop() -> None:
        # It calls this at the end of the stream, before it waits and reconnects.
        raise StopAsyncIteration

    async with AiohttpSSEClient2(url, on_error=stop) as source:
        yield source


@asynccontextmanager
async def _httpx2_async(
    read: Callable[[httpx2.Response], AsyncIterator[Any]], url: str
) -> AsyncIterator[AsyncIterator[Any]]:
    async with httpx2.AsyncClient() as client, client.stream("GET", url) as response:
        yield read(response)


def _openai_async(response: httpx2.Response) -> AsyncIterator[Any]:
    return SSEDecoder().aiter_bytes(response.aiter_bytes())


def _with_version(package: str) -> str:
    return f"{package} {version(package)}"


def groups() -> list[Group]:
    """Return all readers in their groups."""
    httptools = [
        Reader("bare: httptools, anyio's sockets", Role.BARE, async_=open_bare),
        Reader(
            ANYIO_READER,
            Role.THIS_LIBRARY,
            async_=partial(_async_event_source, AnyioTransport),
        ),
        Reader("bare, and Parser.feed", Role.PARSED, async_=_bare_and_parser),
    ]
    httpx2_async = [
        Reader(
            "bare: aiter_raw()",
            Role.BARE,
            async_=partial(_httpx2_async, lambda response: response.aiter_raw()),
        ),
        Reader(
            HTTPX2_READER,
            Role.THIS_LIBRARY,
            async_=partial(_async_event_source, AsyncHttpx2Transport),
        ),
        Reader(_with_version("openai"), Role.PEER, async_=partial(_httpx2_async, _openai_async)),
        Reader(
            f"{_with_version('httpx2')} EventSource",
            Role.PEER,
            async_=partial(_httpx2_async, lambda response: aiter(httpx2.EventSource(response))),
        ),
    ]
    return [
        Group(
            "urllib, blocking",
            None,
            [
                Reader("bare: read1(65536)", Role.BARE, sync=_urllib),
                Reader(
                    "sse-core: UrllibTransport",
                    Role.THIS_LIBRARY,
                    sync=partial(_event_source, UrllibTransport),
                ),
            ],
        ),
        Group(
            "httpx2, blocking",
            None,
            [
                Reader(
                    "bare: iter_raw()",
                    Role.BARE,
                    sync=partial(_httpx2, lambda response: response.iter_raw()),
                ),
                Reader(
                    "sse-core: Httpx2Transport",
                    Role.THIS_LIBRARY,
                    sync=partial(_event_source, Httpx2Transport),
                ),
                Reader(_with_version("openai"), Role.PEER, sync=partial(_httpx2, _openai)),
                Reader(
                    f"{_with_version('httpx2')} EventSource",
                    Role.PEER,
                    sync=partial(_httpx2, lambda response: iter(httpx2.EventSource(response))),
                ),
            ],
        ),
        Group(
            # This library has no transport over requests. It runs over urllib, its default.
            "requests, blocking (sse-core: over urllib)",
            None,
            [
                Reader(
                    "bare: iter_content(None)",
                    Role.BARE,
                    sync=partial(_requests, lambda response: response.iter_content(None)),
                ),
                Reader(
                    "sse-core: UrllibTransport",
                    Role.THIS_LIBRARY,
                    sync=partial(_event_source, UrllibTransport),
                ),
                Reader(
                    _with_version("sseclient-py"),
                    Role.PEER,
                    sync=partial(_requests, _sseclient),
                ),
            ],
            max_over_bare=None,
        ),
        Group("httptools, asyncio", "asyncio", httptools, max_over_bare=1.5),
        Group("httptools, trio", "trio", httptools, max_over_bare=1.5),
        Group(
            "aiohttp, asyncio",
            "asyncio",
            [
                Reader("bare: iter_any()", Role.BARE, async_=_aiohttp),
                Reader(
                    AIOHTTP_READER,
                    Role.THIS_LIBRARY,
                    async_=partial(_async_event_source, AiohttpTransport),
                ),
                Reader(_with_version("aiohttp-sse-client2"), Role.PEER, async_=_aiohttp_sse_client2),
            ],
        ),
        Group("httpx2, asyncio", "asyncio", httpx2_async),
        Group("httpx2, trio", "trio", httpx2_async),
    ]
