"""The plain way: the standard's rules for whole lines, one after the other.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from ._checks import whole_number
from ._events import DEFAULT_TYPE, Comment, Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Data (a list if it has several lines), type, ID and reconnection time of an event.
    Fields = tuple[str | list[str] | None, str, str | None, int | None]

NOTHING: Fields = (None, DEFAULT_TYPE, None, None)
"""What no line has said anything of yet. None stands for a field that was not sent."""

FIELDS = frozenset({"data", "event", "id", "retry"})


class LineReader:
    """What the lines so far have said, of an event and of the stream."""

    __slots__ = ("_comments", "_event", "_id_was_set", "_last_event_id", "_retry", "_spaced")

    def __init__(self, last_event_id: str, comments: bool) -> None:
        self._comments = comments
        self._last_event_id = last_event_id
        self._id_was_set = False
        self._retry: int | None = None
        self._begin()

    @property
    def last_event_id(self) -> str:
        """The last event ID: sticky, committed at each blank line, `""` if none or cleared."""
        return self._last_event_id

    @property
    def id_was_set(self) -> bool:
        """Whether a stream has set the last event ID, be it to what it was, or cleared it."""
        return self._id_was_set

    def _begin(self) -> None:
        # What the lines of the unfinished event said.
        self._event = NOTHING
        # Whether there was a space behind every colon so far.
        self._spaced = True

    def _add_data(self, value: str) -> None:
        """Add a value of data to the event, or several with LF between them."""
        # `_take_lines` does the same for each line, without the price of a call.
        data, event_type, event_id, event_retry = self._event
        if data is None:
            data = value
        elif isinstance(data, list):
            data.append(value)
        else:
            data = [data, value]
        self._event = data, event_type, event_id, event_retry

    def _take_lines(self, lines: list[str], events: list[Event | Comment]) -> None:
        """Take whole lines of text, without their line ends; put into `events` what they complete."""
        data, event_type, event_id, event_retry = self._event
        for line in lines:
            # "If the line is empty (a blank line): Dispatch the event, as defined below."
            # https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
            if not line:
                # "Set the last event ID string of the event source to the value of the last event ID
                # buffer." Also when there is no data: a block of an id alone moves the cursor.
                if event_id is not None:
                    self._last_event_id = event_id
                    self._id_was_set = True
                # "If the data buffer is an empty string, set the data buffer and the event type buffer
                # to the empty string and return." A `data` line without a value leaves a LF there.
                if data is not None:
                    if isinstance(data, list):
                        data = "\n".join(data)
                    events.append(Event(data, event_type, self._last_event_id, event_retry))
                data, event_type, event_id, event_retry = NOTHING
                continue
            # "Collect the characters on the line before the first U+003A COLON character (:), and let
            # field be that string." "If value starts with a U+0020 SPACE character, remove it from
            # value." Most servers write that space, so that both is done at once; the second round is for
            # the first line of those that do not.
            if self._spaced:
                name, _, value = line.partition(": ")
            else:
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
            while True:
                if name == "data":
                    # "Append the field value to the data buffer, then append a single U+000A LINE FEED
                    # (LF) character to the data buffer." The LF stands between values here, so that the
                    # last one need not be removed again.
                    if data is None:
                        data = value
                    elif isinstance(data, list):
                        data.append(value)
                    else:
                        data = [data, value]
                elif name == "event":
                    # "Set the event type buffer to the field value." An empty buffer means "message".
                    event_type = value or DEFAULT_TYPE
                elif name == "id":
                    # "If the field value does not contain U+0000 NULL, then set the last event ID buffer
                    # to the field value. Otherwise, ignore the field."
                    if "\0" not in value:
                        event_id = value
                elif name == "retry":
                    # "If the field value consists of only ASCII digits, then interpret the field value as
                    # an integer in base ten, and set the event stream's reconnection time to that
                    # integer." At once, not at the blank line. "Otherwise, ignore the field."
                    retry = whole_number(value)
                    if retry is not None:
                        self._retry = event_retry = retry
                elif not name:
                    # "If the line starts with a U+003A COLON character (:): Ignore the line." We return
                    # it to those who ask, because servers put heartbeats and notes there.
                    if self._comments:
                        events.append(Comment(value))
                else:
                    name, colon, value = line.partition(":")
                    if colon and (name in FIELDS or not name):
                        self._spaced = not (name and value)
                        continue
                    # "Otherwise: The field is ignored."
                break
        self._event = data, event_type, event_id, event_retry
