"""Reading the status line and the headers of an HTTP/1.1 response, through `http.client` but strictly.

`http.client` is lenient in what says where a body ends, and limits lines, but not their number in interim
responses. So it is given only lines that are well-formed, and the lines together are limited.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
from typing import Any

from ._http1_bodies import READ_SIZE

MAX_HEAD = 2**17
"""The largest number of bytes of the response headers, together with interim responses."""

STATUS_LINE = re.compile(r"(HTTP/\d\.\d) +([1-9]\d\d)(?: (.*))?\r?\n", re.ASCII | re.DOTALL).fullmatch

# Some old servers say 0.9, although they send a status line. http.client takes it as 1.0.
HTTP_1 = ("HTTP/1.", "HTTP/0.9")

# A line that begins with a blank continues the one before (RFC 9112, 5.2). The parser of the standard library
# ignores all fields after a malformed line, and takes a CR inside a value for the end of a line. So it could
# miss or invent a field that says where the body ends.
FIELD_LINE = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:|[ \t])[^\r\n\0]*\r?\n|\r?\n").fullmatch

EMPTY_LINES = frozenset({b"\r\n", b"\n"})


class HeadReader:
    """Reads the lines of the response headers. Has the methods of a file that http.client calls.

    Attributes:
        connection: the socket.
    """

    def __init__(self, connection: socket.socket, raw: io.RawIOBase) -> None:
        self.connection = connection
        # The `SocketIO` that http.client has made: the socket is closed when this is.
        self._raw = raw
        self._buffer = bytearray()
        self._consumed = 0
        # A line that was read and not returned yet by `readline`, or empty.
        self._next_line = b""

    def next_line(self) -> bytes:
        """Return the next line with its end; `b""` if the connection ended before the first byte."""
        while (end := self._buffer.find(b"\n") + 1) == 0:
            self._check_size(len(self._buffer))
            data = self.connection.recv(READ_SIZE)
            if not data:
                if self._buffer or self._consumed:
                    raise ConnectionError("the connection ended inside the response headers")
                return b""
            self._buffer += data
        self._check_size(end)
        self._consumed += end
        line = bytes(self._buffer[:end])
        del self._buffer[:end]
        return line

    def readline(self, limit: int) -> bytes:
        """Return the next lines of header fields, fewer than `limit` bytes; or the empty line after them.

        Several lines are returned as one, because http.client refuses more than 100, and its number is a
        global of the module. `MAX_HEAD` limits them.
        """
        lines: list[bytes] = []
        size = 0
        while True:
            line = self._next_line or self._field_line()
            self._next_line = b""
            size += len(line)
            if lines and (size >= limit or line in EMPTY_LINES):
                self._next_line = line
                return b"".join(lines)
            lines.append(line)
            if line in EMPTY_LINES:
                return line

    def _field_line(self) -> bytes:
        line = self.next_line()
        if FIELD_LINE(line) is None:
            raise http.client.HTTPException(f"malformed response header: {line[:80]!r}")
        return line

    def take_buffered(self) -> bytes:
        """Return what was read after the headers: the start of the body."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def close(self) -> None:
        """Close the socket. More than once is fine."""
        self._raw.close()

    def flush(self) -> None:
        """Do nothing: there is nothing to write."""

    def _check_size(self, size: int) -> None:
        if self._consumed + size > MAX_HEAD:
            raise http.client.HTTPException(f"the response headers are larger than {MAX_HEAD} bytes")


class HTTPResponse(http.client.HTTPResponse):
    """The status line and the headers of a response.

    Attributes:
        reader: the source of its bytes.
    """

    def __init__(self, connection: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(connection, *args, **options)
        self.reader = HeadReader(connection, self.fp.detach())
        # Of this, http.client calls `readline` only: the body is read without it.
        self.fp: Any = self.reader

    def _read_status(self) -> tuple[str, int, str]:
        line = self.reader.next_line().decode("latin-1")
        if not line:
            raise http.client.RemoteDisconnected("the server closed the connection without a response")
        parts = STATUS_LINE(line)
        if parts is None:
            raise http.client.HTTPException(f"malformed status line: {line[:80]!r}")
        if not parts[1].startswith(HTTP_1):
            raise http.client.HTTPException(f"the response is of {parts[1]}, expected HTTP/1.0 or 1.1")
        status = int(parts[2])
        # `begin` skips a 100 response, but takes other interim responses (102, 103) for the final one.
        return parts[1], 100 if 100 < status < 200 and status != 101 else status, parts[3] or ""
