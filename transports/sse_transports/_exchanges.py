"""What the exchanges of all HTTP clients have in common: undoing content codings, and words for failures."""

from __future__ import annotations

import http.client
from abc import ABC, abstractmethod
from urllib.parse import urlsplit

from sse_core import ConnectError, ContentEncodingError, IllegalState, ReadError, Request, Response

from ._content_coding import Decoder, Identity


class _Either:
    """What needs no I/O."""

    def __init__(self, request: Request, timeout: float | None) -> None:
        self._request = request
        self._timeout = timeout
        self._head: Response | None = None
        # None if nothing here can undo the body's codings.
        self._decoder: Decoder | None = None
        # Nothing to undo, as nearly always.
        self._plain = False

    def _opened(self, head: Response, decoder: Decoder | None) -> Response:
        """Keep the head that arrived, and what undoes its body's codings; return the head."""
        self._head = head
        self._decoder = decoder
        self._plain = isinstance(decoder, Identity)
        return head

    def _the_decoder(self) -> Decoder:
        if self._head is None:
            raise not_open()
        if self._decoder is None:
            raise ContentEncodingError(self._head.status, self._head.headers, url=self._head.url)
        return self._decoder

    def _not_connected(self, reason: str) -> ConnectError:
        """Return an error that names the server: one of the network itself does not."""
        return ConnectError(f"{urlsplit(self._request.url).netloc}: {reason}")

    def _no_response(self) -> ConnectError:
        """Return the error for a `timeout` that has passed."""
        return self._not_connected(f"no response within {self._timeout:g} seconds (timeout)")


class DecodedExchange(_Either, ABC):
    """A blocking exchange whose HTTP client hands over bytes as they were sent."""

    def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes as soon as there are any. See `Exchange.read`."""
        if self._plain:
            return self._read_raw(timeout)
        decoder = self._the_decoder()
        while True:
            data = decoder.take()
            if data:
                return data
            data = self._read_raw(timeout)
            if not data:
                decoder.end()
                return b""
            decoder.give(data)

    @abstractmethod
    def _read_raw(self, timeout: float | None) -> bytes:
        """Return the next bytes, as they were sent."""


class AsyncDecodedExchange(_Either, ABC):
    """An async exchange whose HTTP client hands over bytes as they were sent."""

    async def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes as soon as there are any. See `AsyncExchange.read`."""
        if self._plain:
            return await self._read_raw(timeout)
        decoder = self._the_decoder()
        while True:
            data = decoder.take()
            if data:
                return data
            data = await self._read_raw(timeout)
            if not data:
                decoder.end()
                return b""
            decoder.give(data)

    @abstractmethod
    async def _read_raw(self, timeout: float | None) -> bytes:
        """Return the next bytes, as they were sent."""


def closed() -> ReadError:
    """Return the error for whoever uses an exchange that was closed."""
    return ReadError("the exchange is closed")


def not_open() -> IllegalState:
    """Return the error for whoever reads from an exchange that was not opened."""
    return IllegalState("read() before open()")


def reason(error: BaseException) -> str:
    """Return a message for people: urllib wraps errors, some have no text, and one has only figures."""
    cause = getattr(error, "reason", error)
    if isinstance(cause, http.client.IncompleteRead):
        return "the connection ended inside a chunk of the body"
    return str(cause) or type(cause).__name__
