"""The blocking transport with extra measurements: connect time, HTTP version, certificate expiry."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

from sse_core import Request, Response

from ..._urllib import UrllibExchange, UrllibTransport


class InstrumentedTransport(UrllibTransport):
    """`UrllibTransport` whose exchanges are instrumented."""

    def exchange(self, request: Request, *, timeout: float | None) -> InstrumentedExchange:
        """Return an exchange for `request`. See `Transport`."""
        return InstrumentedExchange(self._opener, request, timeout)


class InstrumentedExchange(UrllibExchange):
    """One request and its response, with times and facts of the connection.

    Attributes:
        connected_at: when the server accepted the connection, by `time.monotonic`; None before that.
        version: the HTTP version times ten.
        certificate_expires: when the server's certificate expires, in seconds since 1970; None if no
            certificate was verified.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connected_at: float | None = None
        self.version = 11
        self.certificate_expires: float | None = None

    @property
    def expired(self) -> bool:
        """Whether the exchange ended because its timeout expired."""
        return self._guard.expired

    def connect(self, *arguments: Any) -> socket.socket:
        """Return a connected socket. See `UrllibExchange.connect`."""
        connection = super().connect(*arguments)
        self.connected_at = time.monotonic()
        return connection

    def open(self) -> Response:
        """Send the request and return the response headers. See `Exchange.open`."""
        headers = super().open()
        response = self._response
        if response is not None:
            self.version = response.version
            self.certificate_expires = _certificate_expiry(response.reader.connection)
        return headers


def _certificate_expiry(connection: object) -> float | None:
    if not isinstance(connection, ssl.SSLSocket):
        return None
    # Empty if the certificate is not verified.
    expires = (connection.getpeercert() or {}).get("notAfter")
    return ssl.cert_time_to_seconds(expires) if isinstance(expires, str) else None
