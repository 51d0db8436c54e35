"""The body of a request, read from its connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

LONGEST_LINE = 2**16
SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")


class MalformedRequest(ValueError):
    """A client sent what is no request of HTTP/1; quotes it. It was answered with 400."""


class BodyReader:
    """Reads a body.

    Args:
        begun: what came along with the head.
        receive: returns further bytes; raises OSError when the client has gone.
    """

    def __init__(self, begun: bytes, receive: Callable[[], bytes]) -> None:
        self._data = begun
        self._receive = receive

    def read(self, headers: Mapping[str, bytes]) -> bytes:
        """Return the body, whole.

        Raises:
            MalformedRequest: it does not say where it ends.
            OSError: the client has gone.
        """
        if headers.get("transfer-encoding", b"").lower() == b"chunked":
            return self._chunks()
        length = headers.get("content-length", b"0")
        if not length.isdigit():
            raise MalformedRequest(f"Content-Length is no number: {length!r}")
        return self._exactly(int(length))

    def _chunks(self) -> bytes:
        body = b""
        while size := self._size():
            body += self._exactly(size)
            self._line()
        # The trailer, up to an empty line.
        while self._line():
            pass
        return body

    def _size(self) -> int:
        line = self._line()
        size = line.partition(b";")[0].strip()
        if not SIZE.fullmatch(size):
            raise MalformedRequest(f"a chunk begins with its size, not with {line[:80]!r}")
        return int(size, 16)

    def _line(self) -> bytes:
        while b"\r\n" not in self._data:
            if len(self._data) > LONGEST_LINE:
                raise MalformedRequest(f"a line of a body in chunks does not end: {self._data[:80]!r}")
            self._data += self._receive()
        line, _, self._data = self._data.partition(b"\r\n")
        return line

    def _exactly(self, size: int) -> bytes:
        pieces = [self._data]
        left = size - len(self._data)
        while left > 0:
            pieces.append(self._receive())
            left -= len(pieces[-1])
        data = b"".join(pieces)
        self._data = data[size:]
        return data[:size]
