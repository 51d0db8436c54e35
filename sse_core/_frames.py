"""Events that are framed alike: streams repeat what stands around an ID and around data.

What is expected is learnt from an event of the stream itself, and is only ever a guess: what does not
fit goes the plain way.
"""

from __future__ import annotations

from ._events import DEFAULT_TYPE, Event
from ._text import split
from ._unfinished import EventHolder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._events import Comment

LARGEST_FRAME = 1024
"""Bytes that may stand before the data of an event whose frame is remembered."""

MOST_FRAMED_LINES = 5
"""An ID, a type, one line of data; and what stands on both sides of the last blank line's end."""


class FrameReader(EventHolder):
    """The fast ways for events that have a frame."""

    __slots__ = ("_crlf_run", "_frame", "_line_end", "_run")

    def __init__(self, last_event_id: str, max_event_size: int, comments: bool) -> None:
        # What is expected of an event that comes as a chunk, as the last had it: text before its data, or
        # its ID; between its ID and its data (`""` if it has no ID, None if there is no space before its
        # data); behind its data; characters of the first and the third; its type. None while nothing is
        # expected.
        self._frame: tuple[str, str | None, str, int, str] | None = ("data: ", "", "\n\n", 8, DEFAULT_TYPE)
        # The same for events that come in a row, with LF: what stands before the first, and between two,
        # as bytes and as text; between an ID and its data; their type.
        self._run: tuple[bytes, bytes, str, str | None, str] | None = None
        super().__init__(last_event_id, max_event_size, comments)

    def _begin(self) -> None:
        super()._begin()
        # The same for lines that end in CRLF, and events without an ID; None while there are none.
        self._crlf_run: tuple[bytes, bytes, str, str] | None = None
        # How lines end here: LF, or CRLF.
        self._line_end = "\n"

    def _take_run(self, data: bytes, end: int, events: list[Event | Comment]) -> bool:
        """Fast way: events up to `end` that are framed alike, as models and feeds send them by the thousand.

        What stands before the first one's data is looked for behind every blank line: one step in C.
        Return whether the first event has a frame; then all were taken.
        """
        run = self._run
        if run is None or not data.startswith(run[0]):
            self._learn_frame(data)
            run = self._run
            if run is None or not data.startswith(run[0]):
                return False
        before, between, between_text, middle, event_type = run
        values = split(data[len(before) : end], between, between_text)
        if middle == "" and "\n" not in "".join(values):
            last_event_id = self._last_event_id
            events += [Event(value, event_type, last_event_id, None) for value in values]
            return True
        for value in values:
            event = self._event_in_frame(value, middle, event_type)
            if event is not None:
                events.append(event)
            else:
                # Other events may stand behind it, up to the next that begins alike.
                self._take_lines(f"{between_text[2:]}{value}\n".split("\n"), events)
        return True

    def _event_in_frame(self, text: str, middle: str | None, event_type: str) -> Event | None:
        """Return the event that has this in its frame; None if there is anything else.

        That is its data, of one line or more, behind its ID if there is one. A comment may come after it.
        """
        event_id = None
        if middle:
            event_id, found, text = text.partition(middle)
            if not found or "\n" in event_id or "\r" in event_id or "\0" in event_id:
                return None
        if "\r" in text or (middle is None and text.startswith(" ")):
            return None
        if "\n" in text:
            first, _, others = text.partition("\n")
            if others.startswith("data: "):
                lines = text.split("\ndata: ")
                if "\n" in "".join(lines):
                    return None
                text = "\n".join(lines)
            elif others.startswith("\n:") and not self._comments and others.find("\n", 1) < 0:
                text = first
            else:
                return None
        if event_id is not None:
            self._last_event_id = event_id
            self._id_was_set = True
        return Event(text, event_type, self._last_event_id, None)

    def _take_crlf_run(self, data: bytes, events: list[Event | Comment]) -> bytes:
        """Fast way: a run whose lines end in CRLF, as it stands. Return what is not taken."""
        run = self._crlf_run
        if run is None or self._after_cr or self._size or self._line_size:
            return data
        before, between, between_text, event_type = run
        whole = self._start + data
        end = whole.rfind(b"\r\n\r\n")
        if end < 0 or end >= self._max_event_size or not whole.startswith(before):
            return data
        values = split(whole[len(before) : end], between, between_text)
        joined = "".join(values)
        if "\n" in joined or "\r" in joined:
            return data
        last_event_id = self._last_event_id
        events += [Event(value, event_type, last_event_id, None) for value in values]
        self._start = b""
        return whole[end + 4 :]

    def _learn_frame(self, data: bytes) -> None:
        """Expect further events to be framed like the first of these, if it has a frame.

        It has one if nothing changes in it but one line of data at its end, and an ID.
        """
        place = data.find(b"data:", 0, LARGEST_FRAME)
        if place < 0:
            return
        *lines, rest = data[:place].split(b"\n")
        spaced = data.startswith(b" ", place + 5)
        before, fixed = b"", b""
        event_type = DEFAULT_TYPE
        for line in lines:
            name, _, value = line.partition(b":")
            if name == b"event":
                fixed += line + b"\n"
                event_type = value.removeprefix(b" ").decode("utf-8", "replace") or DEFAULT_TYPE
            elif name == b"id" and value.startswith(b" ") and spaced and not before:
                before, fixed = fixed + b"id: ", b"\n"
            else:
                return
        fixed += b"data: " if spaced else b"data:"
        # What is not ASCII may be malformed, and is left to the plain way.
        if rest or not (before + fixed).isascii():
            return
        middle = "" if spaced else None
        if before:
            middle = fixed.decode("ascii")
        else:
            before = fixed
        between = b"\n\n" + before
        self._run = (before, between, between.decode("ascii"), middle, event_type)
        line_end = self._line_end
        sent, behind = before.decode("ascii").replace("\n", line_end), 2 * line_end
        sent_middle = middle and middle.replace("\n", line_end)
        self._frame = (sent, sent_middle, behind, len(sent) + len(behind), event_type)
        self._crlf_run = None
        if line_end == "\r\n" and middle == "":
            between = (behind + sent).encode("ascii")
            self._crlf_run = (sent.encode("ascii"), between, behind + sent, event_type)
