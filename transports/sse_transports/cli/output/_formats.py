"""The interface of a format, and two simple ones: the data only, and an event stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sse_core import Comment, Event, encode, encode_comment


class Format(Protocol):
    """Turns a batch of events, and of comments if they are wanted, into text."""

    def __call__(self, items: Sequence[Event | Comment], /) -> str:
        """Return the text of a batch."""
        ...

    def end(self) -> str:
        """Return the text that is left to write at the end of the stream."""
        ...


class DataLines:
    """Writes only the data, with a line end after each event."""

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        return "".join([f"{item.data}\n" for item in items if isinstance(item, Event)])

    def end(self) -> str:
        """Return nothing."""
        return ""


class EventStream:
    """Writes an event stream that gives the same events when it is parsed.

    An ID is written only when it changes, because parsers keep the last one.
    """

    def __init__(self) -> None:
        self._last_id = ""

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        lines: list[str] = []
        last_id = self._last_id
        for item in items:
            if isinstance(item, Comment):
                lines.append(encode_comment(item.text).decode())
                continue
            if item.id != last_id:
                last_id = item.id
                # `encode` writes no line for an empty ID; here, that line clears the ID of the last event.
                lines.append(f"id: {last_id}\n" if last_id else "id\n")
            if item.retry is None and "\n" not in item.data:
                # Fast path for most events. The fields came from a parser, so they need none of the checks
                # that `encode` makes.
                type_line = "" if item.event == "message" else f"event: {item.event}\n"
                lines.append(f"{type_line}data: {item.data}\n\n")
            else:
                lines.append(encode(Event(item.data, item.event, "", item.retry)).decode())
        self._last_id = last_id
        return "".join(lines)

    def end(self) -> str:
        """Return nothing."""
        return ""
