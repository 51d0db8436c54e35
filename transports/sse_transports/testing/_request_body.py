"""Reads the body of a request from its connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

MAX_LINE = 2**16
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")


class MalformedRequest(ValueError):
    """A client sent something that is not an HTTP/1 request; quotes it. The response was a 400."""


class BodyReader:
    """Reads a body.

    Args:
        data: the beginning of the body, which was read together with the headers.
        receive: returns further bytes; raises OSError when the client closed the connection.
    """

    def __init__(self, data: bytes, receive: Callable[[], bytes]) -> None:
        self._data = data
        self._receive = receive

    def read(self, headers: Mapping[str, bytes]) -> bytes:
        """Return the complete body.

        Raises:
            MalformedRequest: the length or the chunks are not valid.
            OSError: the client closed the connection.
        """
        if headers.get("transfer-encoding", b"").lower() == b"chunked":
            return self._read_chunks()
        length = headers.get("content-length", b"0")
        if not length.isdigit():
            raise MalformedRequest(f"Content-Length is not a number: {length!r}")
        return self._read_exactly(int(length))

    def _read_chunks(self) -> bytes:
        body = b""
        while size := self._read_chunk_size():
            body += self._read_exactly(size)
            self._read_line()
        # Skip the trailers, up to an empty line.
        while self._read_line():
            pass
        return body

    def _read_chunk_size(self) -> int:
        line = self._read_line()
        size = line.partition(b";")[0].strip()
        if not CHUNK_SIZE.fullmatch(size):
            raise MalformedRequest(f"expected the size of a chunk, not {line[:80]!r}")
        return int(size, 16)

    def _read_line(self) -> bytes:
        while b"\r\n" not in self._data:
            if len(self._data) > MAX_LINE:
                raise MalformedRequest(
                    f"a line of a chunked body is longer than {MAX_LINE} bytes: {self._data[:80]!r}"
                )
            self._data += self._receive()
        line, _, self._data = self._data.partition(b"\r\n")
        return line

    def _read_exactly(self, size: int) -> bytes:
        pieces = [self._data]
        left = size - len(self._data)
        while left > 0:
            pieces.append(self._receive())
            left -= len(pieces[-1])
        data = b"".join(pieces)
        self._data = data[size:]
        return data[:size]
