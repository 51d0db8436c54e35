"""The same feed, cut in the same places, through every transport at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import anyio
import trio  # noqa: F401  # once, here: several threads that import it at the same time may fail
from demo_server import FEED_LENGTH, DemoService

from sse_core import Connecting, Event, StateChange
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
from sse_transports.testing import SSEServer

WIDTH = 13
EVERY = 0.4
"""Seconds between lines of the table."""


def is_end(event: Event) -> bool:
    """Tell whether this is the feed's last event."""
    return event.event == "end"


class Column:
    """One transport reading the feed in a thread of its own, and how far it has come.

    Attributes:
        events: what it has received.
        connections: how many it has begun.
        error: what ended it, if anything did but the end of the feed.
    """

    def __init__(self, name: str, runtime: str, read: Callable[[Column, str], None]) -> None:
        self.name = name
        self.runtime = runtime
        self.events: list[Event] = []
        self.connections = 0
        self.error: Exception | None = None
        self._read = read
        self._thread = threading.Thread(target=self._run, name=f"{name}, {runtime}")

    def start(self, url: str) -> None:
        """Begin to read."""
        self._url = url
        self._thread.start()

    def is_done(self) -> bool:
        """Tell whether it has come to the end."""
        return not self._thread.is_alive()

    def count(self, change: StateChange) -> None:
        """Count a connection; `on_state` of an event source."""
        self.connections += isinstance(change, Connecting)

    def _run(self) -> None:
        try:
            self._read(self, f"{self._url}/feed")
        except Exception as error:  # noqa: BLE001  # shown
            self.error = error


def blocking(make: Callable[[], Transport]) -> Callable[[Column, str], None]:
    """Read with `EventSource`."""

    def read(column: Column, url: str) -> None:
        transport = make()
        with EventSource(url, transport=transport, until=is_end, on_state=column.count) as source:
            for event in source:
                column.events.append(event)
        transport.close()

    return read


def on(runtime: str, make: Callable[[], AsyncTransport]) -> Callable[[Column, str], None]:
    """Read with `AsyncEventSource` on asyncio or trio."""

    async def read(column: Column, url: str) -> None:
        transport = make()
        async with AsyncEventSource(url, transport=transport, until=is_end, on_state=column.count) as source:
            async for event in source:
                column.events.append(event)
        await transport.close()

    return lambda column, url: anyio.run(read, column, url, backend=runtime)


def columns() -> list[Column]:
    """Return every way there is to read a stream."""
    return [
        Column("urllib", "blocking", blocking(UrllibTransport)),
        Column("httpx2", "blocking", blocking(Httpx2Transport)),
        Column("aiohttp", "asyncio", on("asyncio", AiohttpTransport)),
        Column("httpx2", "asyncio", on("asyncio", AsyncHttpx2Transport)),
        Column("httpx2", "trio", on("trio", AsyncHttpx2Transport)),
    ]


def _print_row(first: str, cells: list[str]) -> None:
    print(f"{first:>8}│ " + "".join(f"{cell:<{WIDTH}}" for cell in cells).rstrip(), flush=True)


def side_by_side() -> bool:
    """Show them all at work; return whether all received the same, whole and in order."""
    all_columns = columns()
    services = [DemoService() for _ in all_columns]
    _print_row("", [column.name for column in all_columns])
    _print_row("", [column.runtime for column in all_columns])
    start = time.monotonic()
    with ExitStack() as stack:
        for column, service in zip(all_columns, services, strict=True):
            column.start(stack.enter_context(SSEServer(service.answer)).url)
        while True:
            done = all(column.is_done() for column in all_columns)
            _print_row(
                f"{time.monotonic() - start:.1f} s", [str(len(column.events)) for column in all_columns]
            )
            if done:
                break
            time.sleep(EVERY)
    _print_row("cut", [str(column.connections - 1) for column in all_columns])
    for column in all_columns:
        if column.error is not None:
            print(f"{column.name}, {column.runtime}: {column.error!r}")
    first = all_columns[0]
    return len(first.events) == FEED_LENGTH and all(
        column.events == first.events and column.connections == first.connections and column.error is None
        for column in all_columns
    )
