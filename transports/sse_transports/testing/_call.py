"""One request to a server of tests, and the means to answer it byte by byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterable

from ._request_body import BodyReader, MalformedRequest

MAX_HEAD = 2**16


class Call:
    """One request to an `SSEServer`, and the connection it came on.

    Attributes:
        method: as it was sent.
        path: the request target: path and query.
        headers: name in lower case to value, as bytes; of a repeated field, the last value.
        body: the request's body.
        number: how many requests the server had got before this one.
        is_answered: whether anything was sent.
        loss: the error with which the connection was last found lost, or None.
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
        """The Last-Event-ID of the request, behind which the client wants to go on, or `""`."""
        return self.headers.get("last-event-id", b"").decode("utf-8", "replace")

    def send(self, data: bytes) -> None:
        """Send these bytes, as they are.

        Raises:
            OSError: the client has gone; a handler may let it pass.
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
        """Send a head, by default that of an event stream without a length, and the start of the body.

        Args:
            status: a status.
            headers: header fields; values are sent as UTF-8. `Connection: close` is added, unless they
                say what becomes of the connection.
            body: the first bytes of the body.

        Raises:
            OSError: the client has gone; a handler may let it pass.
        """
        fields = [("Content-Type", "text/event-stream")] if headers is None else list(headers)
        if not any(name.lower() == "connection" for name, _ in fields):
            # There is one request to a connection; a client with a pool would send the next one in vain.
            fields.append(("Connection", "close"))
        self.send(head(status, fields, "utf-8") + body)

    def chunk(self, data: bytes) -> None:
        """Send these bytes as one chunk of a body with `Transfer-Encoding: chunked`; `b""` ends it."""
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def reset(self) -> None:
        """End the connection with a reset (RST): the client sees an error, not an end."""
        # Lingering for zero seconds turns the close into a reset.
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The last handle that is closed ends the connection, and the server has another one.
        self._drop()
        self._connection.close()

    def wait(self, seconds: float) -> None:
        """Send nothing for so many seconds.

        Raises:
            OSError: the client went away meanwhile, or the server stops; a handler may let it pass.
        """
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                self._connection.settimeout(left)
                if not self._receive():
                    self.loss = ConnectionAbortedError("the client has gone")
                    raise self.loss
        except TimeoutError:
            pass
        finally:
            self._connection.settimeout(None)

    def wait_until_gone(self) -> None:
        """Send nothing until the client goes away or the server stops: a stall of any length."""
        with contextlib.suppress(OSError):
            while self._receive():
                pass

    def fileno(self) -> int:
        """Return the connection's file descriptor, so that a call can be waited for with `selectors`.

        It is ready to be read once the client has gone, which else says nothing more. That is how a
        function notices it that waits for something else too, such as a server behind this one.
        """
        return self._connection.fileno()

    def read_request(self) -> bool:
        """Read the request; False if the client went away without one.

        Raises:
            MalformedRequest: it is none; quotes what came instead.
            OSError: the client went away in the middle of its body.
        """
        data = b""
        while b"\r\n\r\n" not in data:
            if len(data) > MAX_HEAD:
                raise MalformedRequest(f"a head of more than {MAX_HEAD} bytes: {data[:80]!r}")
            more = self._receive()
            if not more:
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        request, *fields = head.split(b"\r\n")
        line = request.decode("latin-1")
        parts = line.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise MalformedRequest(f"no request line of HTTP/1: {line[:200]!r}")
        self.method, self.path, _ = parts
        for field in fields:
            name, _, value = field.partition(b":")
            self.headers[name.decode("latin-1").lower()] = value.strip()
        if not body and self.headers.get("expect", b"").lower() == b"100-continue":
            # The client waits for this before it sends the body.
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.body = BodyReader(body, self._more).read(self.headers)
        return True

    def _more(self) -> bytes:
        data = self._receive()
        if not data:
            self.loss = ConnectionAbortedError("the client has gone")
            raise self.loss
        return data

    def _receive(self) -> bytes:
        try:
            return self._connection.recv(2**16)
        except OSError as error:
            self.loss = error
            raise


def head(status: int, fields: Iterable[tuple[str, str]], encoding: str) -> bytes:
    """Return the head of an answer."""
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode(encoding)
