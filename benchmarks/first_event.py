"""Measure the time to the first event of a model's reply, over TLS. `make bench-first-event`.

A server in another process answers each POST with a few events. Each transport is measured twice: a new one
for each request, which connects, and one for all, which uses its connection again. The clients take turns, on
asyncio and then on trio, several times. The certificate authority is loaded once, before.

The figures are medians, in ms, and the number of connections that the server has seen. A network adds two
round trips to each new connection: one for TCP, one for TLS 1.3.

    first_event.py [--requests 50]
"""

from __future__ import annotations

import argparse
import platform
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import aiohttp
import anyio
import httpx2

from benchmarks.reply_server import END
from benchmarks.server_process import run_server
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    AsyncTransport,
)

TURNS = 5
"""How often asyncio and trio take turns."""

Open = Callable[[ssl.SSLContext], AbstractAsyncContextManager[AsyncTransport]]


@asynccontextmanager
async def open_anyio(context: ssl.SSLContext) -> AsyncIterator[AsyncTransport]:
    """Open the default transport."""
    async with AnyioTransport(context=context) as transport:
        yield transport


@asynccontextmanager
async def open_aiohttp(context: ssl.SSLContext) -> AsyncIterator[AsyncTransport]:
    """Open a transport over an aiohttp session."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        yield AiohttpTransport(session)


@asynccontextmanager
async def open_httpx2(context: ssl.SSLContext) -> AsyncIterator[AsyncTransport]:
    """Open a transport over an httpx2 client."""
    async with httpx2.AsyncClient(verify=context) as client:
        yield AsyncHttpx2Transport(client)


TRANSPORTS: dict[str, dict[str, Open]] = {
    "asyncio": {
        "AnyioTransport": open_anyio,
        "AiohttpTransport": open_aiohttp,
        "AsyncHttpx2Transport": open_httpx2,
    },
    "trio": {"AnyioTransport": open_anyio, "AsyncHttpx2Transport": open_httpx2},
}
"""The transports by backend."""


class Reply(NamedTuple):
    """One reply: seconds until its first event, and the number of its connection."""

    seconds: float
    connection: str


async def read_reply(url: str, transport: AsyncTransport, start: float) -> Reply:
    """Ask for a reply, and read it to its end."""
    question = {"model": "a-model", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    async with AsyncEventSource(
        url, method="POST", json=question, until=END, transport=transport, retry=None
    ) as source:
        event = await anext(source)
        seconds = time.perf_counter() - start
        async for _ in source:
            pass
    return Reply(seconds, event.data)


Replies = dict[tuple[str, str, bool], list[Reply]]
"""By backend, transport, and whether it was shared by all requests."""


async def measure(url: str, context: ssl.SSLContext, backend: str, requests: int, replies: Replies) -> None:
    """Add the replies of some requests over each transport."""
    async with AsyncExitStack() as stack:
        shared = {
            name: await stack.enter_async_context(open_transport(context))
            for name, open_transport in TRANSPORTS[backend].items()
        }
        for transport in shared.values():
            # Not counted: the first request connects, and imports.
            await read_reply(url, transport, 0.0)
        for _ in range(requests):
            for name, open_transport in TRANSPORTS[backend].items():
                start = time.perf_counter()
                async with open_transport(context) as transport:
                    replies[backend, name, False].append(await read_reply(url, transport, start))
                start = time.perf_counter()
                replies[backend, name, True].append(await read_reply(url, shared[name], start))


def figures(replies: list[Reply]) -> str:
    """Return the median time and the number of connections."""
    milliseconds = median(reply.seconds for reply in replies) * 1000
    return f"{milliseconds:7.2f} ({len({reply.connection for reply in replies}):3})"


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--requests", type=int, default=50)
    options = arguments.parse_args()
    replies: Replies = defaultdict(list)
    with TemporaryDirectory() as folder, run_server("reply_server.py", folder) as server:
        url = server.replace("http:", "https:")
        context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
        for _ in range(TURNS):
            for backend in TRANSPORTS:
                requests = -(-options.requests // TURNS)
                anyio.run(measure, url, context, backend, requests, replies, backend=backend)
    print(f"CPython {platform.python_version()}, ms until the first event, median of {options.requests}")
    print(f"(connections; one transport has one for each of {TURNS} turns)\n")
    print(f"{'':32}{'a transport each':>20}{'one transport':>20}")
    for backend, transports in TRANSPORTS.items():
        for name in transports:
            new, shared = (figures(replies[backend, name, is_shared]) for is_shared in (False, True))
            print(f"  {backend:8}{name:22}{new:>20}{shared:>20}")


if __name__ == "__main__":
    main()
