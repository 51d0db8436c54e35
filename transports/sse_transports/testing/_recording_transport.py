# Generated from _async_recording_transport.py by tests/generate_blocking.py: do not edit.
"""Recording a blocking source: its transport is wrapped in one that writes to a file what it receives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sse_core import Request, Response

from .._driver import Item
from .._interface import Exchange, Transport
from ._recording_writer import ConnectionWriter, RecordingWriter, writer_for

if TYPE_CHECKING:
    from .._event_source import EventSource


@contextmanager
def recorded(source: EventSource[Item], path: Path) -> Iterator[EventSource[Item]]:
    """Yield the source while what it receives is written to a file. See `record`."""
    with recording_to(source, path):
        yield source


@contextmanager
def recording_to(source: EventSource[Item], file: Path | int) -> Iterator[RecordingWriter]:
    """Yield the writer of the file instead. The file is a path or an open file descriptor."""
    with writer_for(source, file) as writer, source:
        # Private, because a source has no public way to wrap its transport. This is done inside the
        # context of the source, because under an event loop it chooses its transport there.
        transport = source._transport  # noqa: SLF001
        assert transport is not None  # noqa: S101
        source._transport = RecordingTransport(transport, writer)  # noqa: SLF001
        yield writer


class RecordingTransport:
    """A blocking transport that records the exchanges of another one."""

    def __init__(self, transport: Transport, writer: RecordingWriter) -> None:
        self._transport = transport
        self._writer = writer

    def exchange(self, request: Request, *, timeout: float | None) -> RecordingExchange:
        """Return an exchange for `request`. See `Transport`."""
        exchange = self._transport.exchange(request, timeout=timeout)
        return RecordingExchange(exchange, self._writer.connection(request))

    def close(self) -> None:
        """Close the other transport."""
        self._transport.close()


class RecordingExchange:
    """One request and its response, recorded. See `Exchange`."""

    def __init__(self, exchange: Exchange, connection: ConnectionWriter) -> None:
        self._exchange = exchange
        self._connection = connection

    def open(self) -> Response:
        """Send the request and return the response headers. See `Exchange.open`."""
        with self._connection.opening():
            response = self._exchange.open()
            self._connection.write_response(response)
        return response

    def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes. See `Exchange.read`."""
        with self._connection.reading():
            data = self._exchange.read(timeout)
            self._connection.write_chunk(data)
        return data

    def close(self) -> None:
        """Drop the connection. See `Exchange.close`."""
        self._exchange.close()
        self._connection.close()
