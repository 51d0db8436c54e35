"""One request to a test server, and the methods to answer it byte by byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterable

from ._request_body import BodyReader, MalformedRequest

MAX_HEAD = 2**16
"""The largest request headers in bytes."""

REQUEST_TIMEOUT = 30.0
"""Seconds for a request to arrive completely. A client that never completes one would occupy a thread."""

FRAMING_HEADERS = {"content-length", "transfer-encoding"}

LINGER = 2.0
"""Seconds to receive what a client still sends after its request was refused."""


class Call:
    """One request to an `SSEServer`, and the connection it came on.

    Attributes:
        method: the method, exactly as sent.
        path: the request target: path and query.
        headers: name in lower case to value, as bytes; the last value of a repeated header.
        body: the request's body.
        number: the number of requests the server got before this one.
        is_answered: whether anything was sent.
        loss: the last error from which the server learned that the connection is lost, or None.
    """

    def __init__(self, connection: socket.socket, drop: Callable[[], None]) -> None:
        self._connection = connection
        self._drop = drop
        self.method: str = ""
        self.path: str = ""
        self.headers: dict[str, bytes] = {}
        self.body: bytes = b""
        self.number: int = 0
        self.is_answered: bool = False
        self.loss: OSError | None = None

    @property
    def last_event_id(self) -> str:
        """The Last-Event-ID of the request, after which the client wants to resume, or `""`."""
        return self.headers.get("last-event-id", b"").decode("utf-8", "replace")

    def send(self, data: bytes) -> None:
        """Send these bytes unchanged.

        Raises:
            OSError: the client closed the connection; a function need not catch this.
        """
        self.is_answered = True
        try:
            self._connection.sendall(data)
        except OSError as error:
            self.loss = error
            raise

    def respond(
        self, status: int = 200, headers: Iterable[tuple[str, str]] | None = None, body: bytes = b""
    ) -> None:
        """Send the status, the headers and the start of the body, by default of an event stream.

        Args:
            status: the status.
            headers: the headers; values are sent as UTF-8. Default: the content type of an event stream.
                `Connection: close` is added, unless there is a `Connection` header.
            body: the first bytes of the body.

        Raises:
            OSError: the client closed the connection; a function need not catch this.
        """
        fields = [("Content-Type", "text/event-stream")] if headers is None else list(headers)
        if not any(name.lower() == "connection" for name, _ in fields):
            # A connection carries one request: a client must not put it into its pool.
            fields.append(("Connection", "close"))
        self.send(encode_head(status, fields, "utf-8") + body)

    def chunk(self, data: bytes) -> None:
        """Send these bytes as one chunk of a body with `Transfer-Encoding: chunked`; `b""` ends it."""
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def reset(self) -> None:
        """Reset the connection (RST): the client gets an error instead of an end."""
        # SO_LINGER with zero seconds makes close() send a reset.
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The connection only ends with its last descriptor, and the server holds a second one.
        self._drop()
        self._connection.close()

    def wait(self, seconds: float) -> None:
        """Send nothing for so many seconds.

        Raises:
            OSError: the client closed the connection, or the server stops; a function need not catch this.
        """
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                self._connection.settimeout(left)
                if not self._receive():
                    self.loss = ConnectionAbortedError("the client closed the connection")
                    raise self.loss
        except TimeoutError:
            pass
        finally:
            self._connection.settimeout(None)

    def wait_until_gone(self) -> None:
        """Send nothing until the client closes the connection or the server stops."""
        with contextlib.suppress(OSError):
            while self._receive():
                pass

    def fileno(self) -> int:
        """Return the connection's file descriptor, so that a call can be registered with `selectors`.

        It becomes readable when the client closes the connection, because the client sends nothing else
        after its request. A function that also waits for something else can so notice the close.
        """
        return self._connection.fileno()

    def read_request(self) -> bool:
        """Read the request; return False if the client closed the connection without one, or sent nothing.

        Raises:
            MalformedRequest: what came is not a request, or is too large or too slow; quotes it.
            OSError: the client closed the connection inside the body.
        """
        deadline = time.monotonic() + REQUEST_TIMEOUT
        received = b""

        def receive() -> bytes:
            try:
                self._connection.settimeout(max(0.001, deadline - time.monotonic()))
                return self._receive()
            except TimeoutError:
                what = f"the request is not complete after {REQUEST_TIMEOUT:g} seconds"
                raise MalformedRequest(f"{what}: {received[:80]!r}", 408) from None

        def receive_body() -> bytes:
            data = receive()
            if not data:
                self.loss = ConnectionAbortedError("the client closed the connection")
                raise self.loss
            return data

        while (end := received.find(b"\r\n\r\n")) < 0 and len(received) <= MAX_HEAD:
            try:
                more = receive()
            except MalformedRequest:
                # Browsers open connections in advance, and may never use them.
                if not received:
                    return False
                raise
            if not more:
                return False
            received += more
        if not 0 <= end <= MAX_HEAD:
            what = f"the request headers are longer than {MAX_HEAD} bytes"
            raise MalformedRequest(f"{what}: {received[:80]!r}", 431)
        self._parse_head(received[:end])
        body = received[end + 4 :]
        reader = BodyReader(self.headers, body, receive_body)
        if not body and self.headers.get("expect", b"").lower() == b"100-continue":
            # The client sends the body only after this.
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.body = reader.read()
        self._connection.settimeout(None)
        return True

    def _parse_head(self, head: bytes) -> None:
        request, *fields = head.split(b"\r\n")
        line = request.decode("latin-1")
        parts = line.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise MalformedRequest(f"not a request line of HTTP/1: {line[:200]!r}")
        self.method, self.path, _ = parts
        for field in fields:
            title, _, text = field.partition(b":")
            name, value = title.decode("latin-1").lower(), text.strip()
            # With two different lengths, two readers see two different ends (RFC 9112, 6.3).
            if name in FRAMING_HEADERS and self.headers.get(name, value) != value:
                both = f"{self.headers[name][:80]!r} and {field[:80]!r}"
                raise MalformedRequest(f"two different values of one header: {both}")
            self.headers[name] = value

    def linger(self) -> None:
        """End the response, and drop what the client still sends, for up to `LINGER` seconds.

        Closing a connection with unread bytes resets it, and the client could lose the response.
        """
        deadline = time.monotonic() + LINGER
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                self._connection.settimeout(left)
                if not self._connection.recv(2**16):
                    return

    def _receive(self) -> bytes:
        try:
            return self._connection.recv(2**16)
        except OSError as error:
            self.loss = error
            raise


def encode_head(status: int, fields: Iterable[tuple[str, str]], encoding: str) -> bytes:
    """Return the status line and the headers of a response."""
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode(encoding)
