"""Who reads an event stream in `transport_speed.py`: ours, the bare HTTP clients, and peers.

Each opens a URL and gives something to iterate, without a wrapper of its own around each item.
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

from sse_transports import (
    AiohttpTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    AsyncTransport,
    EventSource,
    Httpx2Transport,
    Transport,
    UrllibTransport,
)

OpenSync = Callable[[str], AbstractContextManager[Iterator[Any]]]
OpenAsync = Callable[[str], AbstractAsyncContextManager[AsyncIterator[Any]]]


class Role(Enum):
    """What a reader is there for."""

    BARE = "bare"
    OURS = "ours"
    PEER = "peer"


@dataclass(frozen=True)
class Reader:
    """One way to read a stream. It is opened by `sync` or, on asyncio and trio, by `async_`."""

    name: str
    role: Role
    sync: OpenSync | None = None
    async_: OpenAsync | None = None


@dataclass(frozen=True)
class Group:
    """Those who read over the same HTTP client, in the same way of waiting."""

    name: str
    # None for threads.
    backend: str | None
    readers: list[Reader]
    # Whether the HTTP client under ours is the one under the others.
    same_client: bool = True


# Blocking.


@contextmanager
def _ours(transport: Callable[[], Transport], url: str) -> Iterator[Iterator[Any]]:
    carrier = transport()
    with EventSource(url, transport=carrier, retry=None) as source:
        yield source
    carrier.close()


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
    # As its own manual says. It iterates, and asks for no iterator as its types do.
    return SSEClient(response).events()  # type: ignore[arg-type]


def _openai(response: httpx2.Response) -> Iterator[Any]:
    return SSEDecoder().iter_bytes(response.iter_bytes())


# Async.


@asynccontextmanager
async def _ours_async(transport: Callable[[], AsyncTransport], url: str) -> AsyncIterator[AsyncIterator[Any]]:
    carrier = transport()
    async with AsyncEventSource(url, transport=carrier, retry=None) as source:
        yield source
    await carrier.close()


@asynccontextmanager
async def _aiohttp(url: str) -> AsyncIterator[AsyncIterator[bytes]]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        yield response.content.iter_any()


@asynccontextmanager
async def _aiohttp_sse_client2(url: str) -> AsyncIterator[AsyncIterator[Any]]:
    def stop() -> None:
        # Called at the end of the stream, before it waits and asks again.
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


def _named(package: str) -> str:
    return f"{package} {version(package)}"


def groups() -> list[Group]:
    """Return all readers. The first of a group is the bare client, the second is ours."""
    httpx2_async = [
        Reader(
            "bare: aiter_raw()",
            Role.BARE,
            async_=partial(_httpx2_async, lambda response: response.aiter_raw()),
        ),
        Reader(
            "sse-core: AsyncHttpx2Transport",
            Role.OURS,
            async_=partial(_ours_async, AsyncHttpx2Transport),
        ),
        Reader(_named("openai"), Role.PEER, async_=partial(_httpx2_async, _openai_async)),
        Reader(
            f"{_named('httpx2')} EventSource",
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
                Reader("sse-core: UrllibTransport", Role.OURS, sync=partial(_ours, UrllibTransport)),
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
                Reader("sse-core: Httpx2Transport", Role.OURS, sync=partial(_ours, Httpx2Transport)),
                Reader(_named("openai"), Role.PEER, sync=partial(_httpx2, _openai)),
                Reader(
                    f"{_named('httpx2')} EventSource",
                    Role.PEER,
                    sync=partial(_httpx2, lambda response: iter(httpx2.EventSource(response))),
                ),
            ],
        ),
        Group(
            # Nothing of ours is over requests: what stands against it is what needs no package either.
            "requests, blocking (ours: over urllib)",
            None,
            [
                Reader(
                    "bare: iter_content(None)",
                    Role.BARE,
                    sync=partial(_requests, lambda response: response.iter_content(None)),
                ),
                Reader("sse-core: UrllibTransport", Role.OURS, sync=partial(_ours, UrllibTransport)),
                Reader(
                    _named("sseclient-py"),
                    Role.PEER,
                    sync=partial(_requests, _sseclient),
                ),
            ],
            same_client=False,
        ),
        Group(
            "aiohttp, asyncio",
            "asyncio",
            [
                Reader("bare: iter_any()", Role.BARE, async_=_aiohttp),
                Reader(
                    "sse-core: AiohttpTransport",
                    Role.OURS,
                    async_=partial(_ours_async, AiohttpTransport),
                ),
                Reader(_named("aiohttp-sse-client2"), Role.PEER, async_=_aiohttp_sse_client2),
            ],
        ),
        Group("httpx2, asyncio", "asyncio", httpx2_async),
        Group("httpx2, trio", "trio", httpx2_async),
    ]
