"""Recording an async source: its transport is wrapped in one that writes to a file what it receives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sse_core import Request, Response

from .._driver import Item
from .._interface import AsyncExchange, AsyncTransport
from ._recording_writer import ConnectionWriter, RecordingWriter, writer_for

if TYPE_CHECKING:
    from .._async_event_source import AsyncEventSource


@asynccontextmanager
async def recorded(source: AsyncEventSource[Item], path: Path) -> AsyncIterator[AsyncEventSource[Item]]:
    """Yield the source while what it receives is written to a file. See `record`."""
    async with recording_to(source, path):
        yield source


@asynccontextmanager
async def recording_to(source: AsyncEventSource[Item], file: Path | int) -> AsyncIterator[RecordingWriter]:
    """Yield the writer of the file instead. The file is a path or an open file descriptor."""
    with writer_for(source, file) as writer:
        async with source:
            # Private, because a source has no public way to wrap its transport. This is done inside the
            # context of the source, because under an event loop it chooses its transport there.
            transport = source._transport  # noqa: SLF001
            assert transport is not None  # noqa: S101
            source._transport = AsyncRecordingTransport(transport, writer)  # noqa: SLF001
            yield writer


class AsyncRecordingTransport:
    """An async transport that records the exchanges of another one."""

    def __init__(self, transport: AsyncTransport, writer: RecordingWriter) -> None:
        self._transport = transport
        self._writer = writer

    def exchange(self, request: Request, *, timeout: float | None) -> AsyncRecordingExchange:
        """Return an exchange for `request`. See `AsyncTransport`."""
        exchange = self._transport.exchange(request, timeout=timeout)
        return AsyncRecordingExchange(exchange, self._writer.connection(request))

    async def close(self) -> None:
        """Close the other transport."""
        await self._transport.close()


class AsyncRecordingExchange:
    """One request and its response, recorded. See `AsyncExchange`."""

    def __init__(self, exchange: AsyncExchange, connection: ConnectionWriter) -> None:
        self._exchange = exchange
        self._connection = connection

    async def open(self) -> Response:
        """Send the request and return the response headers. See `AsyncExchange.open`."""
        with self._connection.opening():
            response = await self._exchange.open()
            self._connection.write_response(response)
        return response

    async def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes. See `AsyncExchange.read`."""
        with self._connection.reading():
            data = await self._exchange.read(timeout)
            self._connection.write_chunk(data)
        return data

    async def close(self) -> None:
        """Drop the connection. See `AsyncExchange.close`."""
        await self._exchange.close()
        self._connection.close()
