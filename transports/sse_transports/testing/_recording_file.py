"""The file of a recording: JSON Lines that a person can read and compare.

A connection is a line about its request and answer, then a line for each chunk, and a line for its end.
Every name in them is told in docs/reference/recordings.md.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args

from .._driver import LONGEST_TIMEOUT
from ._recording import Ending, RecordedChunk, RecordedConnection, Recording

VERSION = 1
ENDINGS = get_args(Ending)


class RecordingError(ValueError):
    """A recording is damaged, or ends too early.

    Attributes:
        path: the file.
        line: where it is damaged, counted from 1.
        reason: how.
        recording: what stands before the damage. Its last connection may be cut short.
    """

    def __init__(self, path: Path, line: int, reason: str, recording: Recording) -> None:
        super().__init__(path, line, reason, recording)
        self.path = path
        self.line = line
        self.reason = reason
        self.recording = recording

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: {self.reason}"


class Damaged(Exception):
    """A line is not what it should be; `line` is its number, counted from 1."""

    line = 0


@dataclass(frozen=True, slots=True)
class RecordedEnd:
    """The end of a connection.

    Attributes:
        seconds: since the answer's head.
        end: how it ended.
    """

    seconds: float
    end: Ending


Part = RecordedConnection | RecordedChunk | RecordedEnd
"""What a line says: the beginning of a connection, with neither chunks nor an end yet; a chunk; an end."""


def head_line(connection: RecordedConnection) -> bytes:
    """Return the line that begins a connection."""
    fields = asdict(connection)
    for name in ("chunks", "end", "ended"):
        del fields[name]
    return _line({"version": VERSION, **fields})


def chunk_line(chunk: RecordedChunk) -> bytes:
    """Return the line of a chunk."""
    try:
        return _line({"seconds": chunk.seconds, "text": chunk.data.decode()})
    except UnicodeDecodeError:
        return _line({"seconds": chunk.seconds, "base64": base64.b64encode(chunk.data).decode()})


def end_line(seconds: float, end: Ending) -> bytes:
    """Return the line that ends a connection."""
    return _line({"seconds": seconds, "end": end})


def _line(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def read_recording(path: Path) -> Recording:
    """Read a file.

    Raises:
        OSError: it cannot be read.
        RecordingError: it is damaged, or ends too early.
    """
    with path.open("rb") as file:
        return collected(file, path)


def collected(lines: Iterable[bytes], path: Path) -> Recording:
    """Return the recording that is in these lines.

    Args:
        lines: each with its end, which the last one may lack.
        path: the file that an error names.

    Raises:
        OSError: the lines cannot be read.
        RecordingError: they are damaged, or end too early.
    """
    collection = _Collection()
    try:
        for part in parts_of(lines):
            collection.add(part)
    except Damaged as damage:
        raise RecordingError(path, damage.line, str(damage), collection.recording()) from damage.__cause__
    return collection.recording()


class _Collection:
    """The parts of a recording, put together."""

    def __init__(self) -> None:
        self._whole: list[RecordedConnection] = []
        self._open: RecordedConnection | None = None
        self._chunks: list[RecordedChunk] = []

    def add(self, part: Part) -> None:
        """Add the next part."""
        match part:
            case RecordedConnection():
                self._open, self._chunks = part, []
            case RecordedChunk():
                self._chunks.append(part)
            case RecordedEnd(seconds, end):
                self._close(seconds, end)

    def recording(self) -> Recording:
        """Return what there is; a connection without an end was left."""
        if self._open is not None:
            self._close(self._chunks[-1].seconds if self._chunks else 0.0, "left")
        return Recording(tuple(self._whole))

    def _close(self, seconds: float, end: Ending) -> None:
        assert self._open is not None  # noqa: S101  # as the lines are in order
        self._whole.append(replace(self._open, chunks=tuple(self._chunks), end=end, ended=seconds))
        self._open = None


def parts_of(lines: Iterable[bytes]) -> Iterator[Part]:
    """Yield what each line of a recording says, as the lines come.

    Args:
        lines: each with its end, which the last one may lack.

    Raises:
        Damaged: a line is not what it should be, or they end too early.
    """
    reading = _Reading()
    try:
        for line in lines:
            yield reading.take(line)
        reading.end()
    except Damaged as damage:
        damage.line = reading.line
        raise


class _Reading:
    """A recording, line by line; `line` is the number of the last one."""

    def __init__(self) -> None:
        self.line = 0
        self._is_empty = True
        self._has_line_end = True
        self._is_open = False
        self._seconds = 0.0

    def take(self, line: bytes) -> Part:
        """Take the next line."""
        self.line += 1
        self._is_empty = False
        # An editor may have dropped the end of the last line, which is whole all the same.
        self._has_line_end = line.endswith(b"\n")
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise Damaged("not JSON" if self._has_line_end else "the line is cut short") from error
        except RecursionError as error:
            raise Damaged("not a recording's: nested too deeply") from error
        if not isinstance(fields, dict):
            raise Damaged(f"expected an object, not {type(fields).__name__}")
        if not self._is_open:
            return self._begin(fields)
        self._seconds = _seconds(fields, at_least=self._seconds)
        match fields:
            case {"text": str(text)} if text:
                return RecordedChunk(self._seconds, _encoded(text))
            case {"base64": str(digits)} if digits:
                return RecordedChunk(self._seconds, _decoded(digits))
            case {"end": str(end)} if end in ENDINGS:
                self._is_open = False
                return RecordedEnd(self._seconds, cast("Ending", end))
            case _:
                raise Damaged(f"expected a chunk (text or base64) or an end ({', '.join(ENDINGS)})")

    def end(self) -> None:
        """Take note that there are no more lines."""
        if self._has_line_end:
            # What is missing, is missing in the next line.
            self.line += 1
        if self._is_open:
            raise Damaged("the recording ends inside a connection")
        if self._is_empty:
            raise Damaged("the recording is empty")

    def _begin(self, fields: dict[str, Any]) -> RecordedConnection:
        version = fields.get("version")
        if version != VERSION:
            raise Damaged(f"expected the beginning of a connection in version {VERSION}, not {version!r}")
        for name in ("time", "method", "url"):
            if not isinstance(fields.get(name), str):
                raise Damaged(f"{name}: expected text")
        status = fields.get("status", "")
        if not (status is None or (type(status) is int and 100 <= status <= 999)):
            raise Damaged(f"status: expected a number of three digits or null, not {status!r}")
        connection = RecordedConnection(
            time=fields["time"],
            method=fields["method"],
            url=fields["url"],
            request_headers=_headers(fields, "request_headers"),
            seconds=_seconds(fields, at_least=0.0),
            status=status,
            headers=_headers(fields, "headers"),
            chunks=(),
            end="left",
            ended=0.0,
        )
        self._is_open = True
        self._seconds = 0.0
        return connection


def _seconds(fields: dict[str, Any], *, at_least: float) -> float:
    seconds: Any = fields.get("seconds")
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not is_number or not at_least <= seconds <= LONGEST_TIMEOUT:
        raise Damaged(f"seconds: expected {at_least:g} or more, not {seconds!r}")
    return float(seconds)


def _headers(fields: dict[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    headers = fields.get(name)
    if not isinstance(headers, list) or not all(_is_pair(pair) for pair in headers):
        raise Damaged(f"{name}: expected a list of pairs of text")
    return tuple((field, value) for field, value in headers)


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Damaged("text: holds a lone surrogate, which is no text") from error


def _decoded(digits: str) -> bytes:
    try:
        return base64.b64decode(digits, validate=True)
    except ValueError as error:
        raise Damaged("base64: not base64") from error
