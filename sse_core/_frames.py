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


SAMPLE = 2**12
"""Bytes at the start of a chunk in which a frame is looked for."""

MAX_TRIED = 4
"""Events at the start of a chunk of which a frame may be learned."""


class Frame:
    """What surrounds the data of an event, and the fields before it of which the values change.

    Attributes:
        prefix: the text before the first value that changes.
        fields: the fields whose values change too, in order: the name of each ("id", "event" or "retry"), and
            the text between its value and the next one. Empty if only the data changes.
        suffix: the text after the data: the end of its line, and the blank line.
        event_type: the type of these events, unless it changes.
        space_after_colon: whether the data has a space before it. If not, one space has to be removed from
            data that starts with a space.
        data_only: whether the data is all that changes, and needs no further look.
        separator: suffix and prefix, which separate what changes in one event from what changes in the next.
        prefix_bytes, separator_bytes: the same as bytes. A frame is ASCII.
    """

    __slots__ = (
        *("prefix", "fields", "suffix", "event_type", "space_after_colon"),
        *("data_only", "separator", "prefix_bytes", "separator_bytes"),
    )

    def __init__(
        self,
        prefix: str,
        fields: tuple[tuple[str, str], ...],
        suffix: str,
        event_type: str,
        space_after_colon: bool,
    ) -> None:
        self.prefix = prefix
        self.fields = fields
        self.suffix = suffix
        self.event_type = event_type
        self.space_after_colon = space_after_colon
        self.data_only = not fields
        self.separator = suffix + prefix
        self.prefix_bytes = prefix.encode("ascii")
        self.separator_bytes = self.separator.encode("ascii")

    def with_crlf(self) -> Frame:
        """Return the same frame for a stream whose lines end in CRLF."""
        fields = tuple((name, separator.replace("\n", "\r\n")) for name, separator in self.fields)
        prefix, suffix = self.prefix.replace("\n", "\r\n"), self.suffix.replace("\n", "\r\n")
        return Frame(prefix, fields, suffix, self.event_type, self.space_after_colon)


DATA_FRAME = Frame("data: ", (), "\n\n", DEFAULT_TYPE, True)
"""The frame of an event of one `data` line, which is all that most streams send."""


def data_frame(default_type: str) -> Frame:
    """Return `DATA_FRAME`, for events that have this type when their stream names none."""
    if default_type == DEFAULT_TYPE:
        return DATA_FRAME
    return Frame(DATA_FRAME.prefix, (), DATA_FRAME.suffix, default_type, True)


def learn(data: bytes, default_type: str, all_change: bool) -> Frame | None:
    """Return the frame of the first event of `data`, or None if it has none.

    It has one if its lines are at most an ID, types and a reconnection time, in any order, and then data.

    Args:
        data: bytes that begin with an event; lines end in LF.
        default_type: the type of an event that names none.
        all_change: whether the frame is for events with any type and reconnection time, if this one has them.
    """
    # "data:" may also occur inside an ID or a type. Then `rest` is not empty below, and there is no frame.
    data_start = data.find(b"data:", 0, MAX_PREFIX)
    if data_start < 0:
        return None
    *lines, rest = data[:data_start].split(b"\n")
    space_after_colon = data.startswith(b" ", data_start + 5)
    # The fixed text before and after each value that changes.
    names: list[bytes] = []
    texts = [b""]
    event_type = default_type
    for line in lines:
        name, _, value = line.partition(b":")
        if name == b"event" and not all_change and name not in names:
            # The last type counts, as by the plain rules. An empty one means the default.
            texts[-1] += line + b"\n"
            event_type = value.removeprefix(b" ").decode("utf-8", "replace") or default_type
        # Once each, and with a space: a value without one could begin with a space that belongs to it.
        elif (
            (name == b"id" or (all_change and name in {b"event", b"retry"}))
            and value.startswith(b" ")
            and space_after_colon
            and name not in names
        ):
            texts[-1] += name + b": "
            names.append(name)
            texts.append(b"\n")
        else:
            # A comment or anything else: it may not come again.
            return None
    texts[-1] += b"data: " if space_after_colon else b"data:"
    # Other text may be malformed UTF-8, and is left to the plain rules. ASCII also means that the frame has
    # as many characters as bytes.
    if rest or not b"".join(texts).isascii():
        return None
    prefix, *separators = (text.decode() for text in texts)
    fields = tuple(zip((name.decode() for name in names), separators, strict=True))
    return Frame(prefix, fields, "\n\n", event_type, space_after_colon)


def learn_recurring(data: bytes, default_type: str, all_change: bool) -> Frame | None:
    """Return the frame of the first event whose frame comes again soon, or else of the first that has one.

    A reply often begins with events of other types than those that follow by the thousand.
    """
    found = None
    data = data[:SAMPLE]
    for _ in range(MAX_TRIED):
        frame = learn(data, default_type, all_change)
        if frame is not None and frame.separator_bytes in data:
            return frame
        found = found or frame
        data = data.partition(b"\n\n")[2]
    return found
