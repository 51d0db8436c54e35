"""The unfinished event: its whole lines are taken and counted, the line that is not whole is held."""

from __future__ import annotations

from ._lines import LineReader
from ._pieces import Pieces
from ._text import decoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._events import Comment, Event

FIELD_NAMES = (b"data", b"event", b"id", b"retry")
LONGEST_NAME = 5

LARGEST_START = 2**14
"""Bytes of an unfinished event, or line, that are copied with each chunk: there must not be many."""

# How an unfinished line may be used.
UNDECIDED = 0  # too short to tell; at most LONGEST_NAME bytes
FIELD = 1
COMMENT = 2
SKIPPED = 3


class LimitReached(Exception):
    """An event outgrew the limit; `feed` turns it into `EventTooLarge`."""


class EventHolder(LineReader):
    """Holds what has come of an event, and no more than the limit, whatever else comes with it."""

    __slots__ = (
        "_after_cr",
        "_carry",
        "_data_lines",
        "_largest_start",
        "_line",
        "_line_size",
        "_line_use",
        "_max_event_size",
        "_size",
        "_start",
    )

    def __init__(self, last_event_id: str, max_event_size: int, comments: bool) -> None:
        self._max_event_size = max_event_size
        # Bytes of an unfinished event that are kept unread. Comments that were asked for do not wait.
        self._largest_start = 0 if comments else min(LARGEST_START, max_event_size)
        super().__init__(last_event_id, comments)

    def _begin(self) -> None:
        super()._begin()
        # Whether the last chunk ended in CR: a LF at the start of the next belongs to it.
        self._after_cr = False
        # The start of an unfinished event, not looked at yet. While there is some, nothing else is held.
        self._start = b""
        # The values of an event of very many data lines, each after a CR, and the line that is not whole,
        # after its LF. While there is such a line, be it only the LF, no other is held.
        self._data_lines = Pieces()
        self._carry = b""
        # The unfinished line: its pieces, and how it may be used.
        self._line = Pieces()
        self._line_size = 0
        self._line_use = UNDECIDED
        # The bytes of the event's whole lines.
        self._size = 0

    @property
    def retry(self) -> int | None:
        """The last valid `retry` value in milliseconds, or None. At most 10**18 - 1."""
        self._look_at_start()
        return self._retry

    @property
    def pending(self) -> int:
        """Bytes that arrived for an event which is not finished.

        Comments and unknown fields do not count: a stream that ends in one is complete.
        """
        self._look_at_start()
        held = self._line_size if self._line_use in (UNDECIDED, FIELD) else 0
        return self._size + held

    def _look_at_start(self) -> None:
        """Take what was not looked at: its lines may set the reconnection time."""
        self._end_data_lines()
        start, self._start = self._start, b""
        # No more than the limit, and no comments that anybody asked for: it gives nothing.
        self._take_unfinished(start, [])

    def _take_unfinished(self, data: bytes, events: list[Event | Comment]) -> None:
        """Take bytes from the start of a line on: the whole lines now, the rest is held."""
        if len(data) > LARGEST_START and not self._after_cr:
            self._carry = b"\n"
            data = self._take_data_lines(data)
        end = data.rfind(b"\n") + 1
        if end:
            self._take_counted(data[:end], events)
            data = data[end:]
        self._hold(data)

    def _take_counted(self, data: bytes, events: list[Event | Comment]) -> None:
        """Take whole lines, and count what they add to the event against the limit."""
        lines: list[str] = []
        try:
            for line in data[:-1].split(b"\n"):
                name = line.partition(b":")[0]
                size = len(line) + 1
                if not line:
                    self._size = 0
                elif name in FIELD_NAMES:
                    self._size += size
                    if self._size > self._max_event_size:
                        raise LimitReached
                elif name or not self._comments:
                    continue
                elif size > self._max_event_size:
                    raise LimitReached
                lines.append(decoded(line))
        finally:
            self._take_lines(lines, events)

    def _take_data_lines(self, data: bytes) -> bytes:
        """Fast way: nothing but lines of data, of which one event may have very many.

        Return what is not taken: all, or what begins with the line end of a blank line.
        """
        lines = self._carry + data
        end = lines.rfind(b"\n")
        if (
            self._size + len(lines) <= self._max_event_size
            and len(lines) - end <= LARGEST_START
            and lines.find(b"\r") < 0
        ):
            if self._add_data_lines(lines, end):
                return b""
            blank = lines.find(b"\n\n")
            if blank >= 0 and self._add_data_lines(lines, blank):
                data = lines[blank + 1 :]
                self._carry = b"\n"
        self._end_data_lines()
        return data

    def _add_data_lines(self, lines: bytes, end: int) -> bool:
        # No CR is among them, so that one may stand for what is between two values.
        values = lines[:end].replace(b"\ndata: ", b"\r")
        if values.find(b"\n") >= 0:
            return False
        self._data_lines.append(values)
        self._size += end
        self._carry = lines[end:]
        return True

    def _end_data_lines(self) -> None:
        """Put what the fast way gathered where the plain way has it."""
        if self._carry:
            carry, self._carry = self._carry, b""
            values = self._data_lines.join()
            self._data_lines = Pieces()
            if values:
                self._add_data(decoded(values[1:].replace(b"\r", b"\n")))
            self._hold(carry[1:])

    def _resume(self, data: bytes, events: list[Event | Comment]) -> bytes:
        """Go on with the event or the line that an earlier chunk began; return what is left.

        Only the new bytes are searched, and the pieces of a line are joined once.
        """
        if self._line_size:
            end = data.find(b"\n")
            if end < 0:
                self._hold(data)
                return b""
            self._end_line(data[:end], events)
            data = data[end + 1 :]
        if not self._size:
            return data
        if data.startswith(b"\n"):
            end = 0
        else:
            end = data.find(b"\n\n") + 1
            if not end:
                self._take_unfinished(data, events)
                return b""
            self._take_counted(data[:end], events)
        self._take_lines([""], events)
        self._size = 0
        return data[end + 1 :]

    def _end_line(self, piece: bytes, events: list[Event | Comment]) -> None:
        """Take the held line, of which this is the last piece."""
        line_use = self._line_use
        self._line.append(piece)
        whole = self._line.join()
        self._line = Pieces()
        self._line_size = 0
        self._line_use = UNDECIDED
        if line_use == SKIPPED:
            return
        if whole.startswith(b"data: "):
            self._size += len(whole) + 1
            if self._size > self._max_event_size:
                raise LimitReached
            # It may be huge: not copied before it is decoded.
            self._add_data(decoded(memoryview(whole)[6:]))
        else:
            self._take_counted(whole + b"\n", events)

    def _held_within_line(self, data: bytes) -> bool:
        """Fast way: a chunk within a long line. Return whether it is, and is held now."""
        size = self._line_size + len(data)
        if self._size + size > self._max_event_size or data.find(b"\n") >= 0 or data.find(b"\r") >= 0:
            return False
        self._line_size = size
        self._line.append(data)
        return True

    def _hold(self, piece: bytes) -> None:
        """Keep a piece of an unfinished line, if the line can still matter.

        A line that can no longer become a field, or a comment somebody asked for, is not kept:
        heartbeats may fill a connection for weeks before its next blank line.
        """
        if not piece:
            return
        if self._line_use == UNDECIDED:
            self._line_use = self._use_of(self._line.join() + piece[: LONGEST_NAME + 1])
            if self._line_use == SKIPPED:
                self._line = Pieces()
        self._line_size += len(piece)
        if self._line_use == SKIPPED:
            return
        self._line.append(piece)
        if self._line_use == FIELD and self._size + self._line_size > self._max_event_size:
            raise LimitReached
        if self._line_use == COMMENT and self._line_size > self._max_event_size:
            raise LimitReached

    def _use_of(self, head: bytes) -> int:
        name, colon, _ = head.partition(b":")
        if not colon:
            may_be_a_field = any(known.startswith(name) for known in FIELD_NAMES)
            return UNDECIDED if may_be_a_field else SKIPPED
        if not name:
            return COMMENT if self._comments else SKIPPED
        return FIELD if name in FIELD_NAMES else SKIPPED
