"""Reads the body of a request from its connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

MAX_BODY = 16 * 2**20
"""The largest body in bytes; far more than a prompt with pictures."""

MAX_LINE = 2**16
"""The longest line of a chunked body, and the largest trailers, in bytes."""

CONTENT_LENGTH = re.compile(rb"[0-9]{1,15}")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")


class MalformedRequest(ValueError):
    """A client sent something that is not an HTTP/1 request, or is too large or too slow; quotes it.

    Attributes:
        status: the status of the response: 400; 408 if the request was not complete after 30 seconds; 413
            if its body is larger than 16 MiB; 431 if its headers are larger than 64 KiB.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class BodyReader:
    """Reads a body of up to `MAX_BODY` bytes.

    Args:
        headers: the request's headers, with names in lower case.
        data: the beginning of the body, which was read together with the headers.
        receive: returns further bytes; raises OSError when the client closed the connection.

    Raises:
        MalformedRequest: the headers declare no valid length, or a larger one.
    """

    def __init__(self, headers: Mapping[str, bytes], data: bytes, receive: Callable[[], bytes]) -> None:
        coding = headers.get("transfer-encoding", b"").lower()
        if coding not in {b"", b"chunked"}:
            raise MalformedRequest(f"expected Transfer-Encoding: chunked, not {coding[:80]!r}")
        self._is_chunked = bool(coding)
        length = headers.get("content-length", b"0")
        if self._is_chunked and "content-length" in headers:
            # Two readers could see two different ends (RFC 9112, 6.3).
            raise MalformedRequest(f"a Content-Length with Transfer-Encoding: {length[:80]!r}")
        if not length.isdigit():
            raise MalformedRequest(f"Content-Length is not a number: {length[:80]!r}")
        if not CONTENT_LENGTH.fullmatch(length) or int(length) > MAX_BODY:
            raise _too_large(f"Content-Length: {length[:80].decode()}")
        self._length = int(length)
        # What was received and not read yet is `_data[_start:]`. Deleting each part from the front would
        # copy the rest for each of many small chunks.
        self._data = bytearray(data)
        self._start = 0
        self._receive = receive

    def read(self) -> bytes:
        """Return the complete body.

        Raises:
            MalformedRequest: the chunks are not valid, or are larger than `MAX_BODY` together.
            OSError: the client closed the connection.
        """
        return self._read_chunks() if self._is_chunked else self._read_exactly(self._length)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := self._read_chunk_size():
            if len(body) + size > MAX_BODY:
                raise _too_large(f"chunks of {len(body) + size} bytes so far")
            body += self._read_exactly(size)
            if end := self._read_line():
                raise MalformedRequest(f"expected the end of a chunk of {size} bytes, not {end[:80]!r}")
        # Skip the trailers, up to an empty line.
        skipped = 0
        while line := self._read_line():
            skipped += len(line)
            if skipped > MAX_LINE:
                raise MalformedRequest(f"the trailers are longer than {MAX_LINE} bytes: {line[:80]!r}", 431)
        return bytes(body)

    def _read_chunk_size(self) -> int:
        line = self._read_line()
        size = line.partition(b";")[0].strip()
        if not CHUNK_SIZE.fullmatch(size):
            raise MalformedRequest(f"expected the size of a chunk, not {line[:80]!r}")
        return int(size, 16)

    def _read_line(self) -> bytes:
        searched = self._start
        while (end := self._data.find(b"\r\n", searched)) < 0 and len(self._data) - self._start <= MAX_LINE:
            # Its last byte may be the CR.
            searched = max(self._start, len(self._data) - 1)
            searched -= self._receive_more()
        if not 0 <= end - self._start <= MAX_LINE:
            start = bytes(self._data[self._start : self._start + 80])
            raise MalformedRequest(f"a line of a chunked body is longer than {MAX_LINE} bytes: {start!r}")
        line = bytes(self._data[self._start : end])
        self._start = end + 2
        return line

    def _read_exactly(self, size: int) -> bytes:
        while len(self._data) - self._start < size:
            self._receive_more()
        data = bytes(self._data[self._start : self._start + size])
        self._start += size
        return data

    def _receive_more(self) -> int:
        """Receive more bytes; drop what was read, and return how many bytes that was."""
        more = self._receive()
        dropped, self._start = self._start, 0
        del self._data[:dropped]
        self._data += more
        return dropped


def _too_large(what: str) -> MalformedRequest:
    return MalformedRequest(f"the body is larger than {MAX_BODY} bytes: {what}", 413)
