"""The same feed, cut in the same places, through every transport that is installed, at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from importlib import import_module

from sse_core import Connecting, Event, SSEError, StateChange

from ... import AsyncTransport, EventSource, Transport, UrllibTransport
from ...testing import SSEServer
from ._feed import FEED_LENGTH, FeedService, is_end

WIDTH = 13
EVERY = 0.4
"""Seconds between lines of the table."""

Read = Callable[["Column", str], None]


class Column:
    """One transport reading the feed in a thread of its own, and how far it has come.

    Attributes:
        events: what it has received.
        connections: how many it has begun.
        error: what ended it, if anything did but the end of the feed.
    """

    def __init__(self, name: str, runtime: str, read: Read) -> None:
        self.name = name
        self.runtime = runtime
        self.events: list[Event] = []
        self.connections = 0
        self.error: Exception | None = None
        self._read = read
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name}, {runtime}", daemon=True)

    def start(self, url: str) -> None:
        """Begin to read."""
        self._url = url
        self._thread.start()

    def is_done(self) -> bool:
        """Tell whether it has come to the end."""
        return not self._thread.is_alive()

    def leave(self) -> None:
        """Do not connect again when the server cuts the next time."""
        self._leaving.set()

    def join(self) -> None:
        """Wait until it has come to the end."""
        if self._thread.ident is not None:
            self._thread.join()

    def count(self, change: StateChange) -> None:
        """Count a connection; `on_state` of an event source."""
        self.connections += isinstance(change, Connecting)

    def go_on(self, error: SSEError) -> None:
        """Let the policy decide on an error, unless it is to leave; `on_error` of an event source."""
        if self._leaving.is_set():
            raise error

    def _run(self) -> None:
        try:
            self._read(self, f"{self._url}/feed")
        except Exception as error:  # noqa: BLE001  # shown
            self.error = error


def blocking(make: Callable[[], Transport]) -> Read:
    """Read with `EventSource`."""

    def read(column: Column, url: str) -> None:
        with (
            closing(make()) as transport,
            EventSource(
                url, transport=transport, until=is_end, on_state=column.count, on_error=column.go_on
            ) as source,
        ):
            for event in source:
                column.events.append(event)

    return read


def on(runtime: str, make: Callable[[], AsyncTransport]) -> Read:
    """Read with `AsyncEventSource` on asyncio or trio."""
    import anyio

    from ... import AsyncEventSource

    async def read(column: Column, url: str) -> None:
        transport = make()
        try:
            async with AsyncEventSource(
                url, transport=transport, until=is_end, on_state=column.count, on_error=column.go_on
            ) as source:
                async for event in source:
                    column.events.append(event)
        finally:
            await transport.close()

    return lambda column, url: anyio.run(read, column, url, backend=runtime)


def columns() -> tuple[list[Column], list[str]]:
    """Return every way there is to read a stream with what is installed, and the extras that are not."""
    found = [Column("urllib", "blocking", blocking(UrllibTransport))]
    missing = []
    for extra, packages, add in (
        ("httpx2", ("httpx2", "anyio"), _with_httpx2),
        ("asyncio", ("anyio", "aiohttp"), _with_asyncio),
        ("trio", ("anyio", "trio", "httpx2"), _with_trio),
    ):
        if _can_import(*packages):
            found += add()
        else:
            missing.append(extra)
    return found, missing


def _can_import(*packages: str) -> bool:
    # In this thread, and once: several threads that import trio at the same time may fail.
    try:
        for package in packages:
            import_module(package)
    except ModuleNotFoundError:
        return False
    return True


def _with_httpx2() -> list[Column]:
    from ... import AsyncHttpx2Transport, Httpx2Transport

    return [
        Column("httpx2", "blocking", blocking(Httpx2Transport)),
        Column("httpx2", "asyncio", on("asyncio", AsyncHttpx2Transport)),
    ]


def _with_asyncio() -> list[Column]:
    from ... import AiohttpTransport

    return [Column("aiohttp", "asyncio", on("asyncio", AiohttpTransport))]


def _with_trio() -> list[Column]:
    from ... import AsyncHttpx2Transport

    return [Column("httpx2", "trio", on("trio", AsyncHttpx2Transport))]


def side_by_side(pace: float) -> bool:
    """Show them all at work; return whether all received the same, whole and in order.

    Args:
        pace: seconds between events.
    """
    all_columns, missing = columns()
    _print_row("", [column.name for column in all_columns])
    _print_row("", [column.runtime for column in all_columns])
    _read_all(all_columns, pace)
    _print_row("cut", [str(column.connections - 1) for column in all_columns])
    for column in all_columns:
        if column.error is not None:
            print(f"{column.name}, {column.runtime}: {column.error!r}")
    if missing:
        print(f'\nnot installed, and so not shown: pip install "sse-core[{",".join(missing)}]"')
    first = all_columns[0]
    return len(first.events) == FEED_LENGTH and all(
        column.events == first.events and column.connections == first.connections and column.error is None
        for column in all_columns
    )


def _read_all(all_columns: list[Column], pace: float) -> None:
    start = time.monotonic()
    with ExitStack() as stack:
        for column in all_columns:
            # Left from the last to the first: nobody connects again, the server goes, the thread ends.
            stack.callback(column.join)
            server = stack.enter_context(SSEServer(FeedService(pace).answer))
            stack.callback(column.leave)
            column.start(server.url)
        while True:
            done = all(column.is_done() for column in all_columns)
            _print_row(
                f"{time.monotonic() - start:.1f} s", [str(len(column.events)) for column in all_columns]
            )
            if done:
                break
            time.sleep(EVERY)


def _print_row(first: str, cells: list[str]) -> None:
    print(f"{first:>8}│ " + "".join(f"{cell:<{WIDTH}}" for cell in cells).rstrip(), flush=True)
