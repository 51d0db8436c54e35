"""Writing a recording, line by line, as things happen."""

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

from .._clock import Clock
from .._driver import Driver
from ._recording import Ending, RecordedChunk, RecordedConnection
from ._recording_file import chunk_line, end_line, head_line

SECRETS = (
    *("auth", "bearer", "cookie", "credential", "csrf", "jwt", "key", "pass", "secret", "session"),
    *("signature", "token", "xsrf"),
)
"""What the names of headers with secrets have in them. A recording is made to be shown around."""

FOLD = re.compile(r"[ \t]*[\r\n\0][ \t\r\n\0]*")
"""Where a field goes on in the next line, which urllib hands over: to be read as one space (RFC 9112)."""

URL_FIELDS = frozenset({"content-location", "location", "referer"})
"""Fields whose whole value is a URL."""

URL = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//[^\s<>\"]+", re.IGNORECASE)
"""A URL in a value, as in Link or Refresh."""

QUERY = re.compile(r"\?(?![01](?:[\s;,)]|$))[^\s<>\"]+")
"""The query of a URL in a value, also of a relative one; not a boolean, which is written ?0 or ?1."""

NO_URL = "http://[removed"
"""Stands for what is no URL, and may still hold a secret: a replay cannot be redirected there either."""


class RecordingWriter:
    """The file of a recording, as a context manager.

    Args:
        file: a path, or the descriptor of a file that is open already and is closed here.
        source: whose clock, and whose secrets, they are.

    Attributes:
        answers: how many requests were answered so far.
        bytes_received: bytes of all the bodies so far.
    """

    def __init__(self, file: Path | int, source: Driver[Any]) -> None:
        self.clock: Clock = source._clock  # noqa: SLF001  # of this package
        self._secret = source._connection._handshake.sensitive_headers  # noqa: SLF001  # nobody else asks for it
        # Without a buffer: a line is whole or not there, also for whoever comes in between by a signal.
        self._file = FileIO(file, "wb")
        self.answers = 0
        self.bytes_received = 0
        # Another thread may still be on its way out of the source when the file is closed, and the number
        # of a closed file is soon another one's. Reentrant, for signals again.
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._file.close()

    def connection(self, request: Request) -> ConnectionWriter:
        """Return what writes the lines of one connection."""
        return ConnectionWriter(self, request)

    def write(self, line: bytes) -> None:
        """Append a line; not any more when the file is closed."""
        with self._lock:
            if not self._file.closed:
                rest = memoryview(line)
                while rest:
                    # A pipe, or a disk that is nearly full, may take a part of it.
                    rest = rest[self._file.write(rest) :]

    def without_secrets(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return the fields that anybody may see."""
        return tuple(
            (name, _without_secrets(name, FOLD.sub(" ", value)))
            for name, value in headers
            if name.lower() not in self._secret and not any(part in name.lower() for part in SECRETS)
        )


class ConnectionWriter:
    """Writes the lines of one connection: its head when that is known, and just one end."""

    def __init__(self, writer: RecordingWriter, request: Request) -> None:
        self._writer = writer
        self._request = request
        self._begun = 0.0
        self._is_answered = False
        self._is_open = False
        self._is_closed = False
        # Whoever is at work writes the end, so that nothing comes behind it.
        self._is_busy = False

    @contextmanager
    def opening(self) -> Iterator[Self]:
        """Write what comes of the attempt that is made inside."""
        self._begun = self._writer.clock.monotonic()
        self._time = self._writer.clock.epoch()
        self._is_busy = True
        try:
            yield self
        except BaseException as error:
            # Also where a task is cancelled; but an answer may be all that could not be written.
            if not self._is_answered:
                self._begin(None, ())
                failed = isinstance(error, SSEError) and not self._is_closed
                self._end("refused" if failed else "left")
            raise
        finally:
            self._is_busy = False

    def answered(self, response: Response) -> None:
        """Write the head."""
        self._is_answered = True
        self._writer.answers += 1
        self._begin(response.status, response.headers)

    @contextmanager
    def reading(self) -> Iterator[Self]:
        """Write what comes of the read that is made inside."""
        self._is_busy = True
        try:
            yield self
        except SSEError as error:
            lost: Ending = "silent" if isinstance(error, IdleTimeout) else "lost"
            self._end("left" if self._is_closed else lost)
            raise
        finally:
            self._is_busy = False

    def received(self, data: bytes) -> None:
        """Write a chunk, or the end."""
        if not data:
            self._end("complete")
        elif self._is_open:
            self._writer.bytes_received += len(data)
            self._writer.write(chunk_line(RecordedChunk(self._elapsed(), data)))

    def left(self) -> None:
        """The client has dropped the connection."""
        self._is_closed = True
        if not self._is_busy:
            self._end("left")

    def _begin(self, status: int | None, headers: Iterable[tuple[str, str]]) -> None:
        request, writer = self._request, self._writer
        connection = RecordedConnection(
            time=datetime.fromtimestamp(self._time, UTC).isoformat(timespec="milliseconds"),
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
        self._begun = writer.clock.monotonic()

    def _end(self, end: Ending) -> None:
        if self._is_open:
            self._is_open = False
            self._writer.write(end_line(self._elapsed(), end))

    def _elapsed(self) -> float:
        # Microseconds: finer is noise, and makes long lines.
        return round(self._writer.clock.monotonic() - self._begun, 6)


def without_query(url: str) -> str:
    """Return a URL without its password, and without its query, where keys are passed."""
    try:
        scheme, place, path, query, _ = urlsplit(url)
    except ValueError:
        return NO_URL
    return urlunsplit((scheme, place.rpartition("@")[2], path, "removed" if query else "", ""))


def _without_secrets(name: str, value: str) -> str:
    if name.lower() in URL_FIELDS:
        return without_query(value)
    return QUERY.sub("?removed", URL.sub(lambda found: without_query(found[0]), value))
