"""How events are written: a format takes those at hand and returns one text for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sse_core import Comment, Event, encode, encode_comment


class Format(Protocol):
    """Turns events, and comments where they are asked for, into text."""

    def __call__(self, items: Sequence[Event | Comment], /) -> str:
        """Return the text of these."""
        ...

    def end(self) -> str:
        """Return what is still to be written at the end of the stream."""
        ...


class DataLines:
    """Writes the data alone, each event's on lines of its own."""

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        return "".join([f"{item.data}\n" for item in items if isinstance(item, Event)])

    def end(self) -> str:
        """Return nothing."""
        return ""


class EventStream:
    """Writes an event stream again: parsed, it gives the same events.

    An ID is written where it changes: a reader keeps the last one, as the standard says.
    """

    def __init__(self) -> None:
        self._id = ""

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        lines: list[str] = []
        last_id = self._id
        for item in items:
            if isinstance(item, Comment):
                lines.append(encode_comment(item.text).decode())
                continue
            if item.id != last_id:
                last_id = item.id
                # An event that clears it says so in a line of its own, which an `Event` cannot.
                lines.append(f"id: {last_id}\n" if last_id else "id\n")
            if item.retry is None and "\n" not in item.data:
                # What nearly all are. It came from a parser, so there is nothing to refuse.
                named = "" if item.event == "message" else f"event: {item.event}\n"
                lines.append(f"{named}data: {item.data}\n\n")
            else:
                lines.append(encode(Event(item.data, item.event, "", item.retry)).decode())
        self._id = last_id
        return "".join(lines)

    def end(self) -> str:
        """Return nothing."""
        return ""
