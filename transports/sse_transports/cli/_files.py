"""What is read from a file or standard input: a recording, or the body of an event stream as it was sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from io import BufferedReader
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self, cast

from ._targets import STDIN

if TYPE_CHECKING:
    from ..testing._recording import RecordedConnection, Recording
    from ..testing._recording_file import Part, RecordedEnd

PIECE = 2**16
"""Bytes read at a time, at most."""

LONGEST_HEAD = 2**20
"""Bytes within which the first line of a recording has its end."""


class DamagedFile(OSError):
    """A recording that is damaged, or ends too early; says where."""


class Piece(NamedTuple):
    """Bytes that came together.

    Attributes:
        data: the bytes.
        seconds: since the answer's head; None in a raw body, of which nobody noted it.
    """

    data: bytes
    seconds: float | None


class Connection:
    """One connection of a file: iterate to get its pieces, once, and as they are read.

    Attributes:
        head: what was asked and answered, without chunks and end; None for a raw body.
        is_stream: whether the pieces are of an event stream, and not of an error's text, say.
        end: how it ended, once the last piece was read; None until then, and for a raw body.
    """

    def __init__(self, parts: Iterator[Piece | RecordedEnd], head: RecordedConnection | None = None) -> None:
        self._parts = parts
        self.head = head
        self.is_stream = head is None or _is_accepted(head)
        self.end: RecordedEnd | None = None

    def __iter__(self) -> Iterator[Piece]:
        if self.end is None:
            for part in self._parts:
                if not isinstance(part, Piece):
                    self.end = part
                    return
                yield part


class StreamFile:
    """A file that holds an event stream, or standard input, open to be read once, as a context manager.

    Iterate to get its connections, in turn: a recording has one or more, a raw body is one. Which of
    the two it is, the first line tells. Bytes are read as they are asked for and as they are there:
    nothing is held of a large file, and nothing that came through a pipe waits for what comes next.
    Whoever goes on to the next connection passes over what was not read of the last one.

    Args:
        path: a file, or `-` for standard input.

    Raises:
        OSError: when it is entered, if it cannot be opened; iterating, if it cannot be read.
        DamagedFile: iterating, where a recording is damaged; what stands before that was yielded.

    Attributes:
        path: the file; None for standard input.
        name: what it is called in a message.
        is_recording: whether it is a recording, once it is entered.
    """

    def __init__(self, path: str) -> None:
        self.path = None if path == STDIN else Path(path)
        self.name = "standard input" if path == STDIN else path
        self.is_recording = False
        self._first = b""

    def __enter__(self) -> Self:
        self._file = cast("BufferedReader", sys.stdin.buffer) if self.path is None else self.path.open("rb")
        try:
            # No line of an event stream begins like this, but for some that are passed over. All
            # others are not waited for: a line may come slowly.
            if self._file.peek(1)[:1] == b"{":
                self._first = self._file.readline(LONGEST_HEAD)
                self.is_recording = _begins_recording(self._first)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def __iter__(self) -> Iterator[Connection]:
        return self._recorded() if self.is_recording else iter([Connection(self._raw())])

    def recording(self) -> Recording:
        """Return a recording as a whole, instead of its connections.

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
        return chain([self._first], self._file)

    def _raw(self) -> Iterator[Piece]:
        if self._first:
            yield Piece(self._first, None)
        while data := self._file.read1(PIECE):
            yield Piece(data, None)

    def _recorded(self) -> Iterator[Connection]:
        from ..testing._recording import RecordedChunk, RecordedConnection

        parts = self._parts()

        def within() -> Iterator[Piece | RecordedEnd]:
            for part in parts:
                assert not isinstance(part, RecordedConnection)  # noqa: S101  # as the lines are in order
                yield Piece(part.data, part.seconds) if isinstance(part, RecordedChunk) else part

        for head in parts:
            assert isinstance(head, RecordedConnection)  # noqa: S101  # as the lines are in order
            connection = Connection(within(), head)
            yield connection
            for _ in connection:
                pass

    def _parts(self) -> Iterator[Part]:
        # Not above: who reads a raw body needs not wait for what tests are made of.
        from ..testing._recording_file import InvalidLine, iter_parts

        try:
            yield from iter_parts(self._lines())
        except InvalidLine as damage:
            raise DamagedFile(f"{self.name}, line {damage.line}: {damage}") from damage

    def _close(self) -> None:
        # Standard input is not ours to close.
        if self.path is not None:
            self._file.close()


def _begins_recording(line: bytes) -> bool:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        # As `record` begins: it may be damaged or cut short, which is then told.
        return line.startswith(b'{"version"')
    return isinstance(fields, dict) and "version" in fields


def _is_accepted(head: RecordedConnection) -> bool:
    types = [value for name, value in head.headers if name.lower() == "content-type"]
    essence = types[-1].partition(";")[0].strip(" \t").lower() if types else ""
    return head.status == 200 and essence == "text/event-stream"
