"""The clients, each as a function that reads from a URL."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from typing import Protocol, cast

import aiohttp
import anyio
import httpx2

from sse_core import Comment, Event
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
    UrllibTransport,
)
from sse_transports._async_event_source import AsyncOptions
from sse_transports._event_source import Options
from sse_transports._interface import AsyncTransport, Transport

Item = Event | Comment


@dataclass(frozen=True)
class Tls:
    """What a client needs for an encrypted connection.

    Attributes:
        context: for this client only, because some clients set the protocols (ALPN) on it.
        http2: whether to ask for HTTP/2.
    """

    context: ssl.SSLContext
    http2: bool


class Read(Protocol):
    """Reads a stream to its end, or until `receive`, called with each item, returns True."""

    def __call__(
        self, url: str, tls: Tls | None, receive: Callable[[Item], bool], *, comments: bool, options: Options
    ) -> None: ...


@dataclass(frozen=True)
class Client:
    """A named client.

    Attributes:
        speaks_http2: whether it supports HTTP/2.
    """

    name: str
    read: Read
    speaks_http2: bool


# With TLS, the client of httpx2 or aiohttp is the caller's, because it has the TLS settings. Without, it is
# the transport's.


@contextmanager
def urllib(tls: Tls | None) -> Iterator[Transport]:
    transport = UrllibTransport(context=None if tls is None else tls.context)
    yield transport
    transport.close()


@contextmanager
def httpx2_blocking(tls: Tls | None) -> Iterator[Transport]:
    if tls is None:
        with Httpx2Transport() as transport:
            yield transport
    else:
        with httpx2.Client(verify=tls.context, http2=tls.http2) as client:
            yield Httpx2Transport(client)


@asynccontextmanager
async def anyio_async(tls: Tls | None) -> AsyncIterator[AsyncTransport]:
    async with AnyioTransport(context=None if tls is None else tls.context) as transport:
        yield transport


@asynccontextmanager
async def aiohttp_async(tls: Tls | None) -> AsyncIterator[AsyncTransport]:
    if tls is None:
        async with AiohttpTransport() as transport:
            yield transport
    else:
        connector = aiohttp.TCPConnector(ssl=tls.context)
        async with aiohttp.ClientSession(connector=connector) as session:
            yield AiohttpTransport(session)


@asynccontextmanager
async def httpx2_async(tls: Tls | None) -> AsyncIterator[AsyncTransport]:
    if tls is None:
        async with AsyncHttpx2Transport() as transport:
            yield transport
    else:
        async with httpx2.AsyncClient(verify=tls.context, http2=tls.http2) as client:
            yield AsyncHttpx2Transport(client)


def blocking(make: Callable[[Tls | None], AbstractContextManager[Transport]]) -> Read:
    """Read with `EventSource`."""

    def read(
        url: str, tls: Tls | None, receive: Callable[[Item], bool], *, comments: bool, options: Options
    ) -> None:
        with make(tls) as transport:
            options["transport"] = transport
            with EventSource(url, comments=comments, **options) as source:
                for item in source:
                    if receive(item):
                        break

    return read


def on(backend: str, make: Callable[[Tls | None], AbstractAsyncContextManager[AsyncTransport]]) -> Read:
    """Read with `AsyncEventSource`."""

    def read(
        url: str, tls: Tls | None, receive: Callable[[Item], bool], *, comments: bool, options: Options
    ) -> None:
        async def main() -> None:
            async with make(tls) as transport:
                async_options = cast("AsyncOptions", options)
                async_options["transport"] = transport
                async with AsyncEventSource(url, comments=comments, **async_options) as source:
                    async for item in source:
                        if receive(item):
                            break

        anyio.run(main, backend=backend)

    return read


CLIENTS = (
    Client("urllib", blocking(urllib), speaks_http2=False),
    Client("httpx2", blocking(httpx2_blocking), speaks_http2=True),
    Client("anyio on asyncio", on("asyncio", anyio_async), speaks_http2=False),
    Client("anyio on trio", on("trio", anyio_async), speaks_http2=False),
    Client("aiohttp on asyncio", on("asyncio", aiohttp_async), speaks_http2=False),
    Client("httpx2 on asyncio", on("asyncio", httpx2_async), speaks_http2=True),
    Client("httpx2 on trio", on("trio", httpx2_async), speaks_http2=True),
)
