"""The format for people: type, ID and data in a line, in colors if there are any."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from sse_core import Comment, Event

from .._terminal import Paint

TOKEN = re.compile(r'(?P<string>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?|(?P<word>-?\d[\d.eE+-]*|true|false|null)')
"""The parts of JSON that are colored: names and strings; numbers, true, false and null."""

INDENT = "  "


class Pretty:
    """Writes each event in one line. If its data has several lines, they follow, indented.

    Args:
        paint: colors a text, or returns it unchanged.
        escape: makes a server's text safe to write.
    """

    def __init__(self, paint: Paint, escape: Callable[[str], str]) -> None:
        self._paint = paint
        self._escape = escape

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        return "".join(
            self._comment(item) if isinstance(item, Comment) else self._event(item) for item in items
        )

    def end(self) -> str:
        """Return nothing."""
        return ""

    def _comment(self, comment: Comment) -> str:
        return self._paint("dim", f": {self._escape(comment.text)}") + "\n"

    def _event(self, event: Event) -> str:
        parts = [self._paint("bold cyan", self._escape(event.event))]
        if event.id:
            parts.append(self._paint("dim", f"id {self._escape(event.id)}"))
        if event.retry is not None:
            parts.append(self._paint("dim", f"retry {event.retry}"))
        data = _joined_json(event.data)
        if "\n" not in data:
            return INDENT.join([*parts, self._data(data)]).rstrip() + "\n"
        lines = [INDENT + self._data(line) for line in data.split("\n")]
        return "\n".join([INDENT.join(parts), *lines]) + "\n"

    def _data(self, data: str) -> str:
        escaped = self._escape(data)
        return TOKEN.sub(self._token, escaped) if data[:1] in ("{", "[") else escaped

    def _token(self, token: re.Match[str]) -> str:
        if token["word"]:
            return self._paint("magenta", token["word"])
        if token["colon"]:
            return self._paint("blue", token["string"]) + token["colon"]
        return self._paint("green", token["string"])


def _joined_json(data: str) -> str:
    """Join JSON in several lines to one line; return other data unchanged."""
    if "\n" not in data:
        return data
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return data
    # Join the lines instead of dumping the value again, which could change a number. A JSON token never
    # contains a line end.
    return " ".join(line.strip() for line in data.split("\n"))
