"""Bytes in, events out: the incremental parser of `text/event-stream`.

It is built in layers, each in a file of its own:

- `_lines.py`: the plain way. The standard's rules for whole lines of text, and nothing else.
- `_unfinished.py`: what is held of an event that is not whole yet, and counted against the limit.
- `_frames.py`: events that are framed alike.
- this file: chunks, line ends, whole events.

A fast way is a short cut for a shape that real streams repeat. Each is marked by these words, and gives
what the plain way would give.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from ._checks import check_last_event_id
from ._errors import EventTooLarge, IllegalState, InvalidArgument
from ._events import Comment, Event
from ._frames import MOST_FRAMED_LINES, FrameReader
from ._text import decoded
from ._unfinished import FIELD, LimitReached
from ._values import Generic, Item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, overload

DEFAULT_MAX_EVENT_SIZE = 32 * 2**20
"""Bytes. Large enough for an image in base64, small enough to survive a server that never stops."""

BOM = b"\xef\xbb\xbf"

SLICE = 2**16
"""Bytes taken at a time, so that working memory does not grow with the chunk a caller feeds."""

# Why a parser takes no more bytes.
FAILED = "failed"
CLOSED = "closed"


class Parser(FrameReader, Generic[Item]):
    """An incremental parser: feed it bytes as they arrive, cut anywhere, and get events back.

    How the bytes are cut never changes what comes out. Time is linear in the bytes, and no more is
    held than `max_event_size` plus the chunk at hand, times a small constant.

    Args:
        last_event_id: the last event ID to begin with, from an earlier stream.
        max_event_size: bytes that the `data`, `event`, `id` and `retry` lines of one event may
            have, each with one byte for its line end.
        comments: whether comments are returned too, as `Comment`.

    Raises:
        InvalidArgument: a `last_event_id` with CR, LF or NUL, or a `max_event_size` below 1.

    WHATWG HTML 9.2.5 and 9.2.6.
    """

    __slots__ = ("_largest_whole", "_misses", "_opening", "_stopped", "_whole_size")

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: Parser[Event],
            *,
            last_event_id: str = ...,
            max_event_size: int = ...,
            comments: Literal[False] = ...,
        ) -> None: ...
        @overload
        def __init__(
            self: Parser[Event | Comment],
            *,
            last_event_id: str = ...,
            max_event_size: int = ...,
            comments: bool = ...,
        ) -> None: ...

    def __init__(
        self,
        *,
        last_event_id: str = "",
        max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
        comments: bool = False,
    ) -> None:
        check_last_event_id(last_event_id)
        if not isinstance(max_event_size, int) or max_event_size < 1:
            raise InvalidArgument(
                "max_event_size", f"expected an int, 1 byte or more, not {max_event_size!r}"
            )
        self._largest_whole = min(SLICE, max_event_size)
        super().__init__(last_event_id, max_event_size, comments)

    def __repr__(self) -> str:
        # An ID may be as long as an event.
        last_event_id = self.last_event_id[:200]
        return f"<Parser {last_event_id=} retry={self.retry} pending={self.pending}>"

    def reset(self) -> None:
        """Make ready for the next connection: forget the unfinished event, and any failure.

        `last_event_id` and `retry` stay: they belong to the event source, not to one connection.
        """
        self._begin()

    def _begin(self) -> None:
        super()._begin()
        # How large a chunk may be that is taken as a whole event: none, while something is held or there
        # is something to look back at.
        self._whole_size = 0
        # How many chunks that were events did not have the frame that was expected.
        self._misses = 0
        # Why the parser takes no more bytes: it failed, or the stream was closed.
        self._stopped = ""
        # The first bytes, while they may still be the start of a byte order mark; then None. A parser that
        # takes no more bytes has had none.
        self._opening: bytes | None = b""

    def feed(self, data: bytes | bytearray | memoryview) -> list[Item]:
        """Take the next bytes and return what they complete, in order.

        Args:
            data: bytes of the stream, any number of them.

        Raises:
            EventTooLarge: an event outgrew `max_event_size`. Its `events` are those that these
                bytes completed before. The parser stays failed until `reset()`.
            IllegalState: the parser was closed, and not reset.
        """
        if type(data) is not bytes:
            data = _to_bytes(data)
        events: list[Any]
        if len(data) <= self._whole_size:
            # Fast way: a chunk that is one event and framed like the last, as live streams send them.
            try:
                text = data.decode()
            except UnicodeDecodeError:
                text = ""
            frame = self._frame
            if frame is not None:
                before, middle, behind, size, event_type = frame
                value = text.removeprefix(before).removesuffix(behind)
                if len(text) - len(value) == size:
                    if middle == "" and "\n" not in value and "\r" not in value:
                        events = [Event(value, event_type, self._last_event_id, None)]
                        return events
                    event = self._event_in_frame(value, middle, event_type)
                    if event is not None:
                        events = [event]
                        return events
            events = []
            if self._take_whole(data, text, events):
                return events
        else:
            events = []
            if self._line_use == FIELD and self._held_within_line(data):
                return events
        try:
            if len(data) <= SLICE:
                self._take(data, events)
            else:
                for start in range(0, len(data), SLICE):
                    self._take(data[start : start + SLICE], events)
        except LimitReached:
            self.reset()
            self._stopped = FAILED
            raise EventTooLarge(self._max_event_size, tuple(events)) from None
        held = self._start or self._size or self._line_size or self._carry
        if held or self._after_cr or self._opening is not None or len(events) > 1:
            self._whole_size = 0
        else:
            self._whole_size = self._largest_whole
        return events

    def close(self) -> int:
        """End the stream: drop the unfinished event and return how many bytes of it had arrived.

        "Once the end of the file is reached, any pending data must be discarded."
        """
        dropped = self.pending
        self.reset()
        self._stopped = CLOSED
        return dropped

    def _refuse(self) -> None:
        if self._stopped == FAILED:
            raise EventTooLarge(self._max_event_size)
        raise IllegalState("feed() after close(): call reset() before the next stream")

    def _take(self, data: bytes, events: list[Event | Comment]) -> None:
        if self._opening is not None:
            if self._stopped:
                self._refuse()
            data = self._without_bom(data)
        if self._carry:
            data = self._take_data_lines(data)
            if not data:
                return
        if self._after_cr or data.find(b"\r") >= 0:
            data = self._take_crlf_run(data, events)
            if self._after_cr or data.find(b"\r") >= 0:
                data = self._with_lf_only(data)
        searched = 0
        if self._start:
            # Only the new bytes are searched, and what they may complete.
            searched = len(self._start) - 1
            data = self._start + data
            self._start = b""
        elif self._size or self._line_size:
            data = self._resume(data, events)
        # Here nothing is held, and `data` begins at the start of an event. A single byte is found sooner
        # than two, and where one line is all that an event has, the last line end is a blank line's.
        end = data.rfind(b"\n", searched) - 1
        if end >= searched and data[end] != 10:
            end = data.rfind(b"\n\n", searched, end)
        if end >= searched:
            if end >= self._max_event_size:
                self._take_counted(data[: end + 2], events)
            elif not self._take_run(data, end, events):
                self._take_lines(decoded(data[: end + 1]).split("\n"), events)
            data = data[end + 2 :]
        # A blank line that ends nothing is nothing.
        data = data.lstrip(b"\n")
        if len(data) <= self._largest_start:
            self._start = data
        else:
            self._take_unfinished(data, events)

    def _without_bom(self, data: bytes) -> bytes:
        """Strip one leading byte order mark, also when it comes byte by byte.

        "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
        """
        data = (self._opening or b"") + data
        if len(data) < len(BOM) and BOM.startswith(data):
            self._opening = data
            return b""
        self._opening = None
        return data.removeprefix(BOM)

    def _with_lf_only(self, data: bytes) -> bytes:
        """Turn CRLF and CR into LF. A CR at the end ends its line now; a LF that follows it is dropped.

        "a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character pair, a single U+000A LINE FEED
        (LF) character not preceded by a U+000D CARRIAGE RETURN (CR) character, and a single U+000D
        CARRIAGE RETURN (CR) character not followed by a U+000A LINE FEED (LF) character being the
        ways in which a line can end."
        """
        if not data:
            return data
        if self._after_cr:
            data = data.removeprefix(b"\n")
        self._after_cr = data.endswith(b"\r")
        # To look for single bytes costs a tenth of what it costs to look for two.
        without_cr = data.replace(b"\r", b"")
        if without_cr.replace(b"\n", b"\r\n") == data:
            if self._line_end == "\n":
                # All that was expected is to be learnt again.
                self._line_end = "\r\n"
                self._run = None
            return without_cr
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _take_whole(self, data: bytes, text: str, events: list[Event | Comment]) -> bool:
        """Fast way: a chunk that ends with a blank line. Return whether it does, and was taken."""
        self._line_end = "\n"
        if "\r" in text:
            if not text.endswith("\n"):
                return False
            data = self._with_lf_only(data)
            text = decoded(data)
        if not text.endswith("\n\n"):
            return False
        lines = text.split("\n")
        self._take_lines(lines, events)
        if len(events) > 1:
            # Who sends several events in a chunk does so again: the next is taken as a run.
            self._whole_size = 0
        elif events:
            if len(lines) <= MOST_FRAMED_LINES and lines[-3].startswith("data:"):
                # A guess that fails again and again must not cost more than it saves.
                self._misses += 1
                if self._misses & 3 == 1:
                    self._learn_frame(data)
            else:
                # No frame fits such events: the next one need not be tried.
                self._frame = None
        return True


def _to_bytes(data: object) -> bytes:
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise InvalidArgument("data", f"expected bytes, not {type(data).__name__}")
