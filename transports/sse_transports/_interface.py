"""The protocols that an HTTP client must follow to carry event streams.

`Request` and `Response` are plain values of `sse_core`. A transport sends the one, returns the other, and
then the bytes of the body as they arrive. It makes no decisions: what a status or a header means is decided
in `sse_core`.
"""

from __future__ import annotations

from typing import Protocol

from sse_core import Request, Response

__all__ = ["AsyncExchange", "AsyncTransport", "Exchange", "Request", "Response", "Transport"]


class Exchange(Protocol):
    """One request and its response: opened once, then read to its end or closed before."""

    def open(self) -> Response:
        """Send the request and return the response headers. Redirects are not followed.

        Raises:
            sse_core.ConnectError: no response headers arrived within the timeout, or none at all.
        """
        ...

    def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes as soon as there are any; `b""` at its proper end.

        Content encodings are decoded. Nothing else is changed.

        Args:
            timeout: seconds in which at least one byte must arrive; None for no limit.

        Raises:
            sse_core.ReadError: the connection was lost, or ended before the body did.
            sse_core.IdleTimeout: nothing arrived in time.
            sse_core.ContentEncodingError: the body has an encoding that is not supported.
        """
        ...

    def close(self) -> None:
        """Drop the connection; more than once is fine, at any moment, from any thread.

        A call of `open` or `read` that is waiting in another thread ends with an error.
        """
        ...


class Transport(Protocol):
    """Makes exchanges. May keep connections or settings between them."""

    def exchange(self, request: Request, *, timeout: float | None) -> Exchange:
        """Return an exchange for `request`, without any I/O yet.

        Args:
            request: what to send, unchanged. A client's own settings may add headers, except those that
                `withheld` names, and parameters after the URL's own query, unless something is withheld.
            timeout: seconds for connecting and waiting for the response headers, in total; None
                for no limit. It never limits the body.
        """
        ...

    def close(self) -> None:
        """Release what is kept between exchanges."""
        ...


class AsyncExchange(Protocol):
    """One request and its response: opened once, then read to its end or closed before."""

    async def open(self) -> Response:
        """Send the request and return the response headers. Redirects are not followed.

        Raises:
            sse_core.ConnectError: no response headers arrived within the timeout, or none at all.
        """
        ...

    async def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes as soon as there are any; `b""` at its proper end.

        Content encodings are decoded. Nothing else is changed.

        Args:
            timeout: seconds in which at least one byte must arrive; None for no limit.

        Raises:
            sse_core.ReadError: the connection was lost, or ended before the body did.
            sse_core.IdleTimeout: nothing arrived in time.
            sse_core.ContentEncodingError: the body has an encoding that is not supported.
        """
        ...

    async def close(self) -> None:
        """Drop the connection; more than once is fine, at any moment, from any task.

        A call of `open` or `read` that is waiting in another task ends with an error, and has left
        nothing open by then. So has one that is cancelled.
        """
        ...


class AsyncTransport(Protocol):
    """Makes exchanges. May keep connections or settings between them."""

    def exchange(self, request: Request, *, timeout: float | None) -> AsyncExchange:
        """Return an exchange for `request`, without any I/O yet.

        Args:
            request: what to send, unchanged. A client's own settings may add headers, except those that
                `withheld` names, and parameters after the URL's own query, unless something is withheld.
            timeout: seconds for connecting and waiting for the response headers, in total; None
                for no limit. It never limits the body.
        """
        ...

    async def close(self) -> None:
        """Release what is kept between exchanges."""
        ...
