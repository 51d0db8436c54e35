"""Many async clients of one feed in one event loop."""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
import httpx2

from sse_core import Response
from sse_transports import AiohttpTransport, AnyioTransport, AsyncEventSource, AsyncHttpx2Transport
from sse_transports._interface import AsyncTransport
from tests.real_servers import feeds
from tests.real_servers.client_matrix import QUICK, SECONDS
from tests.sse_transports.waiting import eventually

CLIENTS = 50

MIN_EVENTS = 10
"""The number of events after which a stream counts as in progress."""

ALL = [str(number) for number in range(1, feeds.LAST_OF_FEED + 1)]


class ManyClients:
    """Clients that each read the whole of the same feed, at the same time.

    Attributes:
        ids: the IDs of the events that each client has yielded.
        opened: how often each client's stream was opened.
        first_connections: nginx's numbers of the connections before the incident.
    """

    def __init__(self, url: str, transport: AsyncTransport) -> None:
        self.ids: list[list[str]] = [[] for _ in range(CLIENTS)]
        self.opened = [0] * CLIENTS
        self.first_connections: set[str | None] = set()
        self._url = url
        self._transport = transport
        self._progress = anyio.Event()

    async def read(self, incident: Callable[[ManyClients], None]) -> None:
        """Read to the end. Once all are in mid-stream, run the incident in another thread."""
        # Not with `to_thread`, because trio keeps its threads for a while.
        thread = threading.Thread(target=incident, args=(self,), name="incident")
        with anyio.fail_after(2 * SECONDS):
            async with anyio.create_task_group() as tasks:
                for number in range(CLIENTS):
                    tasks.start_soon(self._read_one, number)
                await self._until_all_are_reading()
                assert all(ids != ALL for ids in self.ids)
                thread.start()
        thread.join()

    def until_all_reconnected(self) -> None:
        """For an incident: return when each client has opened its stream a second time."""
        eventually(lambda: min(self.opened) >= 2, "all clients reconnect")

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
                if len(self.ids[number]) == MIN_EVENTS:
                    self._progress.set()

    async def _until_all_are_reading(self) -> None:
        while min(map(len, self.ids)) < MIN_EVENTS:
            await self._progress.wait()
            self._progress = anyio.Event()


def run_clients(
    url: str,
    transport: Callable[[], AbstractAsyncContextManager[AsyncTransport]],
    backend: str,
    incident: Callable[[ManyClients], None],
) -> ManyClients:
    """Let many clients read from `url`, and return them."""

    async def main() -> ManyClients:
        async with transport() as made:
            clients = ManyClients(url, made)
            await clients.read(incident)
            return clients

    return anyio.run(main, backend=backend)


def over_http2(context: ssl.SSLContext) -> Callable[[], AbstractAsyncContextManager[AsyncTransport]]:
    """Make a transport that uses one HTTP/2 connection for all streams."""

    @asynccontextmanager
    async def make() -> AsyncIterator[AsyncTransport]:
        async with httpx2.AsyncClient(verify=context, http2=True) as client:
            yield AsyncHttpx2Transport(client)

    return make


KINDS = {
    "anyio on asyncio": (AnyioTransport, "asyncio"),
    "anyio on trio": (AnyioTransport, "trio"),
    "aiohttp on asyncio": (AiohttpTransport, "asyncio"),
    "httpx2 on trio": (AsyncHttpx2Transport, "trio"),
}
"""Transport and event loop, by name."""
