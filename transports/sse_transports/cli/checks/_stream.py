"""The body of an event stream, taken apart: lines, blocks, events, comments, and the silences between.

WHATWG HTML 9.2.5 and 9.2.6. Events come from the parser; what the parser drops in silence, as the
standard wants it to, is what a check is about.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate

from sse_core import Event, Parser

LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
BOM = b"\xef\xbb\xbf"
FIELDS = (b"data", b"event", b"id", b"retry")

TOGETHER = 0.05
"""Seconds; what comes with less between is one burst."""


class Place(Enum):
    """Where in the stream a silence fell."""

    BETWEEN = "between events"
    IN_EVENT = "inside an event, between two lines"
    IN_LINE = "inside a line"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its bytes, its line end (empty for one that is not whole), and when it was whole."""

    text: bytes
    end: bytes
    at: float

    @property
    def name(self) -> bytes:
        """The field's name: all of a line without a colon, empty for a comment."""
        return self.text.partition(b":")[0]

    @property
    def value(self) -> bytes:
        """The field's value."""
        return self.text.partition(b":")[2].removeprefix(b" ")


@dataclass(frozen=True, slots=True)
class Block:
    """The lines up to a blank line, and the event they are, if they are one."""

    lines: tuple[Line, ...]
    size: int
    at: float
    event: Event | None = None

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of a field, in order."""
        return [line.value for line in self.lines if line.name == name and line.text]

    @property
    def own_id(self) -> str | None:
        """The ID that this block sets, or None."""
        values = [value for value in self.values(b"id") if b"\0" not in value]
        return values[-1].decode("utf-8", "replace") if values else None

    @property
    def comments(self) -> list[Line]:
        """The lines that are comments."""
        return [line for line in self.lines if line.text.startswith(b":")]


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which nothing came: from when, how long, behind how many bytes of the body, and where."""

    at: float
    seconds: float
    behind: int
    place: Place


@dataclass(frozen=True, slots=True)
class Burst:
    """What came with nearly no time between."""

    at: float
    size: int
    end: int


class Stream:
    """A body, taken apart.

    Args:
        pieces: (when, bytes) in the order they came.
        begin: when the head had come.
        end: when the reading ended.
        was_left: whether the stream went on when the reading ended.
        last_event_id: the ID that was asked for.
    """

    def __init__(
        self,
        pieces: list[tuple[float, bytes]],
        *,
        begin: float = 0.0,
        end: float = 0.0,
        was_left: bool = False,
        last_event_id: str = "",
    ) -> None:
        self.body = b"".join(data for _, data in pieces)
        self.begin = begin
        self.end = max([end, *(at for at, _ in pieces[-1:])])
        self.was_left = was_left
        self.has_bom = self.body.startswith(BOM)
        self._times = [at for at, _ in pieces]
        self._ends = list(accumulate(len(data) for _, data in pieces))
        parser = Parser(last_event_id=last_event_id)
        self._events = iter(parser.feed(self.body))
        self.last_event_id = parser.last_event_id
        self.lines: list[Line] = []
        self.blocks: list[Block] = []
        self.unfinished: tuple[Line, ...] = ()
        self._inner: set[int] = set()
        self._borders: set[int] = {0}
        self._take_apart()

    def _take_apart(self) -> None:
        lines: list[Line] = []
        start = 0
        has_fields = False
        for match in LINE.finditer(self.body, len(BOM) * self.has_bom):
            text, end = match.groups()
            if not text and not end:
                break
            position = match.end()
            line = Line(text, end, self._time_of(position))
            self.lines.append(line)
            if end and not text:
                if lines:
                    has_data = any(each.name == b"data" and each.text for each in lines)
                    event = next(self._events, None) if has_data else None
                    self.blocks.append(Block(tuple(lines), position - start, line.at, event))
                lines = []
                start = position
                has_fields = False
            else:
                lines.append(line)
                has_fields = has_fields or not text.startswith(b":")
            # Behind comments alone, no event has begun.
            if end:
                (self._inner if has_fields else self._borders).add(position)
        self.unfinished = tuple(lines)

    def _time_of(self, position: int) -> float:
        """Return when the byte before this position came."""
        return self._times[min(bisect_left(self._ends, position), len(self._times) - 1)]

    @cached_property
    def events(self) -> list[Event]:
        """The events, in order."""
        return [block.event for block in self.blocks if block.event is not None]

    @cached_property
    def event_blocks(self) -> list[Block]:
        """The blocks that are events."""
        return [block for block in self.blocks if block.event is not None]

    @cached_property
    def comments(self) -> list[Line]:
        """The comments, in order."""
        return [line for line in self.lines if line.text.startswith(b":")]

    @cached_property
    def pending(self) -> int:
        """Bytes of fields behind the last blank line: an event that was not finished."""
        fields = [line for line in self.unfinished if line.name in FIELDS and line.text]
        return sum(len(line.text) + len(line.end) for line in fields)

    @cached_property
    def silences(self) -> list[Silence]:
        """All times in which nothing came, the one before the first byte and the last one included."""
        times = [self.begin, *self._times]
        if self.was_left:
            times.append(self.end)
        behind = [0, *self._ends]
        return [
            Silence(before, after - before, position, self._place(position))
            for before, after, position in zip(times, times[1:], behind, strict=False)
        ]

    def _place(self, position: int) -> Place:
        if self.body[position - 1 : position + 1] == b"\r\n":
            position += 1
        if position in self._borders or position == len(BOM) * self.has_bom:
            return Place.BETWEEN
        return Place.IN_EVENT if position in self._inner else Place.IN_LINE

    @cached_property
    def bursts(self) -> list[Burst]:
        """The pieces, those that came together as one."""
        bursts: list[Burst] = []
        begin = size = 0
        last = at = float("-inf")
        for time, end in zip(self._times, self._ends, strict=True):
            if time - last >= TOGETHER and size:
                bursts.append(Burst(at, size, begin + size))
                begin, size = begin + size, 0
            if not size:
                at = time
            size = end - begin
            last = time
        if size:
            bursts.append(Burst(at, size, begin + size))
        return bursts
