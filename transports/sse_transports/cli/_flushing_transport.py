"""A transport that calls a function before each read that may block, so that output can be flushed."""

from __future__ import annotations

from collections.abc import Callable

from sse_core import Request, Response

from .. import Exchange, Transport


class FlushingTransport:
    """Wraps a transport: calls `before_reading` before each read.

    An event source reads more bytes only when all events received so far were handed out. So the call
    comes when a batch of events is complete and nothing more can be written before new bytes arrive.
    """

    def __init__(self, transport: Transport, before_reading: Callable[[], object]) -> None:
        self._transport = transport
        self._before_reading = before_reading

    def exchange(self, request: Request, *, timeout: float | None) -> Exchange:
        """Return an exchange. See `Transport`."""
        return _FlushingExchange(self._transport.exchange(request, timeout=timeout), self._before_reading)

    def close(self) -> None:
        """Close the wrapped transport."""
        self._transport.close()


class _FlushingExchange:
    def __init__(self, exchange: Exchange, before_reading: Callable[[], object]) -> None:
        self._exchange = exchange
        self._before_reading = before_reading

    def open(self) -> Response:
        return self._exchange.open()

    def read(self, timeout: float | None) -> bytes:
        self._before_reading()
        return self._exchange.read(timeout)

    def close(self) -> None:
        self._exchange.close()
