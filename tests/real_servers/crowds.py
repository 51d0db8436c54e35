"""Many async clients of one feed in one event loop."""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
import httpx2

from sse_core import Response
from sse_transports import AiohttpTransport, AsyncEventSource, AsyncHttpx2Transport
from sse_transports._interface import AsyncTransport
from tests.real_servers import feeds
from tests.real_servers.ways import QUICK, SECONDS
from tests.sse_transports.waiting import eventually

CLIENTS = 50

UNDER_WAY = 10
"""Events after which a stream is under way."""

ALL = [str(number) for number in range(1, feeds.LAST_OF_FEED + 1)]


class Crowd:
    """Clients that read the same feed, each by itself, and are all to get all of it.

    Attributes:
        ids: of the events that each client was given.
        opened: how often each client's stream was opened.
        first_connections: the numbers of the connections before the incident, where nginx tells.
    """

    def __init__(self, url: str, transport: AsyncTransport) -> None:
        self.ids: list[list[str]] = [[] for _ in range(CLIENTS)]
        self.opened = [0] * CLIENTS
        self.first_connections: set[str | None] = set()
        self._url = url
        self._transport = transport
        self._progress = anyio.Event()

    async def read(self, incident: Callable[[Crowd], None]) -> None:
        """Read to the end. When all are in mid-stream, the incident takes place, in another thread."""
        # Not one of the event loop's, which trio keeps for a while.
        thread = threading.Thread(target=incident, args=(self,), name="incident")
        with anyio.fail_after(2 * SECONDS):
            async with anyio.create_task_group() as tasks:
                for number in range(CLIENTS):
                    tasks.start_soon(self._read_one, number)
                await self._until_all_are_under_way()
                assert all(ids != ALL for ids in self.ids)
                thread.start()
        thread.join()

    def until_all_came_again(self) -> None:
        """For an incident: return when each client's stream was opened a second time."""
        eventually(lambda: min(self.opened) >= 2, "all clients come again")

    async def _read_one(self, number: int) -> None:
        def on_open(response: Response) -> None:
            self.opened[number] += 1
            if self.opened[number] == 1:
                self.first_connections.add(response.header("X-Connection"))

        async with AsyncEventSource(
            self._url, retry=QUICK, transport=self._transport, on_open=on_open, idle_timeout=SECONDS
        ) as source:
            async for event in source:
                self.ids[number].append(event.id)
                if len(self.ids[number]) == UNDER_WAY:
                    self._progress.set()

    async def _until_all_are_under_way(self) -> None:
        while min(map(len, self.ids)) < UNDER_WAY:
            await self._progress.wait()
            self._progress = anyio.Event()


def run_crowd(
    url: str,
    transport: Callable[[], AbstractAsyncContextManager[AsyncTransport]],
    backend: str,
    incident: Callable[[Crowd], None],
) -> Crowd:
    """Let a crowd read from `url`, and return it."""

    async def main() -> Crowd:
        async with transport() as carried:
            crowd = Crowd(url, carried)
            await crowd.read(incident)
            return crowd

    return anyio.run(main, backend=backend)


def over_http2(context: ssl.SSLContext) -> Callable[[], AbstractAsyncContextManager[AsyncTransport]]:
    """Carry all streams of a crowd over the connection of one client."""

    @asynccontextmanager
    async def make() -> AsyncIterator[AsyncTransport]:
        async with httpx2.AsyncClient(verify=context, http2=True) as client:
            yield AsyncHttpx2Transport(client)

    return make


KINDS = {
    "aiohttp on asyncio": (AiohttpTransport, "asyncio"),
    "httpx2 on trio": (AsyncHttpx2Transport, "trio"),
}
"""The transport and the event loop of a crowd, by name."""
