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
"""The most parts that an event with a frame has when it is split at LF: an ID, a type, one line of data, and
the two empty strings around the LF of the blank line."""


class Frame:
    """What surrounds the ID and the data of an event.

    Attributes:
        prefix: the text before the first part that changes, which is the ID if there is one, else the data.
        id_separator: the text between the ID and the data; `""` for a frame without an ID.
        suffix: the text after the data: the end of its line, and the blank line.
        event_type: the type of these events.
        space_after_colon: whether a space precedes the data. Servers that never write it are rare, but then
            a value that starts with a space loses it, so such a value does not fit.
        data_only: whether the data is all that changes, and needs no further look (no ID, and a space).
        fixed_size: the number of characters of prefix and suffix.
        separator: the text between the ends of one event's data and the start of the next one's, in a row
            of events: the suffix and the prefix.
        prefix_bytes, separator_bytes: the same as bytes. A frame is ASCII.
    """

    __slots__ = (
        *("prefix", "id_separator", "suffix", "event_type", "space_after_colon"),
        *("data_only", "fixed_size", "separator", "prefix_bytes", "separator_bytes"),
    )

    def __init__(
        self, prefix: str, id_separator: str, suffix: str, event_type: str, space_after_colon: bool
    ) -> None:
        self.prefix = prefix
        self.id_separator = id_separator
        self.suffix = suffix
        self.event_type = event_type
        self.space_after_colon = space_after_colon
        self.data_only = space_after_colon and not id_separator
        self.fixed_size = len(prefix) + len(suffix)
        self.separator = suffix + prefix
        self.prefix_bytes = prefix.encode("ascii")
        self.separator_bytes = self.separator.encode("ascii")

    def with_crlf(self) -> Frame:
        """Return the same frame for a stream whose lines end in CRLF."""
        prefix, separator, suffix = (
            text.replace("\n", "\r\n") for text in (self.prefix, self.id_separator, self.suffix)
        )
        return Frame(prefix, separator, suffix, self.event_type, self.space_after_colon)


DATA_FRAME = Frame("data: ", "", "\n\n", DEFAULT_TYPE, True)
"""The frame of an event of one `data` line, which is all that most streams send."""


def data_frame(default_type: str) -> Frame:
    """Return `DATA_FRAME`, for events that have this type when their stream names none."""
    if default_type == DEFAULT_TYPE:
        return DATA_FRAME
    return Frame(DATA_FRAME.prefix, "", DATA_FRAME.suffix, default_type, True)


def learn(data: bytes, default_type: str) -> Frame | None:
    """Return the frame of the first event of `data`, or None if it has none.

    It has one if its lines are at most an ID and types, in this or the other order, and then data.

    Args:
        data: bytes that begin with an event; lines end in LF.
        default_type: the type of an event that names none.
    """
    # "data:" may also occur inside an ID or a type. Then `rest` is not empty below, and there is no frame.
    data_start = data.find(b"data:", 0, MAX_PREFIX)
    if data_start < 0:
        return None
    *lines, rest = data[:data_start].split(b"\n")
    space_after_colon = data.startswith(b" ", data_start + 5)
    # The fixed text before the ID, if there is one, and the fixed text since then.
    before_id = fixed = b""
    event_type = default_type
    for line in lines:
        name, _, value = line.partition(b":")
        if name == b"event":
            # The last type counts, as by the plain rules. An empty one means the default.
            fixed += line + b"\n"
            event_type = value.removeprefix(b" ").decode("utf-8", "replace") or default_type
        # Only one ID, and with a space: an ID without one could begin with a space that belongs to it.
        elif name == b"id" and value.startswith(b" ") and space_after_colon and not before_id:
            before_id, fixed = fixed + b"id: ", b"\n"
        else:
            # A comment, a retry or anything else: it may not come again.
            return None
    fixed += b"data: " if space_after_colon else b"data:"
    # Other text may be malformed UTF-8, and is left to the plain rules. ASCII also means that the frame has
    # as many characters as bytes.
    if rest or not (before_id + fixed).isascii():
        return None
    prefix, id_separator = (before_id, fixed) if before_id else (fixed, b"")
    return Frame(prefix.decode(), id_separator.decode(), "\n\n", event_type, space_after_colon)
