"""The reference parser: the steps of the standard, literally, on a whole stream. The tests compare with it.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sse_core import Comment, Event

BOM = b"\xef\xbb\xbf"
FIELDS = (b"data", b"event", b"id", b"retry")


@dataclass
class Outcome:
    """The result of parsing a stream."""

    items: list[Event | Comment]
    last_event_id: str
    retry: int | None
    pending: int

    def without_comments(self) -> Outcome:
        events = [item for item in self.items if not isinstance(item, Comment)]
        return Outcome([*events], self.last_event_id, self.retry, self.pending)


def interpret(stream: bytes, last_event_id: str = "") -> Outcome:
    """Follow the steps of the standard, and also return the comments, which it ignores."""
    # "Streams must be decoded using the UTF-8 decode algorithm", which strips one byte order mark.
    text = stream.removeprefix(BOM).decode("utf-8", "replace")
    # An unfinished line at the end of the stream is discarded.
    *lines, _ = re.split("\r\n|\n|\r", text)
    items: list[Event | Comment] = []
    data_buffer = type_buffer = ""
    # The standard starts each connection with an empty buffer. Browsers do not, and neither do we: the first
    # event without an ID would then clear the last event ID, and a reconnection could not resume.
    id_buffer = last_event_id
    reconnection_time = event_retry = None
    for line in lines:
        if line == "":
            last_event_id = id_buffer
            if data_buffer:
                data = data_buffer.removesuffix("\n")
                items.append(Event(data, type_buffer or "message", last_event_id, event_retry))
            data_buffer = type_buffer = ""
            event_retry = None
            continue
        if line.startswith(":"):
            items.append(Comment(line[1:].removeprefix(" ")))
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            type_buffer = value
        elif field == "data":
            data_buffer += value + "\n"
        elif field == "id" and "\0" not in value:
            id_buffer = value
        elif field == "retry" and re.fullmatch("[0-9]+", value):
            # The only deviation of our parser: a longer number is read as 10**18 - 1.
            digits = value.lstrip("0") or "0"
            event_retry = int(digits) if len(digits) <= 18 else 10**18 - 1
            reconnection_time = event_retry
    return Outcome(items, last_event_id, reconnection_time, _pending(stream))


def _pending(stream: bytes) -> int:
    """Return the bytes of the fields after the last blank line. Each line end counts as one byte."""
    *lines, unfinished = re.split(b"\r\n|\n|\r", stream.removeprefix(BOM))
    size = len(unfinished) if may_become_field(unfinished) else 0
    for line in reversed(lines):
        if line == b"":
            break
        size += field_size(line)
    return size


def field_size(line: bytes) -> int:
    """Return how many bytes a whole line adds to the size of its event."""
    return len(line) + 1 if line.partition(b":")[0] in FIELDS else 0


def may_become_field(unfinished: bytes) -> bool:
    """Return whether an unfinished line is a field, or may become one with more bytes."""
    name, colon, _ = unfinished.partition(b":")
    return name in FIELDS if colon else any(field.startswith(name) for field in FIELDS)


def before_too_large(stream: bytes, limit: int, *, comments: bool = False) -> bytes | None:
    """Return the stream before the line that exceeds `limit`, or None if no line does.

    A field counts together with the fields before it in its event. A comment counts alone, and only if
    comments are returned. An unfinished line counts without a line end, once its field name is complete.
    """
    start = len(BOM) if stream.startswith(BOM) else 0
    size = 0
    while True:
        end = re.compile(b"\r\n|\n|\r").search(stream, start)
        line = stream[start : end.start() if end else None]
        finished = 1 if end else 0
        name, colon, _ = line.partition(b":")
        if colon or end:
            if name in FIELDS:
                size += len(line) + finished
                if size > limit:
                    return stream[:start]
            elif comments and colon and not name and len(line) + finished > limit:
                return stream[:start]
        if not end:
            return None
        if line == b"":
            size = 0
        start = end.end()
