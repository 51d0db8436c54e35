"""Recording a source: what its transport hands over is written to a file as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

from sse_core import InvalidArgument, Request, Response, State

from .._driver import Driver, Item
from .._event_source import EventSource
from .._interface import AsyncExchange, AsyncTransport, Exchange, Transport
from ._recording import Recording
from ._recording_file import read_recording
from ._recording_writer import ConnectionWriter, RecordingWriter

if TYPE_CHECKING:
    from .._async_event_source import AsyncEventSource


@overload
def record(
    source: EventSource[Item], path: str | PathLike[str]
) -> AbstractContextManager[EventSource[Item]]: ...
@overload
def record(
    source: AsyncEventSource[Item], path: str | PathLike[str]
) -> AbstractAsyncContextManager[AsyncEventSource[Item]]: ...
def record(source: Any, path: str | PathLike[str]) -> Any:
    """Write what a source receives to a file, with its timing, while the source is used.

    A context manager around the source: `with record(EventSource(url), "feed.jsonl") as source:`, and
    `async with` for an `AsyncEventSource`. Leaving it closes the source. The file is written line by
    line as bytes come, so that what came before a crash can be replayed.

    Secrets are left out: passwords and queries of URLs, also of those in headers, the source's
    `sensitive_headers`, and header fields with a name such as Authorization, Cookie or X-Api-Key;
    docs/reference/recordings.md says exactly which. Bodies of requests are not recorded. What the server
    sent is, as it is.

    Args:
        source: nothing of it was iterated yet.
        path: the file; one that exists is overwritten.

    Raises:
        sse_core.InvalidArgument: `source` is no event source, or has begun already.
        OSError: the file cannot be written; also while iterating.
    """
    if isinstance(source, Driver) and source._connection.state is not State.NEW:  # noqa: SLF001
        raise InvalidArgument("source", "expected one that was not iterated yet: its beginning is gone")
    if isinstance(source, EventSource):
        return _recorded(source, Path(path))
    if isinstance(source, Driver):
        return _async_recorded(cast("AsyncEventSource[Any]", source), Path(path))
    raise InvalidArgument("source", f"expected an EventSource or AsyncEventSource, not {source!r}")


def replay(path: str | PathLike[str]) -> Recording:
    """Read what `record` wrote.

    Raises:
        OSError: the file cannot be read.
        RecordingError: it is damaged, or ends too early; has what stands before that.
    """
    return read_recording(Path(path))


@contextmanager
def _recorded(source: EventSource[Item], path: Path) -> Iterator[EventSource[Item]]:
    with written(source, path):
        yield source


@contextmanager
def written(source: EventSource[Item], file: Path | int) -> Iterator[RecordingWriter]:
    """Write what a source receives to a file, or to one that is open already. See `record`."""
    with RecordingWriter(file, source) as writer, source:
        source._transport = RecordingTransport(source._transport, writer)  # noqa: SLF001  # of this package
        yield writer


@asynccontextmanager
async def _async_recorded(
    source: AsyncEventSource[Item], path: Path
) -> AsyncIterator[AsyncEventSource[Item]]:
    with RecordingWriter(path, source) as writer:
        async with source:
            # Only now it is known which one it is.
            transport = cast("AsyncTransport", source._transport)  # noqa: SLF001  # of this package
            source._transport = AsyncRecordingTransport(transport, writer)  # noqa: SLF001
            yield source


class RecordingTransport:
    """A transport that writes down what another one does."""

    def __init__(self, transport: Transport, writer: RecordingWriter) -> None:
        self._transport = transport
        self._writer = writer

    def exchange(self, request: Request, *, timeout: float | None) -> RecordingExchange:
        """Return an exchange for `request`. See `Transport`."""
        exchange = self._transport.exchange(request, timeout=timeout)
        return RecordingExchange(exchange, self._writer.connection(request))

    def close(self) -> None:
        """Close the other one."""
        self._transport.close()


class RecordingExchange:
    """One request and its response, written down. See `Exchange`."""

    def __init__(self, exchange: Exchange, connection: ConnectionWriter) -> None:
        self._exchange = exchange
        self._connection = connection

    def open(self) -> Response:
        """Send the request and return the response's head. See `Exchange.open`."""
        with self._connection.opening() as opening:
            response = self._exchange.open()
            opening.answered(response)
        return response

    def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes. See `Exchange.read`."""
        with self._connection.reading() as reading:
            data = self._exchange.read(timeout)
            reading.received(data)
        return data

    def close(self) -> None:
        """Drop the connection. See `Exchange.close`."""
        self._exchange.close()
        self._connection.left()


class AsyncRecordingTransport:
    """An async transport that writes down what another one does."""

    def __init__(self, transport: AsyncTransport, writer: RecordingWriter) -> None:
        self._transport = transport
        self._writer = writer

    def exchange(self, request: Request, *, timeout: float | None) -> AsyncRecordingExchange:
        """Return an exchange for `request`. See `AsyncTransport`."""
        exchange = self._transport.exchange(request, timeout=timeout)
        return AsyncRecordingExchange(exchange, self._writer.connection(request))

    async def close(self) -> None:
        """Close the other one."""
        await self._transport.close()


class AsyncRecordingExchange:
    """One request and its response, written down. See `AsyncExchange`."""

    def __init__(self, exchange: AsyncExchange, connection: ConnectionWriter) -> None:
        self._exchange = exchange
        self._connection = connection

    async def open(self) -> Response:
        """Send the request and return the response's head. See `AsyncExchange.open`."""
        with self._connection.opening() as opening:
            response = await self._exchange.open()
            opening.answered(response)
        return response

    async def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes. See `AsyncExchange.read`."""
        with self._connection.reading() as reading:
            data = await self._exchange.read(timeout)
            reading.received(data)
        return data

    async def close(self) -> None:
        """Drop the connection. See `AsyncExchange.close`."""
        await self._exchange.close()
        self._connection.left()
