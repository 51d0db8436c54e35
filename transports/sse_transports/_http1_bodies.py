"""Reading the body of an HTTP/1.1 response to its end: its length, its last chunk or the close (RFC 9112, 6).

`http.client` is lenient where this matters: it reads `0x9`, `+9` and `9_0` as numbers, ignores what follows a
chunk's data, and takes the end of the connection for the end of the body. So a truncated stream would
seem complete. It also reads one chunk at a time, where a busy stream has hundreds of small chunks in one
read of the socket.

All limits and errors are the same, however the bytes were divided into reads.
"""

from __future__ import annotations

import re
import socket
from abc import ABC, abstractmethod

from sse_core import ReadError

READ_SIZE = 2**16
"""The largest number of bytes taken from the socket at a time."""

MAX_TRAILERS = 2**14
"""The largest number of bytes after the last chunk. They are ignored, but read."""

# The end of one chunk and the size of the next (RFC 9112, 7.1). Extensions are ignored, and limited.
EXTENSIONS = rb"[ \t]{0,8};[^\r\n]{0,4096}"
CHUNK_HEAD = re.compile(rb"\r\n([0-9A-Fa-f]{1,16})(?:%s)?\r\n" % EXTENSIONS).match

# What the next bytes can still complete to that.
PARTIAL_CHUNK_HEAD = re.compile(
    rb"(?:\r(?:\n(?:[0-9A-Fa-f]{1,16}(?:[ \t]{0,8}|%s)\r?)?)?)?" % EXTENSIONS
).fullmatch


class Body(ABC):
    """Reads the bytes of a body from its connection.

    Args:
        connection: the socket, blocking and without a timeout.
        buffered: the bytes that were read together with the response headers.
    """

    def __init__(self, connection: socket.socket, buffered: bytes) -> None:
        self._connection = connection
        self._buffered = buffered
        self._timeout: float | None = None

    @abstractmethod
    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes as soon as there are any; `b""` at the body's end.

        Args:
            timeout: seconds that each read of the socket may wait; None for no limit.

        Raises:
            sse_core.ReadError: the connection ended before the body did, or the body is malformed.
            OSError: the connection failed. TimeoutError, without an errno: nothing arrived in time.
        """

    def _receive(self, timeout: float | None) -> bytes:
        """Return what the connection has next; `b""` at its end."""
        if self._buffered:
            data, self._buffered = self._buffered, b""
            return data
        # `settimeout` costs as much as a small read, and the timeout of a stream rarely changes.
        if timeout != self._timeout:
            self._connection.settimeout(timeout)
            self._timeout = timeout
        return self._connection.recv(READ_SIZE)


class UntilClose(Body):
    """A body that ends with its connection. Over TLS, only `close_notify` is a clean end (RFC 9112, 9.8)."""

    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes. See `Body.read`."""
        return self._receive(timeout)


class WithLength(Body):
    """A body of a known number of bytes."""

    def __init__(self, connection: socket.socket, buffered: bytes, length: int) -> None:
        super().__init__(connection, buffered)
        self._left = length

    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes. See `Body.read`."""
        if not self._left:
            return b""
        data = self._receive(timeout)[: self._left]
        if not data:
            raise ReadError(f"the connection ended {self._left} bytes before the body did")
        self._left -= len(data)
        return data


class Chunked(Body):
    """A body in chunks (RFC 9112, 7.1). All chunks of one read of the socket are returned together."""

    def __init__(self, connection: socket.socket, buffered: bytes) -> None:
        super().__init__(connection, buffered)
        # Bytes still missing of the current chunk. While there are some, `_unparsed` is empty.
        self._left = 0
        # The start of a chunk's head. As if a chunk of size 0 came before the first one.
        self._unparsed = b"\r\n"
        # What followed the size of the last chunk, from its CRLF on; None before the last chunk.
        self._trailers: bytes | None = None
        self._ended = False
        # What is malformed. Raised once the chunks before it were returned.
        self._fault = ""

    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes. See `Body.read`."""
        while not self._ended:
            if self._fault:
                raise ReadError(self._fault)
            data = self._receive(timeout)
            if not data:
                self._end_of_connection()
            elif self._trailers is not None:
                self._read_trailers(data)
            elif data := self._decode(data):
                return data
        return b""

    def _decode(self, data: bytes) -> bytes:
        """Return the chunks' data in the next bytes."""
        position = self._left
        if position > len(data):
            self._left -= len(data)
            return data
        pieces = [data[:position]]
        data = self._unparsed + data
        self._left = 0
        self._unparsed = b""
        while (head := CHUNK_HEAD(data, position)) is not None:
            start = head.end()
            size = int(head[1], 16)
            if not size:
                self._read_trailers(data[start - 2 :])
                break
            position = start + size
            pieces.append(data[start:position])
            if position > len(data):
                self._left = position - len(data)
                break
        else:
            self._unparsed = data[position:]
            if PARTIAL_CHUNK_HEAD(self._unparsed) is None:
                # The CRLF belongs to the chunk before.
                fault = "begin with its size" if self._unparsed[:2] == b"\r\n" else "end where its size says"
                self._fault = f"a chunk of the body does not {fault}: {self._unparsed[:40]!r}"
        return b"".join(pieces)

    def _read_trailers(self, data: bytes) -> None:
        """Skip the fields after the last chunk, up to an empty line."""
        self._trailers = (self._trailers or b"") + data
        if self._trailers.find(b"\r\n\r\n", 0, MAX_TRAILERS) >= 0:
            self._ended = True
        elif len(self._trailers) >= MAX_TRAILERS:
            self._fault = f"more than {MAX_TRAILERS} bytes of trailers follow the body"

    def _end_of_connection(self) -> None:
        # RFC 9112, 8: a chunked body "is incomplete if the zero-sized chunk that terminates the encoding has
        # not been received". So trailers may be missing, but not the end of the line with the zero.
        if self._trailers is None:
            place = "inside a chunk of" if self._left or self._unparsed else "before the last chunk of"
            raise ReadError(f"the connection ended {place} the body")
        self._ended = True
