"""The blocking transport, noting what a check wants to know of a connection and an event source does not."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

from sse_core import Request, Response

from ..._urllib import UrllibExchange, UrllibTransport


class NotingTransport(UrllibTransport):
    """`UrllibTransport`, whose exchanges take notes."""

    def exchange(self, request: Request, *, timeout: float | None) -> NotingExchange:
        """Return an exchange for `request`. See `Transport`."""
        return NotingExchange(self._opener, request, timeout)


class NotingExchange(UrllibExchange):
    """One request and its response, and when what of it came.

    Attributes:
        connected_at: when the connection was accepted, by `time.monotonic`; None if it was not.
        version: of HTTP, times ten.
        certificate_ends: seconds since 1970 when the server's certificate ends; None if none was checked.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connected_at: float | None = None
        self.version = 11
        self.certificate_ends: float | None = None

    @property
    def expired(self) -> bool:
        """Whether it was the timeout that ended it."""
        return self._guard.expired

    def connect(self, *arguments: Any) -> socket.socket:
        """Return a connected socket. See `UrllibExchange.connect`."""
        connection = super().connect(*arguments)
        self.connected_at = time.monotonic()
        return connection

    def open(self) -> Response:
        """Send the request and return the response's head. See `Exchange.open`."""
        head = super().open()
        response = self._response
        if response is not None:
            self.version = response.version
            self.certificate_ends = _end_of_certificate(response.reader.connection)
        return head


def _end_of_certificate(connection: object) -> float | None:
    if not isinstance(connection, ssl.SSLSocket):
        return None
    # Empty where the certificate is not verified.
    end = (connection.getpeercert() or {}).get("notAfter")
    return ssl.cert_time_to_seconds(end) if isinstance(end, str) else None
