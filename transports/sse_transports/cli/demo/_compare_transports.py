"""Read the same feed with every installed transport at the same time, and compare the results."""

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

COLUMN_WIDTH = 13
PRINT_INTERVAL = 0.4
"""Seconds between lines of the table."""

Read = Callable[["Column", str], None]


class Column:
    """A column of the table: one transport, which reads the feed in a thread of its own.

    Attributes:
        events: the events received so far.
        connections: how many connections were begun.
        error: the error that ended the reading, or None.
    """

    def __init__(self, name: str, runtime: str, read: Read) -> None:
        self.name = name
        self.runtime = runtime
        self.events: list[Event] = []
        self.connections = 0
        self.error: Exception | None = None
        self._read = read
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name}, {runtime}", daemon=True)

    def start(self, url: str) -> None:
        """Start reading."""
        self._url = url
        self._thread.start()

    def is_done(self) -> bool:
        """Return whether the reading has ended."""
        return not self._thread.is_alive()

    def stop_reconnecting(self) -> None:
        """Stop reading at the next lost connection."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until the reading has ended."""
        if self._thread.ident is not None:
            self._thread.join()

    def on_state(self, change: StateChange) -> None:
        """Count connections; the `on_state` of the event source."""
        self.connections += isinstance(change, Connecting)

    def on_error(self, error: SSEError) -> None:
        """Let the retry policy decide, unless stopping; the `on_error` of the event source."""
        if self._stopping.is_set():
            raise error

    def _run(self) -> None:
        try:
            self._read(self, f"{self._url}/feed")
        except Exception as error:  # noqa: BLE001  # printed below the table
            self.error = error


def blocking(make: Callable[[], Transport]) -> Read:
    """Read with `EventSource`."""

    def read(column: Column, url: str) -> None:
        with (
            closing(make()) as transport,
            EventSource(
                url, transport=transport, until=is_end, on_state=column.on_state, on_error=column.on_error
            ) as source,
        ):
            for event in source:
                column.events.append(event)

    return read


def asynchronous(runtime: str, make: Callable[[], AsyncTransport]) -> Read:
    """Read with `AsyncEventSource` on asyncio or trio."""
    import anyio

    from ... import AsyncEventSource

    async def read(column: Column, url: str) -> None:
        transport = make()
        try:
            async with AsyncEventSource(
                url, transport=transport, until=is_end, on_state=column.on_state, on_error=column.on_error
            ) as source:
                async for event in source:
                    column.events.append(event)
        finally:
            await transport.close()

    return lambda column, url: anyio.run(read, column, url, backend=runtime)


def columns() -> tuple[list[Column], list[str]]:
    """Return a column for each installed transport and runtime, and the extras that are not installed."""
    found = [Column("urllib", "blocking", blocking(UrllibTransport))]
    missing = []
    for extra, (packages, add) in EXTRAS.items():
        if _can_import(*packages):
            found += add()
        else:
            missing.append(extra)
    return found, missing


def _can_import(*packages: str) -> bool:
    # Import in this thread first: importing trio in several threads at the same time may fail.
    try:
        for package in packages:
            import_module(package)
    except ModuleNotFoundError:
        return False
    return True


def _with_asyncio() -> list[Column]:
    from ... import AnyioTransport

    return [Column("anyio", "asyncio", asynchronous("asyncio", AnyioTransport))]


def _with_trio() -> list[Column]:
    from ... import AnyioTransport

    return [Column("anyio", "trio", asynchronous("trio", AnyioTransport))]


def _with_aiohttp() -> list[Column]:
    from ... import AiohttpTransport

    return [Column("aiohttp", "asyncio", asynchronous("asyncio", AiohttpTransport))]


def _with_httpx2() -> list[Column]:
    from ... import AsyncHttpx2Transport, Httpx2Transport

    return [
        Column("httpx2", "blocking", blocking(Httpx2Transport)),
        Column("httpx2", "asyncio", asynchronous("asyncio", AsyncHttpx2Transport)),
    ]


EXTRAS: dict[str, tuple[tuple[str, ...], Callable[[], list[Column]]]] = {
    "asyncio": (("anyio", "httptools"), _with_asyncio),
    "trio": (("anyio", "httptools", "trio"), _with_trio),
    "aiohttp": (("anyio", "aiohttp"), _with_aiohttp),
    "httpx2": (("anyio", "httpx2"), _with_httpx2),
}
"""For each extra with transports: the packages that its columns import, and what makes these columns."""


def compare_transports(pace: float) -> bool:
    """Print the progress of all transports; return whether all received the complete feed.

    Args:
        pace: seconds between events.
    """
    all_columns, missing = columns()
    _print_row("", [column.name for column in all_columns])
    _print_row("", [column.runtime for column in all_columns])
    _read_all(all_columns, pace)
    _print_row("lost", [str(column.connections - 1) for column in all_columns])
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
            # On exit, in reverse order: reconnecting stops, the server stops, the thread ends.
            stack.callback(column.join)
            server = stack.enter_context(SSEServer(FeedService(pace).answer))
            stack.callback(column.stop_reconnecting)
            column.start(server.url)
        while True:
            done = all(column.is_done() for column in all_columns)
            _print_row(
                f"{time.monotonic() - start:.1f} s", [str(len(column.events)) for column in all_columns]
            )
            if done:
                break
            time.sleep(PRINT_INTERVAL)


def _print_row(first: str, cells: list[str]) -> None:
    print(f"{first:>8}│ " + "".join(f"{cell:<{COLUMN_WIDTH}}" for cell in cells).rstrip(), flush=True)
