"""The file format of recordings: JSON Lines that a person can read and compare.

A connection is one line about its request and response, then one line for each chunk, then one line for its
end. docs/reference/recordings.md explains every name.
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
    """A recording is damaged or incomplete.

    Attributes:
        path: the file.
        line: the number of the damaged line, counted from 1.
        reason: what is wrong.
        recording: everything before the damage. Its last connection may be incomplete.
    """

    def __init__(self, path: Path, line: int, reason: str, recording: Recording) -> None:
        super().__init__(path, line, reason, recording)
        self.path = path
        self.line = line
        self.reason = reason
        self.recording = recording

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: {self.reason}"


class InvalidLine(Exception):
    """A line is not valid at its place; `line` is its number, counted from 1."""

    line = 0


@dataclass(frozen=True, slots=True)
class RecordedEnd:
    """The end of a connection.

    Attributes:
        seconds: since the response headers.
        end: how it ended.
    """

    seconds: float
    end: Ending


Part = RecordedConnection | RecordedChunk | RecordedEnd
"""The content of one line: a connection that begins, without chunks and end yet; a chunk; or an end."""


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
        RecordingError: it is damaged or incomplete.
    """
    with path.open("rb") as file:
        return recording_from(file, path)


def recording_from(lines: Iterable[bytes], path: Path) -> Recording:
    """Return the recording that these lines contain.

    Args:
        lines: each with its LF, which the last one may lack.
        path: the file that an error names.

    Raises:
        OSError: the lines cannot be read.
        RecordingError: they are damaged or incomplete.
    """
    builder = _RecordingBuilder()
    try:
        for part in iter_parts(lines):
            builder.add(part)
    except InvalidLine as error:
        raise RecordingError(path, error.line, str(error), builder.recording()) from error.__cause__
    return builder.recording()


class _RecordingBuilder:
    """Assembles a recording from the parts of its lines."""

    def __init__(self) -> None:
        self._connections: list[RecordedConnection] = []
        # The connection that has begun and not ended, or None, and its chunks.
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
        """Return the recording so far; a connection without an end counts as left by the client."""
        if self._open is not None:
            self._close(self._chunks[-1].seconds if self._chunks else 0.0, "left")
        return Recording(tuple(self._connections))

    def _close(self, seconds: float, end: Ending) -> None:
        assert self._open is not None  # noqa: S101  # `iter_parts` has checked the order
        self._connections.append(replace(self._open, chunks=tuple(self._chunks), end=end, ended=seconds))
        self._open = None


def iter_parts(lines: Iterable[bytes]) -> Iterator[Part]:
    """Yield the content of each line of a recording, as the lines come.

    Args:
        lines: each with its LF, which the last one may lack.

    Raises:
        InvalidLine: a line is not valid, or lines are missing at the end.
    """
    reader = _LineReader()
    try:
        for line in lines:
            yield reader.read(line)
        reader.end()
    except InvalidLine as error:
        error.line = reader.line
        raise


class _LineReader:
    """Reads a recording line by line; `line` is the number of the last one."""

    def __init__(self) -> None:
        self.line = 0
        self._is_empty = True
        self._has_line_end = True
        # Inside a connection, and the time of its last line.
        self._is_open = False
        self._seconds = 0.0

    def read(self, line: bytes) -> Part:
        """Return the content of the next line."""
        self.line += 1
        self._is_empty = False
        # The last line may lack its LF, for instance after an editor removed it, and still be complete.
        self._has_line_end = line.endswith(b"\n")
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise InvalidLine("not JSON" if self._has_line_end else "the line is truncated") from error
        except RecursionError as error:
            raise InvalidLine("not from a recording: nested too deeply") from error
        if not isinstance(fields, dict):
            raise InvalidLine(f"expected an object, not {type(fields).__name__}")
        if not self._is_open:
            return self._begin(fields)
        self._seconds = _seconds(fields, at_least=self._seconds)
        match fields:
            case {"text": str(text)} if text:
                return RecordedChunk(self._seconds, _encode_text(text))
            case {"base64": str(digits)} if digits:
                return RecordedChunk(self._seconds, _decode_base64(digits))
            case {"end": str(end)} if end in ENDINGS:
                self._is_open = False
                return RecordedEnd(self._seconds, cast("Ending", end))
            case _:
                raise InvalidLine(f"expected a chunk (text or base64) or an end ({', '.join(ENDINGS)})")

    def end(self) -> None:
        """Check that the recording may end here."""
        if self._has_line_end:
            # The last line is complete, so an error names the next one, which is missing.
            self.line += 1
        if self._is_open:
            raise InvalidLine("the recording ends inside a connection")
        if self._is_empty:
            raise InvalidLine("the recording is empty")

    def _begin(self, fields: dict[str, Any]) -> RecordedConnection:
        version = fields.get("version")
        if version != VERSION:
            raise InvalidLine(f"expected the beginning of a connection in version {VERSION}, not {version!r}")
        for name in ("time", "method", "url"):
            if not isinstance(fields.get(name), str):
                raise InvalidLine(f"{name}: expected text")
        status = fields.get("status", "")
        if not (status is None or (type(status) is int and 100 <= status <= 999)):
            raise InvalidLine(f"status: expected a number of three digits or null, not {status!r}")
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
        raise InvalidLine(f"seconds: expected {at_least:g} or more, not {seconds!r}")
    return float(seconds)


def _headers(fields: dict[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    headers = fields.get(name)
    if not isinstance(headers, list) or not all(_is_pair(pair) for pair in headers):
        raise InvalidLine(f"{name}: expected a list of pairs of text")
    return tuple((field, value) for field, value in headers)


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _encode_text(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidLine("text: contains a lone surrogate, which UTF-8 cannot encode") from error


def _decode_base64(digits: str) -> bytes:
    try:
        return base64.b64decode(digits, validate=True)
    except ValueError as error:
        raise InvalidLine("base64: not base64") from error
