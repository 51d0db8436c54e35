"""Read a file or standard input: a recording, or a raw body (the bytes of an event stream).

`StreamFile` yields connections, a connection yields chunks, and `event_batches` parses them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self, cast

from sse_core import Comment, Event, EventTooLarge, IncompleteStream, Parser, Response
from sse_core._handshake import essence

from ._options import Until
from ._parameters import STDIN
from ._standard_streams import print_error
from ._terminal import printable

if TYPE_CHECKING:
    from ..testing._recording import RecordedConnection, Recording
    from ..testing._recording_file import Part, RecordedEnd

CHUNK_SIZE = 2**16
"""The most bytes to read at a time."""

GZIP = b"\x1f\x8b"
"""The first bytes of a file that gzip compressed."""

MAX_FIRST_LINE = 2**20
"""The most bytes to read while looking for the end of a recording's first line."""


class DamagedFile(OSError):
    """A recording is damaged or truncated; the message names the line."""


class TimedChunk(NamedTuple):
    """Bytes that arrived together.

    Attributes:
        data: the bytes.
        seconds: since the response headers; None in a raw body, which has no times.
    """

    data: bytes
    seconds: float | None


class FileConnection:
    """One connection in a file: iterate, once, to read its chunks.

    Attributes:
        head: the request and the response headers; None for a raw body.
        is_stream: whether the body is an event stream, and not the text of an error, for instance.
        end: how it ended, once all chunks were read; None before that, and for a raw body.
    """

    def __init__(
        self, parts: Iterator[TimedChunk | RecordedEnd], head: RecordedConnection | None = None
    ) -> None:
        self._parts = parts
        self.head = head
        self.is_stream = head is None or _is_event_stream(head)
        self.end: RecordedEnd | None = None

    def __iter__(self) -> Iterator[TimedChunk]:
        if self.end is None:
            for part in self._parts:
                if not isinstance(part, TimedChunk):
                    self.end = part
                    return
                yield part


class StreamFile:
    """A file with an event stream, or standard input: a context manager; iterate once for its connections.

    A recording has one or more connections; a raw body is one. The first line shows which of the two it is.
    Bytes are read when they are needed and as soon as they are available: a large file is not held in memory,
    and bytes from a pipe do not wait for those that follow. Going on to the next connection skips what was
    not read of the current one.

    Args:
        path: a file, or `-` for standard input.

    Raises:
        OSError: on entering, if it cannot be opened; while iterating, if it cannot be read.
        DamagedFile: while iterating, if a recording is damaged; what precedes the damage was yielded.

    Attributes:
        path: the file; None for standard input.
        name: its name in messages.
        is_recording: whether it is a recording; known once it is entered.
        start: the first chunk read, or the first line of a recording; empty before, and if the file is empty.
    """

    def __init__(self, path: str) -> None:
        self.path = None if path == STDIN else Path(path)
        self.name = "standard input" if path == STDIN else path
        self.is_recording = False
        self.start = b""
        self._first_line = b""

    def __enter__(self) -> Self:
        self._file = cast("BufferedReader", sys.stdin.buffer) if self.path is None else self.path.open("rb")
        try:
            # Read the first line only if it begins like JSON. The first line of an event stream may take
            # long to arrive through a pipe, and none that means anything begins like this.
            if self._file.peek(1)[:1] == b"{":
                self.start = self._first_line = self._file.readline(MAX_FIRST_LINE)
                self.is_recording = _begins_recording(self._first_line)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def __iter__(self) -> Iterator[FileConnection]:
        return self._recorded() if self.is_recording else iter([FileConnection(self._raw())])

    def warn_of_no_event(self) -> None:
        """Print that it has no event: it may be a web page, or the error message of a server."""
        reason = ""
        if not self.start:
            reason = ": it is empty"
        elif self.start.startswith(GZIP):
            reason = ": it is compressed; decompress it with gunzip"
        elif b"\0" in self.start:
            reason = ": it is a binary file"
        print_error(f"sse: there is no event in {printable(self.name)}{reason}")

    def recording(self) -> Recording:
        """Read a whole recording at once, instead of iterating.

        Raises:
            OSError: it cannot be read.
            DamagedFile: it is damaged.
        """
        from ..testing._recording_file import RecordingError, recording_from

        try:
            return recording_from(self._lines(), self.path or Path(STDIN))
        except RecordingError as error:
            raise DamagedFile(f"{self.name}, line {error.line}: {error.reason}") from error

    def _lines(self) -> Iterable[bytes]:
        return chain([self._first_line], self._file)

    def _raw(self) -> Iterator[TimedChunk]:
        if self._first_line:
            yield TimedChunk(self._first_line, None)
        while data := self._file.read1(CHUNK_SIZE):
            self.start = self.start or data
            yield TimedChunk(data, None)

    def _recorded(self) -> Iterator[FileConnection]:
        from ..testing._recording import RecordedChunk, RecordedConnection

        parts = self._parts()

        def body() -> Iterator[TimedChunk | RecordedEnd]:
            for part in parts:
                assert not isinstance(part, RecordedConnection)  # noqa: S101  # `parts_of` checks the order
                yield TimedChunk(part.data, part.seconds) if isinstance(part, RecordedChunk) else part

        for head in parts:
            assert isinstance(head, RecordedConnection)  # noqa: S101  # `parts_of` checks the order
            connection = FileConnection(body(), head)
            yield connection
            for _ in connection:
                pass

    def _parts(self) -> Iterator[Part]:
        # Imported here, because reading a raw body does not need the test kit.
        from ..testing._recording_file import InvalidLine, iter_parts

        try:
            yield from iter_parts(self._lines())
        except InvalidLine as damage:
            raise DamagedFile(f"{self.name}, line {damage.line}: {damage}") from damage

    def _close(self) -> None:
        # Standard input stays open: we did not open it.
        if self.path is not None:
            self._file.close()


def event_batches(
    file: StreamFile, *, comments: bool = False, until: Until | None = None
) -> Iterator[Sequence[Event | Comment]]:
    """Yield the events that each chunk of a file completes.

    Args:
        file: an open file. The parser is reset for each connection, as it was when they were received.
        comments: whether to yield comments too.
        until: the event at which to stop, as in `EventSource`; that event is not yielded.

    Raises:
        EventTooLarge: after the events before it were yielded.
        IncompleteStream: the file ends inside an event, or without `until`.
    """
    is_last = until if callable(until) else lambda event: event.data == until
    parser = Parser(comments=comments)
    dropped, text = 0, ""
    for connection in file:
        for chunk in connection if connection.is_stream else ():
            try:
                items = parser.feed(chunk.data)
            except EventTooLarge as error:
                yield error.events
                raise EventTooLarge(error.limit) from None
            if until is not None:
                for index, item in enumerate(items):
                    if isinstance(item, Event) and is_last(item):
                        yield items[:index]
                        return
            yield items
        # As for a client, the last event counts without its blank line at a clean end.
        last = parser.pending_event if connection.end is None or connection.end.end == "complete" else None
        if isinstance(until, str) and last is not None and last.data == until:
            return
        text = parser.pending_text
        dropped = parser.close()
        parser.reset()
    if dropped or until is not None:
        last_data = "" if callable(until) else until
        raise IncompleteStream(dropped, parser.last_event_id, text, last_data)


def _begins_recording(line: bytes) -> bool:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        # A line that begins as `record` writes it, and is not JSON, is a damaged or truncated recording.
        return line.startswith(b'{"version"')
    return isinstance(fields, dict) and "version" in fields


def _is_event_stream(head: RecordedConnection) -> bool:
    """Return whether a client takes this response as an event stream, by the same rule as for a live one."""
    if head.status != 200:
        return False
    content_type = Response(head.status, head.headers).joined("Content-Type")
    return essence(content_type or "") == "text/event-stream"
