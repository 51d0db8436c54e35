"""Bytes in, events out: the incremental parser of `text/event-stream`.

The plain way is `_take_line`: the standard's rules, one line at a time, on bytes. The other ways
are short cuts for shapes that real streams repeat. Each gives what the plain way would give.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from ._checks import check_last_event_id
from ._errors import EventTooLarge, IllegalState, InvalidArgument
from ._events import DEFAULT_TYPE, Comment, Event
from ._numbers import whole_number
from ._pieces import Pieces
from ._typing import Generic, Item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, overload

DEFAULT_MAX_EVENT_SIZE = 32 * 2**20
"""Bytes. Large enough for an image in base64, small enough to survive a server that never stops."""

BOM = b"\xef\xbb\xbf"
FIELD_NAMES = (b"data", b"event", b"id", b"retry")
LONGEST_NAME = 5

SLICE = 2**18
"""Bytes taken at a time, so that working memory does not grow with the chunk a caller feeds."""

# How an unfinished line may be used.
UNDECIDED = 0  # too short to tell; at most LONGEST_NAME bytes
FIELD = 1
COMMENT = 2
SKIPPED = 3

# Why a parser takes no more bytes.
FAILED = "failed"
CLOSED = "closed"


class _LimitReached(Exception):
    """An event outgrew the limit; `feed` turns it into `EventTooLarge`."""


class Parser(Generic[Item]):
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

    __slots__ = (
        "_after_cr",
        "_between_events",
        "_comments",
        "_data",
        "_event_id",
        "_event_retry",
        "_event_type",
        "_id_was_set",
        "_last_event_id",
        "_line",
        "_line_size",
        "_line_use",
        "_max_event_size",
        "_opening",
        "_retry",
        "_size",
        "_stopped",
    )

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: Parser[Event],
            last_event_id: str = ...,
            max_event_size: int = ...,
            comments: Literal[False] = ...,
        ) -> None: ...
        @overload
        def __init__(
            self: Parser[Event | Comment],
            last_event_id: str = ...,
            max_event_size: int = ...,
            comments: bool = ...,
        ) -> None: ...

    def __init__(
        self,
        last_event_id: str = "",
        max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
        comments: bool = False,
    ) -> None:
        check_last_event_id(last_event_id)
        if not isinstance(max_event_size, int) or max_event_size < 1:
            raise InvalidArgument(
                "max_event_size", f"expected an int, 1 byte or more, not {max_event_size!r}"
            )
        self._max_event_size = max_event_size
        self._comments = comments
        self._last_event_id = last_event_id
        self._id_was_set = False
        self._retry: int | None = None
        self.reset()

    def reset(self) -> None:
        """Make ready for the next connection: forget the unfinished event, and any failure.

        `last_event_id` and `retry` stay: they belong to the event source, not to one connection.
        """
        # Whether the next byte begins an event, with nothing held and nothing to look back at.
        self._between_events = False
        # Why the parser takes no more bytes: it failed, or the stream was closed.
        self._stopped = ""
        # The first bytes, while they may still be the start of a byte order mark; then None.
        self._opening: bytes | None = b""
        # Whether the last chunk ended in CR: a LF at the start of the next belongs to it.
        self._after_cr = False
        # The unfinished line: its pieces, and how it may be used.
        self._line = Pieces()
        self._line_size = 0
        self._line_use = UNDECIDED
        self._begin_event()

    def _begin_event(self) -> None:
        # The event being collected: None stands for a field that was not sent.
        self._data: bytes | bytearray | None = None
        self._event_type = DEFAULT_TYPE
        self._event_id: str | None = None
        self._event_retry: int | None = None
        # The bytes of its lines so far.
        self._size = 0

    @property
    def last_event_id(self) -> str:
        """The last event ID: sticky, committed at each blank line, `""` if none or cleared."""
        return self._last_event_id

    @property
    def id_was_set(self) -> bool:
        """Whether a stream has set the last event ID, be it to what it was, or cleared it."""
        return self._id_was_set

    @property
    def retry(self) -> int | None:
        """The last valid `retry` value in milliseconds, or None. At most 10**18 - 1."""
        return self._retry

    @property
    def pending(self) -> int:
        """Bytes that arrived for an event which is not finished.

        Comments and unknown fields do not count: a stream that ends in one is complete.
        """
        held = self._line_size if self._line_use in (UNDECIDED, FIELD) else 0
        return self._size + held

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
        events: list[Any] = []
        if self._between_events and data.endswith(b"\n\n") and len(data) < self._max_event_size:
            # Fast way: a chunk that is one event. A live stream is made of them.
            text = data[:-2].decode("utf-8", "replace")
            if "\r" not in text:
                event = self._event_at_once(text)
                if event is not None:
                    events.append(event)
                    return events
        if self._stopped:
            self._refuse()
        try:
            if len(data) <= SLICE:
                self._take(data, events)
            else:
                for start in range(0, len(data), SLICE):
                    self._take(data[start : start + SLICE], events)
        except _LimitReached:
            self.reset()
            self._stopped = FAILED
            raise EventTooLarge(self._max_event_size, tuple(events)) from None
        self._between_events = not (
            self._size or self._line_size or self._after_cr or self._opening is not None
        )
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
            data = self._without_bom(data)
        if self._after_cr or data.find(b"\r") >= 0:
            data = self._with_lf_only(data)
        if self._size or self._line_size:
            data = self._resume(data, events)
        if not data:
            return
        # Here no event is unfinished, and `data` begins at the start of a line.
        end = data.rfind(b"\n\n")
        if end >= 0:
            self._take_blocks(data[:end], events)
            data = data[end + 2 :]
        if data:
            self._take_start(data, events)

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
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _resume(self, data: bytes, events: list[Event | Comment]) -> bytes:
        """Go on with the event or the line that an earlier chunk began; return what is left.

        Only the new bytes are searched, and the pieces of a line are joined once.
        """
        if self._line_size:
            end = data.find(b"\n")
            if end < 0:
                self._hold(data)
                return b""
            line_use = self._line_use
            pieces = self._line
            self._line = Pieces()
            self._line_size = 0
            self._line_use = UNDECIDED
            if line_use != SKIPPED:
                pieces.append(data if not self._size else data[:end])
                whole = pieces.join()
                if not self._size:
                    # Nothing but this line was begun: it and all that follows may go the fast ways.
                    return whole
                self._take_line(whole, events)
            data = data[end + 1 :]
            if not self._size:
                return data
        if data.startswith(b"\n"):
            self._dispatch(events)
            return data[1:]
        end = data.find(b"\n\n")
        if end < 0:
            self._take_start(data, events)
            return b""
        self._take_lines(data[:end], events)
        self._dispatch(events)
        return data[end + 2 :]

    def _take_start(self, data: bytes, events: list[Event | Comment]) -> None:
        """Take bytes from the start of a line on: the whole lines now, the rest is held."""
        end = data.rfind(b"\n")
        if end >= 0:
            self._take_lines(data[:end], events)
            data = data[end + 1 :]
        if data:
            self._hold(data)

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
            raise _LimitReached
        if self._line_use == COMMENT and self._line_size > self._max_event_size:
            raise _LimitReached

    def _use_of(self, head: bytes) -> int:
        name, colon, _ = head.partition(b":")
        if not colon:
            may_be_a_field = any(known.startswith(name) for known in FIELD_NAMES)
            return UNDECIDED if may_be_a_field else SKIPPED
        if not name:
            return COMMENT if self._comments else SKIPPED
        return FIELD if name in FIELD_NAMES else SKIPPED

    def _take_blocks(self, data: bytes, events: list[Event | Comment]) -> None:
        """Fast way: split whole events off a chunk in one step, and each shape that is common in one more.

        `data` is what stands between the start of a line and a blank line: events, with the blank
        lines between them.
        """
        if len(data) >= self._max_event_size:
            # The plain way counts each event against the limit.
            self._take_lines(data, events)
            self._dispatch(events)
            return
        if data.startswith(b"data: ") and data.count(b"\n") == 2 * data.count(b"\n\ndata: "):
            self._take_data_only(data, events)
            return
        for block in data.split(b"\n\n"):
            event = self._event_at_once(block.decode("utf-8", "replace"))
            if event is not None:
                events.append(event)
            else:
                self._take_lines(block, events)
                self._dispatch(events)

    def _take_data_only(self, data: bytes, events: list[Event | Comment]) -> None:
        """Fast way: a chunk of events that are one data line each, as most model APIs send them.

        A chunk of ASCII is decoded at once. In another, one wide character would make every slice
        of every event dearer, so that its events are decoded one by one.
        """
        last_event_id = self._last_event_id
        data = data[6:]
        if data.isascii():
            values = data.decode("ascii").split("\n\ndata: ")
        else:
            values = [value.decode("utf-8", "replace") for value in data.split(b"\n\ndata: ")]
        events += [Event(value, DEFAULT_TYPE, last_event_id, None) for value in values]

    def _event_at_once(self, text: str) -> Event | None:
        """Fast way: an event that is one data line, or an event line and one data line.

        None if it is anything else, which the plain way must take.
        """
        if text.startswith("data: "):
            if "\n" not in text:
                return Event(text[6:], DEFAULT_TYPE, self._last_event_id, None)
        elif text.startswith("event: "):
            head, _, value = text.partition("\ndata: ")
            if value and "\n" not in value and "\n" not in head:
                return Event(value, head[7:] or DEFAULT_TYPE, self._last_event_id, None)
        return None

    def _take_lines(self, data: bytes, events: list[Event | Comment]) -> None:
        for line in data.split(b"\n"):
            self._take_line(line, events)

    def _take_line(self, line: bytes, events: list[Event | Comment]) -> None:
        """The plain way: one whole line, by the standard."""
        # "If the line is empty (a blank line): Dispatch the event, as defined below."
        if not line:
            self._dispatch(events)
            return
        # "If the line contains a U+003A COLON character (:): Collect the characters on the line
        # before the first U+003A COLON character (:), and let field be that string." Otherwise
        # "using the whole line as the field name, and the empty string as the field value."
        name, colon, value = line.partition(b":")
        # "If value starts with a U+0020 SPACE character, remove it from value."
        value = value.removeprefix(b" ")
        # "If the line starts with a U+003A COLON character (:): Ignore the line." We return it to
        # those who ask, because servers put heartbeats and notes there.
        if colon and not name:
            if self._comments:
                if len(line) + 1 > self._max_event_size:
                    raise _LimitReached
                events.append(Comment(value.decode("utf-8", "replace")))
            return
        # "Field names must be compared literally, with no case folding performed."
        if name not in FIELD_NAMES:
            # "Otherwise: The field is ignored."
            return
        self._size += len(line) + 1
        if self._size > self._max_event_size:
            raise _LimitReached
        if name == b"data":
            # "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF)
            # character to the data buffer." The LF stands between values here, so that the last
            # one need not be removed again.
            if self._data is None:
                self._data = value
            else:
                if type(self._data) is bytes:
                    self._data = bytearray(self._data)
                self._data += b"\n" + value
        elif name == b"event":
            # "Set the event type buffer to the field value." An empty buffer means "message".
            self._event_type = value.decode("utf-8", "replace") or DEFAULT_TYPE
        elif name == b"id":
            # "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
            # the field value. Otherwise, ignore the field."
            if b"\0" not in value:
                self._event_id = value.decode("utf-8", "replace")
        else:
            # "If the field value consists of only ASCII digits, then interpret the field value as
            # an integer in base ten, and set the event stream's reconnection time to that integer."
            # At once, not at the blank line. "Otherwise, ignore the field."
            retry = whole_number(value)
            if retry is not None:
                self._retry = self._event_retry = retry

    def _dispatch(self, events: list[Event | Comment]) -> None:
        """A blank line came.

        https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
        """
        if not self._size:
            return
        # "Set the last event ID string of the event source to the value of the last event ID
        # buffer." Also when there is no data: a block of an id alone moves the cursor.
        if self._event_id is not None:
            self._last_event_id = self._event_id
            self._id_was_set = True
        # "If the data buffer is an empty string, set the data buffer and the event type buffer to
        # the empty string and return." A `data` line without a value leaves a LF there.
        if self._data is not None:
            text = self._data.decode("utf-8", "replace")
            event = Event(text, self._event_type, self._last_event_id, self._event_retry)
            events.append(event)
        self._begin_event()


def _to_bytes(data: object) -> bytes:
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise InvalidArgument("data", f"expected bytes, not {type(data).__name__}")
