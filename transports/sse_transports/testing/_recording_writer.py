"""Writes a recording, line by line, while it happens."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from sse_core import IdleTimeout, Request, Response, SSEError

from .._clock import SYSTEM_CLOCK, Clock
from .._driver import Driver
from ._recording import Ending, RecordedChunk, RecordedConnection
from ._recording_file import chunk_line, end_line, head_line

SECRET_NAME_PARTS = (
    *("auth", "bearer", "cookie", "credential", "csrf", "jwt", "key", "pass", "secret", "session"),
    *("signature", "token", "xsrf"),
)
"""A header whose name contains one of these is not recorded: recordings are made to be shared."""

FOLD = re.compile(r"[ \t]*[\r\n\0][ \t\r\n\0]*")
"""A line break inside a header value, which urllib leaves in. RFC 9112 reads it as one space."""

URL_FIELDS = frozenset({"content-location", "location", "referer"})
"""Headers whose whole value is a URL."""

URL = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//[^\s<>\"]+", re.IGNORECASE)
"""A URL inside a header value, as in Link or Refresh."""

QUERY = re.compile(r"\?(?![01](?:[\s;,)]|$))[^\s<>\"]+")
"""The query of a URL, possibly a relative one, inside a header value. `?0` and `?1` are booleans."""

INVALID_URL = "http://[removed"
"""Replaces an invalid URL, which may contain a secret. Invalid too, so that a replay fails the same way."""


class RecordingWriter:
    """The file of a recording, as a context manager.

    Args:
        file: a path, or an open file descriptor, which is closed at the end.
        clock: the clock of the recorded source.
        sensitive_headers: names, in lower case, of further headers that are not recorded.

    Attributes:
        clock: the clock.
        answers: the number of responses so far.
        bytes_received: bytes of all response bodies so far.
    """

    def __init__(
        self,
        file: Path | int,
        *,
        clock: Clock = SYSTEM_CLOCK,
        sensitive_headers: frozenset[str] = frozenset(),
    ) -> None:
        self.clock = clock
        self._sensitive_headers = sensitive_headers
        # Unbuffered: a line is in the file completely or not at all, even if a signal interrupts us.
        self._file = FileIO(file, "wb")
        self.answers = 0
        self.bytes_received = 0
        # Another thread may still be leaving the source while the file is closed, and the descriptor of a
        # closed file is soon reused. Reentrant, because a signal handler may write in the same thread.
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._file.close()

    def connection(self, request: Request) -> ConnectionWriter:
        """Return the writer for the lines of one connection."""
        return ConnectionWriter(self, request)

    def write(self, line: bytes) -> None:
        """Append a line. Does nothing after the file was closed."""
        with self._lock:
            if not self._file.closed:
                rest = memoryview(line)
                while rest:
                    # A pipe, or a disk that is nearly full, may accept only a part.
                    rest = rest[self._file.write(rest) :]

    def without_secrets(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return the headers that may be recorded, without the secrets in their URLs."""
        return tuple(
            (name, _without_secrets_in_urls(name, FOLD.sub(" ", value)))
            for name, value in headers
            if not self._is_secret(name.lower())
        )

    def _is_secret(self, name: str) -> bool:
        return name in self._sensitive_headers or any(part in name for part in SECRET_NAME_PARTS)


def writer_for(source: Driver[Any], file: Path | int) -> RecordingWriter:
    """Return a writer with the clock and the sensitive headers of a source.

    Both are private, because only a recorder needs them; this is the one place that reads them.
    """
    return RecordingWriter(
        file,
        clock=source._clock,  # noqa: SLF001
        sensitive_headers=source._connection._handshake.sensitive_headers,  # noqa: SLF001
    )


class ConnectionWriter:
    """Writes the lines of one connection: the head once it is known, the chunks, and exactly one end.

    `close` may be called while `opening` or `reading` is active in another thread or task. The end is
    then written there, so that no line follows it.
    """

    def __init__(self, writer: RecordingWriter, request: Request) -> None:
        self._writer = writer
        self._request = request
        # Times of the clock: of the request at first, then of the response headers.
        self._start = 0.0
        self._request_time = 0.0
        self._has_response = False
        # Whether the head is written and the end is not.
        self._is_open = False
        # Whether the client has closed the exchange.
        self._is_closed = False
        # Whether `opening` or `reading` is active.
        self._is_busy = False

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Record the attempt that is made in this context."""
        self._start = self._writer.clock.monotonic()
        self._request_time = self._writer.clock.epoch()
        self._is_busy = True
        try:
            yield
        except BaseException as error:
            # Also on cancellation. After a response, the error is that its head could not be written: then
            # write no end either.
            if not self._has_response:
                self._write_head(None, ())
                failed = isinstance(error, SSEError) and not self._is_closed
                self._write_end("refused" if failed else "left")
            raise
        finally:
            self._is_busy = False

    def write_response(self, response: Response) -> None:
        """Write the head of the connection. Call it inside `opening`."""
        self._has_response = True
        self._writer.answers += 1
        self._write_head(response.status, response.headers)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Record the read that is made in this context."""
        self._is_busy = True
        try:
            yield
        except SSEError as error:
            lost: Ending = "silent" if isinstance(error, IdleTimeout) else "lost"
            self._write_end("left" if self._is_closed else lost)
            raise
        finally:
            self._is_busy = False

    def write_chunk(self, data: bytes) -> None:
        """Write a chunk, or the end of the body if it is `b""`. Call it inside `reading`."""
        if not data:
            self._write_end("complete")
        elif self._is_open:
            self._writer.bytes_received += len(data)
            self._writer.write(chunk_line(RecordedChunk(self._elapsed(), data)))

    def close(self) -> None:
        """Record that the client has dropped the connection."""
        self._is_closed = True
        if not self._is_busy:
            self._write_end("left")

    def _write_head(self, status: int | None, headers: Iterable[tuple[str, str]]) -> None:
        request, writer = self._request, self._writer
        connection = RecordedConnection(
            time=datetime.fromtimestamp(self._request_time, UTC).isoformat(timespec="milliseconds"),
            method=request.method,
            url=without_query(request.url),
            request_headers=writer.without_secrets(request.headers),
            seconds=self._elapsed(),
            status=status,
            headers=writer.without_secrets(headers),
            chunks=(),
            end="left",
            ended=0.0,
        )
        writer.write(head_line(connection))
        self._is_open = True
        self._start = writer.clock.monotonic()

    def _write_end(self, end: Ending) -> None:
        if self._is_open:
            self._is_open = False
            self._writer.write(end_line(self._elapsed(), end))

    def _elapsed(self) -> float:
        # To the microsecond: anything finer is noise and makes long lines.
        return round(self._writer.clock.monotonic() - self._start, 6)


def without_query(url: str) -> str:
    """Return a URL without user name, password and fragment, and with `removed` as its query."""
    try:
        scheme, netloc, path, query, _ = urlsplit(url)
    except ValueError:
        return INVALID_URL
    return urlunsplit((scheme, netloc.rpartition("@")[2], path, "removed" if query else "", ""))


def _without_secrets_in_urls(name: str, value: str) -> str:
    if name.lower() in URL_FIELDS:
        return without_query(value)
    return QUERY.sub("?removed", URL.sub(lambda found: without_query(found[0]), value))
