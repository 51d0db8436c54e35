"""A transport that tells when nothing more is at hand."""

from __future__ import annotations

from collections.abc import Callable

from sse_core import Request, Response

from .. import Exchange, Transport


class Announced:
    """Carries what another transport does, and calls a function before each time it waits for bytes.

    A source reads when every event that has arrived was handed over: then is the time to write them.
    """

    def __init__(self, transport: Transport, before_reading: Callable[[], object]) -> None:
        self._transport = transport
        self._before_reading = before_reading

    def exchange(self, request: Request, *, timeout: float | None) -> Exchange:
        """Return an exchange. See `Transport`."""
        return _AnnouncedExchange(self._transport.exchange(request, timeout=timeout), self._before_reading)

    def close(self) -> None:
        """Close the other transport."""
        self._transport.close()


class _AnnouncedExchange:
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
