"""The file of a recording: JSON Lines that a person can read and compare.

A connection is a line about its request and answer, then a line for each chunk, and a line for its end.
Every name in them is told in docs/reference/recordings.md.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
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
    """A line is not what it should be."""


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
    reading = _Reading()
    # Not `splitlines`: text may hold what some take for the end of a line.
    *lines, rest = path.read_bytes().split(b"\n")
    try:
        for line in lines:
            reading.take(line)
        reading.end(rest)
    except Damaged as damage:
        raise RecordingError(path, reading.line, str(damage), reading.recording()) from damage.__cause__
    return reading.recording()


class _Reading:
    """A recording, line by line; `line` is the number of the last one."""

    def __init__(self) -> None:
        self.line = 0
        self._whole: list[RecordedConnection] = []
        self._head: dict[str, Any] | None = None
        self._chunks: list[RecordedChunk] = []
        self._seconds = 0.0

    def recording(self) -> Recording:
        """Return what there is; a connection without an end was left."""
        if self._head is None:
            return Recording(tuple(self._whole))
        return Recording((*self._whole, self._connection("left")))

    def take(self, line: bytes) -> None:
        """Take the next line."""
        self.line += 1
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise Damaged("not JSON") from error
        except RecursionError as error:
            raise Damaged("not a recording's: nested too deeply") from error
        if not isinstance(fields, dict):
            raise Damaged(f"expected an object, not {type(fields).__name__}")
        if self._head is None:
            self._begin(fields)
            return
        self._seconds = _seconds(fields, at_least=self._seconds)
        match fields:
            case {"text": str(text)} if text:
                self._chunks.append(RecordedChunk(self._seconds, _encoded(text)))
            case {"base64": str(digits)} if digits:
                self._chunks.append(RecordedChunk(self._seconds, _decoded(digits)))
            case {"end": str(end)} if end in ENDINGS:
                self._whole.append(self._connection(cast("Ending", end)))
                self._head = None
            case _:
                raise Damaged(f"expected a chunk (text or base64) or an end ({', '.join(ENDINGS)})")

    def end(self, rest: bytes) -> None:
        """Take what stands behind the last line's end."""
        if _is_json(rest):
            # An editor may have dropped the end of the last line.
            self.take(rest)
        else:
            self.line += 1
            if rest:
                raise Damaged("the line is cut short")
        if self._head is not None:
            raise Damaged("the recording ends inside a connection")
        if not self._whole:
            raise Damaged("the recording is empty")

    def _begin(self, fields: dict[str, Any]) -> None:
        version = fields.get("version")
        if version != VERSION:
            raise Damaged(f"expected the beginning of a connection in version {VERSION}, not {version!r}")
        for name in ("time", "method", "url"):
            if not isinstance(fields.get(name), str):
                raise Damaged(f"{name}: expected text")
        status = fields.get("status", "")
        if not (status is None or (type(status) is int and 100 <= status <= 999)):
            raise Damaged(f"status: expected a number of three digits or null, not {status!r}")
        self._head = {
            "time": fields["time"],
            "method": fields["method"],
            "url": fields["url"],
            "request_headers": _headers(fields, "request_headers"),
            "seconds": _seconds(fields, at_least=0.0),
            "status": status,
            "headers": _headers(fields, "headers"),
        }
        self._chunks = []
        self._seconds = 0.0

    def _connection(self, end: Ending) -> RecordedConnection:
        head = self._head or {}
        return RecordedConnection(**head, chunks=tuple(self._chunks), end=end, ended=self._seconds)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


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
