"""The incremental parser of `text/event-stream`: bytes in, events out.

Operations we want to support:

- Feed any number of bytes, cut anywhere, and get the events they complete at once.
- Never hold more than the unfinished event, and no more of that than `max_event_size`.
- Take time linear in the bytes, however they are cut and however lines end.
- Cost as little as CPython allows on the streams that servers really send.

Plan:

- `feed` first tries the fast ways for the chunks that live streams are made of: a chunk that is one whole
  event, one that completes none, and one that continues what is held.
- Any other chunk goes through `_parse_chunk`: strip the byte order mark, turn CRLF and CR into LF, join the
  chunk with the unparsed bytes before it, and parse up to the last blank line, in one go. A row of events
  with the same frame is split in C; anything else is parsed line by line by the rules of the standard.
- Bytes after the last blank line belong to an unfinished event. They stay unparsed while they are few, so
  that most events are parsed whole, and only once. Past `MAX_UNPARSED`, their whole lines are parsed and
  counted, and a very long line is gathered in a buffer of its own.

So an unfinished event is in up to three places, in this order: `_data` and the slots next to it have the
fields of lines that were parsed; `_unparsed` has whole lines and the start of a line; `_line` has a line that
is too long for that. `_unparsed` and `_line` are never in use together.

Fast ways are marked as such, with the shape they expect and what they save. Each gives exactly the events
that the plain rules give; tests/sse_core/test_parser_properties.py switches them off one by one and compares.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from ._checks import check_text, whole_number
from ._errors import EventTooLarge, IllegalState, InvalidArgument
from ._events import DEFAULT_TYPE, Comment, Event
from ._frames import SAMPLE, data_frame, learn_recurring
from ._values import Generic, Item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypedDict, Unpack, overload

    from ._errors import SSEError
    from ._frames import Frame

    class Options(TypedDict, total=False):
        """The types of the keyword arguments of `Parser`, except for `comments`."""

        last_event_id: str | None
        max_event_size: int
        default_type: str


DEFAULT_MAX_EVENT_SIZE = 32 * 2**20
"""Bytes. Large enough for an image in base64, small enough to survive a server that never stops."""

BOM = b"\xef\xbb\xbf"
LF, CR = ord("\n"), ord("\r")
"""As numbers: `10 in data` takes a tenth of the time that `b"\\n" in data` takes."""

MAX_SLICE = 2**16
"""Bytes parsed at a time, so that working memory does not grow with the chunks that a caller feeds."""

MAX_UNPARSED = 2**14
"""Bytes of an unfinished event that may stay unparsed. They may be copied again with each chunk: the limit
keeps that linear, and is far above the size of most events."""

MAX_PIECE = 1536
"""Bytes of a piece that may be held without counting its bytes. A TCP segment has fewer."""

MAX_FRAMED = 2**11
"""Bytes. If more of an event arrived in earlier chunks, events are long, and a search for frames in a large
chunk takes longer than the plain rules. Saves 45 % of "events of 6 kB, 65536-byte chunks"."""

LONG_LINES = 2**10
"""Characters. If the first four lines of a text have more, its lines are long."""

MAX_MISSES = 8
"""Events or chunks in a row that did not fit a frame, after which the type of each event may be another."""

MAX_ONE_EVENT = 2**7
"""Bytes. A chunk that is smaller, and ends an event, rarely ends two."""

MIN_DATA_LINES = 2**10
"""Bytes of a chunk that is tried as data lines only. A smaller chunk is cheaper to keep unparsed."""

SMALL_PIECE = 2**8
"""Bytes. A smaller piece of a long line is joined with the one before it."""

BATCH = 2**12
"""Bytes of small pieces that are joined. They are copied again with each piece."""

MAX_PENDING_TEXT = 200
"""Characters of `Parser.pending_text`."""

FIELDS = frozenset({"data", "event", "id", "retry"})
FIELD_NAMES = (b"data", b"event", b"id", b"retry")
MAX_FIELD_NAME = 5

# Values of `_line_use`: what the unfinished line in `_line` is.
UNDECIDED = 0  # At most MAX_FIELD_NAME bytes, which may become a field.
FIELD = 1
COMMENT = 2  # A comment that the caller asked for.
IGNORED = 3  # An unknown field, or a comment that the caller did not ask for. Its bytes are not kept.


# Fast way: `new(Event)` and a value for each attribute, where most events are made. `Event(...)` takes half
# as long again, because it calls `__init__`. Saves 12 % of "OpenAI deltas, ASCII, one event per chunk".
new = object.__new__


class LimitReached(Exception):
    """The event is larger than the limit. `feed` turns this into `EventTooLarge`."""


class Parser(Generic[Item]):
    """An incremental parser: feed it bytes as they arrive, cut anywhere, and get events back.

    How the bytes are cut never changes the events. Time is linear in the bytes, and no more is held than
    `max_event_size` plus one chunk, times a small constant.

    Args:
        last_event_id: the last event ID to begin with, from an earlier stream.
        max_event_size: bytes that the `data`, `event`, `id` and `retry` lines of one event may have, each
            with one byte for its line end.
        comments: whether comments are returned too, as `Comment`.
        default_type: the type of an event without an `event` line, or with an empty one. `""` distinguishes
            such an event from one that is named `message`.

    Raises:
        InvalidArgument: a `last_event_id` with CR, LF or NUL, a `default_type` with CR or LF, or a
            `max_event_size` below 1.

    WHATWG HTML 9.2.5 and 9.2.6.
    """

    # Settings:
    #   _comments             whether comments are returned
    #   _max_event_size       bytes
    #   _max_unparsed         bytes of an event that may stay unparsed; 0 if comments are returned, because
    #                         they are due as soon as their line has ended
    #   _max_pieces           the value of `_pieces_left` when little is held
    #   _default_type         the type of an event that names none
    # The event source, which outlives a connection:
    #   _last_event_id        as of the last blank line; "" if none
    #   _id_was_set           whether a stream has set or cleared it
    #   _retry                the last valid `retry` value in milliseconds; None if there was none
    # The connection:
    #   _bom_prefix           the first bytes while they may be the start of a BOM; None after that
    #   _after_cr             whether the last chunk ended in CR; a LF that follows belongs to it
    #   _line_end             "\r\n" if the last chunk with a CR had only these line ends, else "\n"
    #   _error                what `feed` raises until the next reset; None while the parser takes bytes
    # Fields of the unfinished event, from its parsed lines:
    #   _data                 a str; a list of several values, to be joined with LF; None if not sent
    #   _event_type           `_default_type` if not sent
    #   _event_id             None if not sent
    #   _event_retry          None if not sent
    #   _size                 bytes of these lines; 0 if there are none
    # Its bytes that are not parsed:
    #   _unparsed             pieces, from the start of a line, or from the LF before it if `_size` is not 0
    #   _max_held             bytes that these may have while nothing else is held; 0 if something is
    #   _pieces_left          pieces of at most MAX_PIECE bytes that may be added without counting bytes; 0
    #                         also while each chunk is expected to be a whole event
    #   _line                 an unfinished line that is too long for `_unparsed`, in pieces
    #   _line_size            bytes of that line, also of one that is not kept; 0 if there is none
    #   _line_use             UNDECIDED, FIELD, COMMENT or IGNORED
    # Guesses, which decide how fast an event is parsed, never how:
    #   _frame                the frame of the events, with LF; or None
    #   _chunk_frame          the same with the line ends of the stream; None if chunks are no such events
    #   _misses               events or chunks in a row that did not fit it
    #   _single_event_limit   the largest chunk to try as one event; 0 while something is held
    #   _space_after_colon    False once a field had a value without a space before it
    __slots__ = (
        *("_comments", "_max_event_size", "_max_unparsed", "_max_pieces", "_default_type"),
        *("_last_event_id", "_id_was_set", "_retry"),
        *("_bom_prefix", "_after_cr", "_line_end", "_error"),
        *("_data", "_event_type", "_event_id", "_event_retry", "_size"),
        *("_unparsed", "_max_held", "_pieces_left", "_line", "_line_size", "_line_use"),
        *("_frame", "_chunk_frame", "_misses", "_single_event_limit", "_space_after_colon"),
    )

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: Parser[Event], *, comments: Literal[False] = ..., **options: Unpack[Options]
        ) -> None: ...
        @overload
        def __init__(
            self: Parser[Event | Comment], *, comments: bool = ..., **options: Unpack[Options]
        ) -> None: ...

    def __init__(
        self,
        *,
        last_event_id: str | None = "",
        max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
        comments: bool = False,
        default_type: str = DEFAULT_TYPE,
    ) -> None:
        # No stream can set an ID with one of these.
        last_event_id = "" if last_event_id is None else last_event_id
        check_text("last_event_id", last_event_id, "\r\n\0")
        check_text("default_type", default_type, "\r\n")
        if type(max_event_size) is not int or max_event_size < 1:
            raise InvalidArgument("max_event_size", f"expected an int of 1 or more, not {max_event_size!r}")
        self._comments, self._max_event_size = comments, max_event_size
        self._max_unparsed = 0 if comments else min(MAX_UNPARSED, max_event_size)
        self._max_pieces = max(self._max_unparsed // MAX_PIECE - 1, 0)
        self._default_type = default_type
        self._last_event_id, self._id_was_set = last_event_id, False
        self._retry: int | None = None
        self._frame: Frame | None = data_frame(default_type)
        self._chunk_frame: Frame | None = self._frame
        self._clear()

    # Public

    def reset(self) -> None:
        """Make ready for the next connection: forget the unfinished event, and any failure.

        `last_event_id` and `retry` stay: they belong to the event source, not to one connection.
        """
        # A `retry` counts as soon as its line has ended, also of an event that is dropped.
        self._parse_unparsed()
        self._clear()

    def _clear(self) -> None:
        self._bom_prefix: bytes | None = b""
        self._after_cr = False
        self._line_end = "\n"
        self._error: SSEError | None = None
        self._data: str | list[str] | None = None
        self._event_type = self._default_type
        self._event_id: str | None = None
        self._event_retry: int | None = None
        self._size = 0
        self._unparsed: list[bytes] = []
        self._max_held = self._pieces_left = 0
        self._line: list[bytes] = []
        self._line_size, self._line_use = 0, UNDECIDED
        self._misses = self._single_event_limit = 0
        self._space_after_colon = True

    def __repr__(self) -> str:
        # An ID may be as long as an event.
        last_event_id = self.last_event_id[:200]
        return f"<Parser {last_event_id=} retry={self.retry} pending={self.pending}>"

    @property
    def last_event_id(self) -> str:
        """The last event ID, which stays until the server sends another; `""` if none or cleared.

        It can be set, between two events; None is taken as `""`.
        """
        return self._last_event_id

    @last_event_id.setter
    def last_event_id(self, value: str | None) -> None:
        value = "" if value is None else value
        check_text("last_event_id", value, "\r\n\0")
        self._last_event_id, self._id_was_set = value, True

    @property
    def id_was_set(self) -> bool:
        """Whether a stream or the caller has set or cleared the last event ID, also to the value it had."""
        return self._id_was_set

    @property
    def retry(self) -> int | None:
        """The last valid `retry` value in milliseconds, or None. At most 10**18 - 1."""
        self._parse_unparsed()
        return self._retry

    @property
    def pending(self) -> int:
        """Bytes that arrived for an event which is not finished.

        Comments and unknown fields do not count: a stream that ends in one is complete.
        """
        self._parse_unparsed()
        return self._size + (self._line_size if self._line_use in (UNDECIDED, FIELD) else 0)

    @property
    def pending_text(self) -> str:
        """The start of the unfinished event as lines of type, ID, retry and data, at most 200 characters.

        To show what an end of the stream dropped. `""` if nothing is pending, or nothing that counts, such
        as a `retry` that is no number.
        """
        self._parse_unparsed()
        values = self._data if isinstance(self._data, list) else [self._data]
        event_type = None if self._event_type == self._default_type else self._event_type
        fields = [("event", event_type), ("id", self._event_id), ("retry", self._event_retry)]
        # The start of each value: an event may be large.
        for value in values[:MAX_PENDING_TEXT]:
            lines = [None] if value is None else value[:MAX_PENDING_TEXT].split("\n")
            fields += [("data", line) for line in lines]
        text = "".join(f"{name}: {value}\n" for name, value in fields if value is not None)
        if self._line_use in (UNDECIDED, FIELD):
            # A character has at most four bytes.
            size = 4 * MAX_PENDING_TEXT
            text += _decode(b"".join(piece[:size] for piece in self._line[:size])[:size])
        return text[:MAX_PENDING_TEXT]

    @property
    def pending_event(self) -> Event | None:
        """The event that would be complete if a line end and a blank line came now; None without data.

        It shows whether a stream that ends here lacks nothing else. Nothing is completed or committed.
        """
        self._parse_unparsed()
        # What `_parse_lines` changes. The list of data is one that may grow.
        names = ("_last_event_id", "_id_was_set", "_retry", "_event_type", "_event_id", "_event_retry")
        kept, data = [getattr(self, name) for name in names], self._data
        self._data = list(data) if isinstance(data, list) else data
        items = self._complete()
        self._data = data
        for name, value in zip(names, kept, strict=True):
            setattr(self, name, value)
        # An unfinished comment, which the caller asked for, may be one of these.
        return next((item for item in items if isinstance(item, Event)), None)

    def feed(self, data: bytes | bytearray | memoryview) -> list[Item]:
        """Take the next bytes and return what they complete, in order.

        Args:
            data: bytes of the stream, any number of them.

        Raises:
            EventTooLarge: an event outgrew `max_event_size`. Its `events` are those that these bytes
                completed before. The parser stays failed until `reset()`.
            IllegalState: the parser was closed, and not reset.
        """
        if type(data) is not bytes:
            data = _to_bytes(data)
        size = len(data)
        left = self._pieces_left
        if left and 0 < size <= MAX_PIECE and CR not in data:
            # Fast way: a chunk that ends no line, or one line with its last byte, completes no event unless
            # it is a blank line. So come large events, and those of servers that send line by line. Only the
            # number of such pieces is counted, not their bytes. Saves 40 % of "events of 6 kB, 1460-byte
            # chunks".
            if LF not in data or (size > 1 and data[-1] == LF and data.find(b"\n") == size - 1):
                self._unparsed.append(data)
                self._pieces_left = left - 1
                return []
            pieces = self._unparsed
            if size == 1 and pieces and pieces[-1][-1] == LF:
                return self._parse_held_event(pieces)
            found = self._parse_pieces(data, size)
            if found is not None:
                return found
        elif size <= self._single_event_limit:
            # Fast way: a chunk that is one event and has the frame of the last one, as live replies come. The
            # text between prefix and suffix is the data, unless it contains a line end or another field.
            # No line is parsed. Saves 57 % of "OpenAI deltas, ASCII, one event per chunk".
            try:
                text = data.decode()
            except UnicodeDecodeError:
                text = _decode(data)
            frame = self._chunk_frame
            events: list[Any]
            if frame is not None:
                rest = text.removeprefix(frame.prefix)
                value = rest.removesuffix(frame.suffix)
                # Cheaper than their sizes: without a prefix or suffix, both are the same object.
                if text != rest != value and "\r" not in value:
                    if frame.data_only and "\n" not in value:
                        self._misses = 0
                        event: Any = new(Event)
                        event.data = value if frame.space_after_colon else value.removeprefix(" ")
                        event.event = frame.event_type
                        event.id = self._last_event_id
                        event.retry = None
                        return [event]
                    events = []
                    if self._parse_in_frame(value, frame, events):
                        self._misses = 0
                        return events
            events = []
            if self._parse_single_event(data, text, events):
                return events
        elif 0 < size <= self._max_held and CR not in data:
            found = self._parse_pieces(data, size)
            if found is not None:
                return found
        if self._line_use == FIELD and self._buffer_middle_of_line(data):
            return []
        events = []
        held = bool(self._unparsed)
        # Every other chunk, in slices.
        try:
            if size <= MAX_SLICE:
                self._parse_chunk(data, events)
            else:
                for start in range(0, size, MAX_SLICE):
                    self._parse_chunk(data[start : start + MAX_SLICE], events)
        except LimitReached:
            self._clear()
            # Without the events: they must not be found a second time.
            self._error = EventTooLarge(self._max_event_size)
            raise EventTooLarge(self._max_event_size, tuple(events)) from None
        # Try the next chunk as one event if this was one, or none. Not if this was several events, or a piece
        # of one: such streams keep doing so.
        if not (held or self._unparsed) and self._max_held and len(events) < 2:
            self._single_event_limit = min(MAX_SLICE, self._max_event_size)
            self._pieces_left = 0
        else:
            self._single_event_limit = 0
        return events

    def close(self) -> int:
        """End the stream: drop the unfinished event and return how many bytes of it had arrived.

        "Once the end of the file is reached, any pending data must be discarded." `finish` keeps it.
        """
        dropped = self.pending if self._unparsed or self._size or self._line_size else 0
        self._clear()
        self._error = IllegalState("feed() after close(): call reset() before the next stream")
        return dropped

    def finish(self) -> list[Item]:
        """End the stream, and return the unfinished event as if its last line end and a blank line had come.

        Its ID is committed. For servers, and mocks of them, that leave out the last blank line; an event
        that was cut off looks the same. Like `close`, it leaves the parser closed.
        """
        self._parse_unparsed()
        items: list[Any] = self._complete()
        self.close()
        return items

    # Chunks

    def _parse_chunk(self, data: bytes, events: list[Event | Comment]) -> None:
        """Parse at most `MAX_SLICE` bytes, and add to `events` what they complete."""
        if self._bom_prefix is not None:
            if self._error is not None:
                # A new one for each call: a caller may hold the last one, with its traceback.
                raise type(self._error)(*self._error.args)
            data = self._strip_bom(data)
        # From here on lines end in LF only.
        if self._after_cr or CR in data:
            data = self._parse_crlf_run(data, events)
            if self._after_cr or CR in data:
                data = self._normalize_line_ends(data)
        self._max_held = self._pieces_left = 0
        if self._line_size:
            data = self._continue_line(data, events)
            if not data:
                return
        # Only new bytes are searched for a blank line, and one byte before them, which may be half of it.
        searched = 0
        if self._unparsed:
            new_size = len(data)
            data = b"".join((*self._unparsed, data))
            self._unparsed.clear()
            searched = len(data) - new_size - 1
        # An event that has begun: `data` starts with the LF of its last parsed line. Try a large chunk as
        # data lines first: searching it for a blank line would take as long as parsing it.
        if self._size:
            if len(data) - searched > MIN_DATA_LINES:
                end = data.rfind(b"\n")
                if self._parse_data_lines(data, end):
                    self._store_line_start(data[end:])
                    return
            end = data.find(b"\n\n", searched)
            if end < 0:
                self._store_unfinished(data, events)
                return
            self._parse_counted(data, end, events)
            self._end_event(events)
            data, searched = data[end + 2 :], 0
        # Here `data` begins at the start of an event. Find the last blank line, that is, two LF in a row.
        # Most often the last LF follows another one, and a single byte is found sooner than two.
        end = data.rfind(b"\n", searched) - 1
        if end >= searched and data[end] != LF:
            end = data.rfind(b"\n\n", searched, end)
        if end >= searched:
            # Events are only counted if one of them may be larger than the limit.
            if end >= self._max_event_size:
                self._parse_counted_events(data[:end], events)
            elif searched > MAX_FRAMED or not self._parse_run(data, end, events):
                self._parse_lines(_split_lines(_decode(data[: end + 1])), events)
            data = data[end + 2 :]
        # What is left begins an event that is not finished. Further blank lines end no event.
        data = data.lstrip(b"\n")
        if len(data) <= self._max_unparsed:
            if data:
                self._unparsed.append(data)
            if not self._after_cr and self._bom_prefix is None:
                self._max_held = self._max_unparsed
                self._pieces_left = (self._max_held - len(data)) // MAX_PIECE
        else:
            self._store_unfinished(data, events)

    def _strip_bom(self, data: bytes) -> bytes:
        """Strip one leading byte order mark, also when it comes byte by byte.

        "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
        """
        data = (self._bom_prefix or b"") + data
        if len(data) < len(BOM) and BOM.startswith(data):
            self._bom_prefix = data
            return b""
        self._bom_prefix = None
        return data.removeprefix(BOM)

    def _normalize_line_ends(self, data: bytes) -> bytes:
        """Turn CRLF and CR into LF. A CR at the end ends its line now; a LF that follows it is dropped.

        "a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character pair, a single U+000A LINE FEED (LF)
        character not preceded by a U+000D CARRIAGE RETURN (CR) character, and a single U+000D CARRIAGE
        RETURN (CR) character not followed by a U+000A LINE FEED (LF) character being the ways in which a
        line can end."
        """
        if not data:
            return data
        if self._after_cr:
            data = data.removeprefix(b"\n")
        self._after_cr = data.endswith(b"\r")
        # Replacing single bytes costs a tenth of replacing pairs, so try whether all line ends are CRLF.
        without_cr = data.replace(b"\r", b"")
        if without_cr.replace(b"\n", b"\r\n") == data:
            if self._line_end == "\n":
                # `_chunk_frame` includes line ends.
                self._line_end = "\r\n"
                self._chunk_frame = self._frame and self._frame.with_crlf()
            return without_cr
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    # The plain rules

    def _parse_lines(self, lines: list[str], events: list[Event | Comment]) -> None:
        """Parse whole lines of text, without their line ends; add to `events` what they complete."""
        values = self._data if isinstance(self._data, list) else None
        data = "" if isinstance(self._data, list) else self._data
        event_type, event_id, event_retry = self._event_type, self._event_id, self._event_retry
        default_type, space = self._default_type, self._space_after_colon
        for line in lines:
            # "If the line is empty (a blank line): Dispatch the event, as defined below."
            # https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
            if not line:
                # "Set the last event ID string of the event source to the value of the last event ID
                # buffer." Also when there is no data: a block of an id alone sets it.
                if event_id is not None:
                    self._last_event_id = event_id
                    self._id_was_set = True
                # "If the data buffer is an empty string, set the data buffer and the event type buffer to
                # the empty string and return." A `data` line without a value leaves a LF in that buffer.
                if data is not None:
                    event = new(Event)
                    event.data = data if values is None else "\n".join(values)
                    event.event = event_type
                    event.id = self._last_event_id
                    event.retry = event_retry
                    events.append(event)
                data = values = event_id = event_retry = None
                event_type = default_type
                continue
            # "Collect the characters on the line before the first U+003A COLON character (:), and let field
            # be that string." "If value starts with a U+0020 SPACE character, remove it from value." Most
            # servers write that space, so both are done at once. The first line without the space fits no
            # field, and goes through the loop again.
            if space:
                name, _, value = line.partition(": ")
            else:
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
            while True:
                if name == "data":
                    # "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF)
                    # character to the data buffer." We join the values with LF, which is the same without
                    # the last LF, and that one is removed before the event is dispatched.
                    if data is None:
                        data = value
                    elif values is None:
                        values = [data, value]
                    else:
                        values.append(value)
                elif name == "event":
                    # "Set the event type buffer to the field value." An empty buffer means "message", or
                    # the type that the caller wants in its place.
                    event_type = value or default_type
                elif name == "id":
                    # "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
                    # the field value. Otherwise, ignore the field."
                    if "\0" not in value:
                        event_id = value
                elif name == "retry":
                    # "If the field value consists of only ASCII digits, then interpret the field value as an
                    # integer in base ten, and set the event stream's reconnection time to that integer." At
                    # once, not at the blank line. "Otherwise, ignore the field."
                    retry = whole_number(value)
                    if retry is not None:
                        self._retry = event_retry = retry
                elif not name:
                    # "If the line starts with a U+003A COLON character (:): Ignore the line." We return it
                    # if the caller asked for comments, because servers send heartbeats and notes in them.
                    if self._comments:
                        events.append(Comment(value))
                else:
                    name, colon, value = line.partition(":")
                    if colon and (name in FIELDS or not name):
                        self._space_after_colon = space = not (name and value)
                        continue
                    # "Otherwise: The field is ignored."
                break
        self._data, self._event_type = data if values is None else values, event_type
        self._event_id, self._event_retry = event_id, event_retry

    def _end_event(self, events: list[Event | Comment]) -> None:
        """Parse a blank line."""
        self._parse_lines([""], events)
        self._size = 0

    def _complete(self) -> list[Event | Comment]:
        """Take the end of an unfinished line, and a blank line; return what they complete."""
        items: list[Event | Comment] = []
        line = [] if self._line_use == IGNORED else [_decode(b"".join(self._line))]
        self._parse_lines([*filter(None, line), ""], items)
        return items

    # The unfinished event: its bytes, its lines, and what they count

    def _store_unfinished(self, data: bytes, events: list[Event | Comment]) -> None:
        """Keep bytes of an unfinished event, unparsed if they are few."""
        if len(data) <= self._max_unparsed and self._size + len(data) <= self._max_event_size:
            self._unparsed.append(data)
        else:
            self._store_line_start(self._parse_whole_lines(data, events))

    def _store_line_start(self, data: bytes) -> None:
        """Keep a LF and the start of a line: unparsed if it is short, so small lines are parsed together.

        If the event has begun, the LF is kept too. So a blank line that follows is found as a pair of LF.
        """
        size = len(data) - 1
        if size <= MAX_UNPARSED and self._size + size <= self._max_event_size:
            line = data if self._size else data[1:]
            self._unparsed = [line] if line else []
        else:
            self._buffer_line(data[1:])

    def _parse_whole_lines(self, data: bytes, events: list[Event | Comment]) -> bytes:
        """Parse the whole lines of an unfinished event. Return a LF and the start of a line after them."""
        if not self._size:
            data = b"\n" + data
        end = data.rfind(b"\n")
        self._parse_counted(data, end, events)
        return data[end:]

    def _parse_unparsed(self) -> None:
        """Parse what was kept unparsed: its lines may set the reconnection time, and are counted."""
        if self._unparsed:
            # No more than the limit, and no comments that the caller asked for: this completes nothing.
            line = self._parse_whole_lines(b"".join(self._unparsed), [])
            self._unparsed = [b"\n"] if self._size else []
            self._max_held = self._pieces_left = 0
            self._buffer_line(line[1:])

    def _parse_counted_events(self, data: bytes, events: list[Event | Comment]) -> None:
        """Parse whole events, without the last blank line, one of which may be larger than the limit."""
        for event in data.split(b"\n\n"):
            # More than two LF in a row are blank lines that end no event.
            lines = b"\n" + event.strip(b"\n")
            self._parse_counted(lines, len(lines), events)
            self._end_event(events)

    def _parse_counted(self, data: bytes, end: int, events: list[Event | Comment]) -> None:
        """Parse the whole lines of one event in `data[:end]`, and count them against the limit.

        `data` starts with a LF, and LF separates the lines. None of them is blank.
        """
        if end < 2 or self._parse_data_lines(data, end):
            return
        limit = self._max_event_size
        kept = []
        try:
            for line in data[1:end].split(b"\n"):
                name = line.partition(b":")[0]
                if name in FIELD_NAMES:
                    self._size += len(line) + 1
                    if self._size > limit:
                        raise LimitReached
                elif name or not self._comments:
                    continue
                elif len(line) >= limit:
                    # A comment belongs to no event, and is limited like one of its own.
                    raise LimitReached
                kept.append(line)
        finally:
            # Also if an error follows: the events that these lines complete are delivered with it.
            if kept:
                self._parse_lines(_decode(b"\n".join(kept)).split("\n"), events)

    def _parse_data_lines(self, data: bytes, end: int) -> bool:
        """Fast way: nothing but lines that begin with `data: `, of which one event may have thousands.

        Their values become one value with LF between them, without a look at each line. Saves 80 % of
        "100,000 data lines". Return whether the lines of `data[:end]` have that shape, and were parsed.
        `data` is as in `_parse_counted`, but may contain blank lines, which do not have the shape.
        """
        if end < 7 or self._size + end > self._max_event_size or not data.startswith(b"\ndata: "):
            return False
        # There is no CR in the data, so CR can replace LF and `data: `. A LF that remains is another line.
        values = data[7:end].replace(b"\ndata: ", b"\r")
        if values.find(b"\n") >= 0:
            return False
        self._size += end
        value = values.decode("utf-8", "replace").replace("\r", "\n")
        # Without the call, which would be a tenth of what a chunk costs.
        if isinstance(self._data, list):
            self._data.append(value)
        else:
            self._add_data(value)
        return True

    def _add_data(self, value: str) -> None:
        """Add a value of data to the event, or several with LF between them."""
        data = self._data
        if isinstance(data, list):
            data.append(value)
        else:
            self._data = value if data is None else [data, value]

    # The unfinished line

    def _buffer_line(self, piece: bytes) -> None:
        """Hold a piece of an unfinished line, if the line can still matter.

        A line that can no longer become a field, or a comment that the caller asked for, is not kept:
        heartbeats may fill a connection for weeks before its next blank line.
        """
        if not piece:
            return
        self._unparsed.clear()
        # A name may be cut anywhere: until its colon, `dat` may still become `data`, and is kept.
        if self._line_use == UNDECIDED:
            start = b"".join(self._line) + piece[: MAX_FIELD_NAME + 1]
            name, colon, _ = start.partition(b":")
            if not name:
                self._line_use = COMMENT if self._comments else IGNORED
            elif colon:
                self._line_use = FIELD if name in FIELD_NAMES else IGNORED
            elif not any(known.startswith(name) for known in FIELD_NAMES):
                self._line_use = IGNORED
        self._line_size += len(piece)
        if self._line_use == IGNORED:
            return
        self._append_line_piece(piece)
        # A comment belongs to no event, and is limited like one of its own.
        size = self._line_size + (self._size if self._line_use == FIELD else 0)
        if self._line_use != UNDECIDED and size > self._max_event_size:
            raise LimitReached

    def _buffer_middle_of_line(self, data: bytes) -> bool:
        """Fast way: a chunk without a line end, in a line that is a field. Return whether it is one.

        Only the checks that such a chunk needs. Saves 36 % of "one line of 8 MiB".
        """
        size = self._line_size + len(data)
        if self._size + size > self._max_event_size or LF in data or CR in data:
            return False
        self._line_size = size
        self._append_line_piece(data)
        return True

    def _append_line_piece(self, piece: bytes) -> None:
        line = self._line
        # Of a stream that comes byte by byte, each piece would be an object of forty bytes: join small ones.
        if len(piece) < SMALL_PIECE and line and len(line[-1]) < BATCH:
            line[-1] += piece
        else:
            line.append(piece)

    def _continue_line(self, data: bytes, events: list[Event | Comment]) -> bytes:
        """Parse what belongs to the held line, and return the rest."""
        end = data.find(b"\n")
        if end < 0:
            # The line goes on in the next chunk.
            self._buffer_line(data)
            return b""
        line, line_use = b"".join((*self._line, data[:end])), self._line_use
        self._line, self._line_size, self._line_use = [], 0, UNDECIDED
        if line_use != IGNORED:
            if line.startswith(b"data: "):
                self._size += len(line) + 1
                if self._size > self._max_event_size:
                    raise LimitReached
                # A view, because the line may be huge: it is not copied before it is decoded.
                self._add_data(str(memoryview(line)[6:], "utf-8", "replace"))
            else:
                self._parse_counted(b"\n" + line, len(line) + 1, events)
        # An event that has begun is continued with the LF before its next line: see `_unparsed`.
        return data[end:] if self._size else data[end + 1 :]

    # Whole events

    def _parse_single_event(self, data: bytes, text: str, events: list[Event | Comment]) -> bool:
        """Fast way: a chunk of whole events, nearly always one, while nothing is held, as live streams send.

        There is nothing to join, count or keep. Saves 50 % of "heartbeats between, one event per chunk".
        Return whether it has that shape, and was parsed.
        """
        if text.startswith(":") and text.endswith("\n\n"):
            # Fast way: a comment alone, as a heartbeat. Saves 25 % of the same.
            comment = text[:-2]
            if "\n" not in comment and "\r" not in comment and not self._comments:
                return True
        self._line_end = "\n"
        if "\r" in text:
            if not text.endswith("\n"):
                return False
            data = self._normalize_line_ends(data)
            text = _decode(data)
        if not text.endswith("\n\n"):
            return False
        self._parse_lines(_split_lines(text), events)
        if len(events) > 1:
            # Streams that batch events keep doing so: try the next chunk as a run (`_parse_run`).
            self._single_event_limit = 0
        elif events:
            self._miss_frame(data, 2)
        return True

    def _parse_pieces(self, data: bytes, size: int) -> list[Any] | None:
        """Fast way: a chunk without CR while no more than pieces is held; it may end events, and begin one.

        Only the last blank line and the frame are looked for. Saves 24 % of "OpenAI deltas, ASCII, 50-byte
        chunks". Return None if more would be held than fits, or if only the first LF of `data` may end an
        event.
        """
        pieces, whole = self._unparsed, data
        # The last two LF in a row. A single byte is found sooner, and few lines follow the blank one.
        end = data.rfind(b"\n") - 1
        if end >= 0 and data[end] != LF:
            end = data.rfind(b"\n", 0, end) - 1
            if end >= 0 and data[end] != LF:
                end = data.rfind(b"\n\n", 0, end)
        rest = data[end + 2 :]
        if pieces:
            pieces.append(data)
            whole = b"".join(pieces)
            held = len(whole)
            if held > self._max_held:
                pieces.pop()
                return None
            if end >= 0:
                end += held - size
        if end < 0:
            if data[0] == LF:
                self._unparsed = pieces[:-1]
                return None
            self._unparsed = [whole]
            self._pieces_left = (self._max_held - len(whole)) // MAX_PIECE
            return []
        self._unparsed = [rest] if rest else []
        self._pieces_left = self._max_pieces if size <= MAX_PIECE else 0
        frame = self._frame
        if size < MAX_ONE_EVENT and frame is not None and frame.data_only:
            # Fast way: one event. Saves 15 % of the same.
            try:
                text = whole[:end].decode()
            except UnicodeDecodeError:
                text = _decode(whole[:end])
            value = text.removeprefix(frame.prefix)
            if value != text and "\n" not in value:
                self._misses = 0
                event: Any = new(Event)
                event.data = value if frame.space_after_colon else value.removeprefix(" ")
                event.event = frame.event_type
                event.id = self._last_event_id
                event.retry = None
                return [event]
        events: list[Any] = []
        if not self._parse_run(whole, end, events):
            self._parse_lines(_split_lines(_decode(whole[: end + 1])), events)
        return events

    def _parse_held_event(self, pieces: list[bytes]) -> list[Any]:
        """Fast way: a blank line in a chunk of its own. Saves 50 % of "one line per chunk"."""
        whole = b"".join(pieces)
        pieces.clear()
        self._pieces_left = self._max_pieces
        frame = self._frame
        if frame is not None and frame.data_only:
            try:
                text = whole.decode()
            except UnicodeDecodeError:
                text = _decode(whole)
            value = text.removeprefix(frame.prefix)[:-1]
            if len(value) + 1 < len(text) and "\n" not in value:
                self._misses = 0
                event: Any = new(Event)
                event.data = value if frame.space_after_colon else value.removeprefix(" ")
                event.event = frame.event_type
                event.id = self._last_event_id
                event.retry = None
                return [event]
        events: list[Any] = []
        if not self._parse_run(whole, len(whole) - 1, events):
            self._parse_lines(_split_lines(_decode(whole)), events)
        return events

    def _parse_run(self, data: bytes, end: int, events: list[Event | Comment]) -> bool:
        """Fast way: events in a row with one frame, as models and feeds send them by the thousand.

        One `split` on what separates the data of two events replaces a step for each line. Saves 40 % of
        "Anthropic deltas, 4096-byte chunks". Return whether an event has a frame; then all events up to `end`
        were parsed.
        """
        frame, start = self._frame, 0
        if frame is None or not data.startswith(frame.prefix_bytes):
            start = self._find_frame(data, end, events)
            frame = self._frame
            if frame is None or start < 0:
                return False
        changing = data[start + len(frame.prefix_bytes) : end]
        # One event has no LF here, or one if the value of a field comes first. To see that takes less than a
        # search for the separator. Saves 50 % of "events of 6 kB, 1460-byte chunks".
        alone = LF not in changing if frame.data_only else changing.find(b"\n", changing.find(b"\n") + 1) < 0
        if alone:
            text = _decode(changing)
            if self._parse_in_frame(text, frame, events):
                self._misses = 0
            else:
                self._parse_lines(f"{frame.prefix}{text}\n".split("\n"), events)
                self._miss_frame(data, 0)
            return True
        if changing.isascii():
            values = changing.decode().split(frame.separator)
        else:
            values = _split(changing, frame.separator_bytes, frame.separator)
        data_only, space, misfits = frame.data_only, frame.space_after_colon, 0
        event_type, last_event_id = frame.event_type, self._last_event_id
        for value in values:
            if data_only and "\n" not in value:
                event = new(Event)
                event.data = value if space else value.removeprefix(" ")
                event.event = event_type
                event.id = last_event_id
                event.retry = None
                events.append(event)
            elif not self._parse_in_frame(value, frame, events):
                # Events with other frames may follow, up to the next one with this frame.
                self._parse_lines(f"{frame.prefix}{value}\n".split("\n"), events)
                last_event_id = self._last_event_id
                misfits += 1
        if 2 * misfits < len(values):
            self._misses = 0
        else:
            if misfits >= MAX_MISSES > self._misses:
                self._misses = MAX_MISSES - 1
            self._miss_frame(data, 0)
        return True

    def _find_frame(self, data: bytes, end: int, events: list[Event | Comment]) -> int:
        """Find the first event that has the frame, or else learn a frame; parse the events before it.

        Return where it begins, or -1 if there is none near the start of `data`. Saves 30 % of "Anthropic
        deltas, 65536-byte chunks".
        """
        sample = min(end, SAMPLE)
        frame = self._frame
        if frame is None or data.find(frame.separator_bytes, 0, sample) < 0:
            self._miss_frame(data, 0)
            frame = self._frame
        if frame is None or data.startswith(frame.prefix_bytes):
            return 0
        # The separator begins with the LF that ends the line before it, and a blank line.
        blank_line = data.find(frame.separator_bytes, 0, sample) + 1
        if blank_line:
            self._parse_lines(_decode(data[:blank_line]).split("\n"), events)
            return blank_line + 1
        return -1

    def _parse_crlf_run(self, data: bytes, events: list[Event | Comment]) -> bytes:
        """Fast way: the same for lines that end in CRLF, on the bytes as they came.

        Saves 18 % of "OpenAI deltas, CRLF, 4096-byte chunks", which is what it costs to turn CRLF into LF.
        Return the bytes that were not parsed.
        """
        frame = self._chunk_frame
        held = self._after_cr or self._size or self._line_size
        if held or self._line_end == "\n" or frame is None or frame.fields or not frame.space_after_colon:
            return data
        whole = b"".join((*self._unparsed, data))
        end = whole.rfind(b"\r\n\r\n")
        if not 0 <= end < self._max_event_size or not whole.startswith(frame.prefix_bytes):
            return data
        values = _split(whole[len(frame.prefix_bytes) : end], frame.separator_bytes, frame.separator)
        joined = "".join(values)
        if "\n" in joined or "\r" in joined:
            return data
        last_event_id, event_type = self._last_event_id, frame.event_type
        for value in values:
            event = new(Event)
            event.data = value
            event.event = event_type
            event.id = last_event_id
            event.retry = None
            events.append(event)
        self._unparsed.clear()
        return whole[end + 4 :]

    def _parse_in_frame(self, text: str, frame: Frame, events: list[Event | Comment]) -> bool:
        """Parse an event with this text inside its frame. Return whether the text has one of a few shapes.

        The text is the data, of one line or more, and before it the values of the frame's fields. A comment
        may follow the event. There is no CR. Saves 40 % of "all four fields, one event per chunk".
        """
        event_type, event_id, retry = frame.event_type, None, None
        for name, separator in frame.fields:
            value, found, text = text.partition(separator)
            if not found or "\n" in value:
                return False
            if name == "event":
                event_type = value or self._default_type
            elif name == "id":
                if "\0" in value:
                    return False
                event_id = value
            else:
                retry = whole_number(value)
                if retry is None:
                    return False
        if "\n" in text:
            # Two shapes are common enough: several data lines, and a heartbeat after the event. There is no
            # CR in the text, so CR can replace LF and `data: `. A LF that remains is another line.
            lines = text.replace("\ndata: ", "\r")
            if "\n" not in lines:
                text = lines.replace("\r", "\n")
            else:
                text, _, others = text.partition("\n")
                if self._comments or not others.startswith("\n:") or others.find("\n", 1) >= 0:
                    return False
        if event_id is not None:
            self._last_event_id = event_id
            self._id_was_set = True
        if retry is not None:
            self._retry = retry
        event = new(Event)
        event.data = text if frame.space_after_colon else text.removeprefix(" ")
        event.event = event_type
        event.id = self._last_event_id
        event.retry = retry
        events.append(event)
        return True

    def _miss_frame(self, data: bytes, patience: int) -> None:
        """Note that events do not fit the frame; now and then, learn that of the first event of `data`.

        After 1, 2, 4, 8, ... misses in a row, if these are more than `patience`: a guess that fails each time
        must cost little. After MAX_MISSES the type and the reconnection time may be any, or no frame is
        expected.
        """
        misses = self._misses = self._misses + 1
        if misses > patience and not misses & (misses - 1):
            frame = learn_recurring(data, self._default_type, misses >= MAX_MISSES)
            if frame is not None:
                self._frame = frame
                self._chunk_frame = frame if self._line_end == "\n" else frame.with_crlf()
            elif misses >= MAX_MISSES:
                self._frame = self._chunk_frame = None


def _decode(data: bytes) -> str:
    """Return the text, in which invalid UTF-8 becomes U+FFFD.

    "Streams must be decoded using the UTF-8 decode algorithm."
    """
    try:
        # Strict decoding first: of a short text, `errors="replace"` takes twice as long.
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _split_lines(text: str) -> list[str]:
    """Return the lines of a text.

    Fast way: `split` looks at each character. `find` looks at many at once, but is a call for each line, so
    that it is for long lines. Saves 28 % of "events of 6 kB, 65536-byte chunks".
    """
    if len(text) < LONG_LINES:
        return text.split("\n")
    lines: list[str] = []
    start = 0
    while (end := text.find("\n", start)) >= 0:
        lines.append(text[start:end])
        start = end + 1
        if start < LONG_LINES and len(lines) == 4:
            return text.split("\n")
    lines.append(text[start:])
    return lines


def _split(data: bytes, separator_bytes: bytes, separator: str) -> list[str]:
    """Return the text between the separators, which is one separator, as bytes and as text."""
    if data.isascii():
        return data.decode().split(separator)
    # Split first: one character outside Latin-1 makes every character of a str take two or four bytes.
    parts = data.split(separator_bytes)
    try:
        return list(map(bytes.decode, parts))
    except UnicodeDecodeError:
        return [_decode(part) for part in parts]


def _to_bytes(data: object) -> bytes:
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise InvalidArgument("data", f"expected bytes, not {type(data).__name__}")
