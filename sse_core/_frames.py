r"""Frames: what a stream repeats around the data of its events.

A model's reply is thousands of events that differ in nothing but their data:

    event: delta\ndata: {"text":"Hel"}\n\nevent: delta\ndata: {"text":"lo"}\n\n

Here `event: delta\ndata: ` and the blank line are the frame. `learn` finds the frame of an event; the parser
then expects the following events to have the same frame, and splits them off with one call into C instead of
reading each line. A frame is only a guess: an event that does not fit is parsed by the plain rules.
"""

from __future__ import annotations

from ._events import DEFAULT_TYPE

MAX_PREFIX = 1024
"""Bytes that may come before the data of an event whose frame is learned."""

MAX_LINES = 5
"""The parser learns no frame from an event that has more parts than this when it is split at LF: an ID, a
type, one line of data, and the two empty strings around the LF of the blank line."""


class Frame:
    """What surrounds the data of an event, and one more field of which the value changes.

    Attributes:
        prefix: the text before the first part that changes: the value of `field`, or else the data.
        field: "id" or "event" if the value of that field changes too; else "".
        field_separator: the text between that value and the data; `""` without a field.
        suffix: the text after the data: the end of its line, and the blank line.
        event_type: the type of these events.
        space_after_colon: whether the prefix ends in the space after the colon. If not, one space has to be
            removed from data that starts with a space.
        data_only: whether the data is all that changes, and needs no further look (no field).
        fixed_size: the number of characters of prefix and suffix.
        separator: suffix and prefix, which separate what changes in one event from what changes in the next.
        prefix_bytes, ...: the same as bytes. A frame is ASCII.
    """

    __slots__ = (
        *("prefix", "field", "field_separator", "suffix", "event_type", "space_after_colon"),
        *("data_only", "fixed_size", "separator"),
        *("prefix_bytes", "field_separator_bytes", "suffix_bytes", "separator_bytes"),
    )

    def __init__(
        self,
        prefix: str,
        field: str,
        field_separator: str,
        suffix: str,
        event_type: str,
        space_after_colon: bool,
    ) -> None:
        self.prefix = prefix
        self.field = field
        self.field_separator = field_separator
        self.suffix = suffix
        self.event_type = event_type
        self.space_after_colon = space_after_colon
        self.data_only = not field
        self.fixed_size = len(prefix) + len(suffix)
        self.separator = suffix + prefix
        self.prefix_bytes = prefix.encode("ascii")
        self.field_separator_bytes = field_separator.encode("ascii")
        self.suffix_bytes = suffix.encode("ascii")
        self.separator_bytes = self.separator.encode("ascii")

    def with_crlf(self) -> Frame:
        """Return the same frame for a stream whose lines end in CRLF."""
        prefix, separator, suffix = (
            text.replace("\n", "\r\n") for text in (self.prefix, self.field_separator, self.suffix)
        )
        return Frame(prefix, self.field, separator, suffix, self.event_type, self.space_after_colon)


DATA_FRAME = Frame("data: ", "", "", "\n\n", DEFAULT_TYPE, True)
"""The frame of an event of one `data` line, which is all that most streams send."""


def data_frame(default_type: str) -> Frame:
    """Return `DATA_FRAME`, for events that have this type when their stream names none."""
    if default_type == DEFAULT_TYPE:
        return DATA_FRAME
    return Frame(DATA_FRAME.prefix, "", "", DATA_FRAME.suffix, default_type, True)


def learn(data: bytes, default_type: str, type_changes: bool) -> Frame | None:
    """Return the frame of the first event of `data`, or None if it has none.

    It has one if its lines are at most an ID and types, in this or the other order, and then data.

    Args:
        data: bytes that begin with an event; lines end in LF.
        default_type: the type of an event that names none.
        type_changes: whether the frame is for events of any type, if this one names a type.
    """
    # "data:" may also occur inside an ID or a type. Then `rest` is not empty below, and there is no frame.
    data_start = data.find(b"data:", 0, MAX_PREFIX)
    if data_start < 0:
        return None
    *lines, rest = data[:data_start].split(b"\n")
    space_after_colon = data.startswith(b" ", data_start + 5)
    # The fixed text before the field that changes, if there is one, and the fixed text since then.
    before_field = fixed = b""
    field, event_type = "", default_type
    for line in lines:
        name, _, value = line.partition(b":")
        changes = value.startswith(b" ") and space_after_colon and not field
        if name == b"event" and changes and type_changes:
            before_field, field, fixed = fixed + b"event: ", "event", b"\n"
        elif name == b"event" and field != "event":
            # The last type counts, as by the plain rules. An empty one means the default.
            fixed += line + b"\n"
            event_type = value.removeprefix(b" ").decode("utf-8", "replace") or default_type
        # Only one field, and with a space: a value without one could begin with a space that belongs to it.
        elif name == b"id" and changes:
            before_field, field, fixed = fixed + b"id: ", "id", b"\n"
        else:
            # A comment, a retry or anything else: it may not come again.
            return None
    fixed += b"data: " if space_after_colon else b"data:"
    # Other text may be malformed UTF-8, and is left to the plain rules. ASCII also means that the frame has
    # as many characters as bytes.
    if rest or not (before_field + fixed).isascii():
        return None
    prefix, separator = (before_field, fixed) if field else (fixed, b"")
    return Frame(prefix.decode(), field, separator.decode(), "\n\n", event_type, space_after_colon)
