"""The body of an event stream, split into lines, blocks, events, comments and the silences between them.

WHATWG HTML 9.2.5 and 9.2.6. The events come from the parser. The lines are kept beside them, because a
check is about what a parser silently ignores, as the standard requires.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate

from sse_core import Event, Parser

from .._blocks import BOM

LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
FIELDS = (b"data", b"event", b"id", b"retry")

SAME_BURST = 0.05
"""Seconds; chunks with a shorter interval belong to one burst."""


class Position(Enum):
    """The position in the stream at which a silence began."""

    BETWEEN_EVENTS = "between events"
    IN_EVENT = "inside an event, between two lines"
    IN_LINE = "inside a line"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its bytes, its line ending (empty if the line is incomplete), and when its end came."""

    text: bytes
    end: bytes
    at: float

    @property
    def name(self) -> bytes:
        """The field name: the whole line if it has no colon, empty for a comment."""
        return self.text.partition(b":")[0]

    @property
    def value(self) -> bytes:
        """The field value."""
        return self.text.partition(b":")[2].removeprefix(b" ")


@dataclass(frozen=True, slots=True)
class Block:
    """The lines up to a blank line, and the event that they dispatch, if any."""

    lines: tuple[Line, ...]
    size: int
    at: float
    event: Event | None = None

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of a field, in order."""
        return [line.value for line in self.lines if line.name == name and line.text]

    @property
    def own_id(self) -> str | None:
        """The event ID that this block sets, or None."""
        values = [value for value in self.values(b"id") if b"\0" not in value]
        return values[-1].decode("utf-8", "replace") if values else None

    @property
    def comments(self) -> list[Line]:
        """The comment lines."""
        return [line for line in self.lines if line.text.startswith(b":")]


@dataclass(frozen=True, slots=True)
class Silence:
    """A time without data: its begin, its length, the body bytes before it, and its position."""

    at: float
    seconds: float
    offset: int
    position: Position


@dataclass(frozen=True, slots=True)
class Burst:
    """Chunks that came nearly together: when the first came, their size, and the body offset of their end."""

    at: float
    size: int
    end: int


class Stream:
    """A body, split into lines and blocks.

    Args:
        chunks: (time, bytes) in the order received.
        begin: when the response headers came.
        end: when the reading ended.
        still_open: whether the stream was still open when the reading ended.
        last_event_id: the Last-Event-ID of the request.
    """

    def __init__(
        self,
        chunks: list[tuple[float, bytes]],
        *,
        begin: float = 0.0,
        end: float = 0.0,
        still_open: bool = False,
        last_event_id: str = "",
    ) -> None:
        self.body = b"".join(data for _, data in chunks)
        self.begin = begin
        self.end = max([end, *(at for at, _ in chunks[-1:])])
        self.still_open = still_open
        self.has_bom = self.body.startswith(BOM)
        self._times = [at for at, _ in chunks]
        self._ends = list(accumulate(len(data) for _, data in chunks))
        parser = Parser(last_event_id=last_event_id)
        self._events = iter(parser.feed(self.body))
        self.last_event_id = parser.last_event_id
        self.lines: list[Line] = []
        self.blocks: list[Block] = []
        self.incomplete: tuple[Line, ...] = ()
        # Body offsets of line ends: inside an event, and between events.
        self._offsets_in_event: set[int] = set()
        self._offsets_between: set[int] = {0}
        self._split()

    def _split(self) -> None:
        lines: list[Line] = []
        start = 0
        has_fields = False
        for match in LINE.finditer(self.body, len(BOM) * self.has_bom):
            text, end = match.groups()
            if not text and not end:
                break
            offset = match.end()
            line = Line(text, end, self._time_of(offset))
            self.lines.append(line)
            if end and not text:
                if lines:
                    has_data = any(each.name == b"data" and each.text for each in lines)
                    event = next(self._events, None) if has_data else None
                    self.blocks.append(Block(tuple(lines), offset - start, line.at, event))
                lines = []
                start = offset
                has_fields = False
            else:
                lines.append(line)
                has_fields = has_fields or not text.startswith(b":")
            # Comments alone do not begin an event.
            if end:
                (self._offsets_in_event if has_fields else self._offsets_between).add(offset)
        self.incomplete = tuple(lines)

    def _time_of(self, offset: int) -> float:
        """Return when the byte before this offset came."""
        return self._times[min(bisect_left(self._ends, offset), len(self._times) - 1)]

    @cached_property
    def events(self) -> list[Event]:
        """The events, in order."""
        return [block.event for block in self.blocks if block.event is not None]

    @cached_property
    def event_blocks(self) -> list[Block]:
        """The blocks that dispatch an event."""
        return [block for block in self.blocks if block.event is not None]

    @cached_property
    def comments(self) -> list[Line]:
        """The comments, in order."""
        return [line for line in self.lines if line.text.startswith(b":")]

    @cached_property
    def pending(self) -> int:
        """Bytes of fields after the last blank line: an incomplete event."""
        fields = [line for line in self.incomplete if line.name in FIELDS and line.text]
        return sum(len(line.text) + len(line.end) for line in fields)

    @cached_property
    def silences(self) -> list[Silence]:
        """All intervals without data, including those before the first byte and after the last."""
        times = [self.begin, *self._times]
        if self.still_open:
            times.append(self.end)
        offsets = [0, *self._ends]
        return [
            Silence(before, after - before, offset, self._position(offset))
            for before, after, offset in zip(times, times[1:], offsets, strict=False)
        ]

    def _position(self, offset: int) -> Position:
        # A chunk that ends between the CR and the LF of a CRLF has ended the line.
        if self.body[offset - 1 : offset + 1] == b"\r\n":
            offset += 1
        if offset in self._offsets_between or offset == len(BOM) * self.has_bom:
            return Position.BETWEEN_EVENTS
        return Position.IN_EVENT if offset in self._offsets_in_event else Position.IN_LINE

    @cached_property
    def bursts(self) -> list[Burst]:
        """The chunks, with those that came together joined."""
        bursts: list[Burst] = []
        begin = size = 0
        last = at = float("-inf")
        for time, end in zip(self._times, self._ends, strict=True):
            if time - last >= SAME_BURST and size:
                bursts.append(Burst(at, size, begin + size))
                begin, size = begin + size, 0
            if not size:
                at = time
            size = end - begin
            last = time
        if size:
            bursts.append(Burst(at, size, begin + size))
        return bursts
