"""Events for a person: type, ID and data in a line, in colours where there are some."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from sse_core import Comment, Event

from .._terminal import Paint

TOKEN = re.compile(r'(?P<string>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?|(?P<word>-?\d[\d.eE+-]*|true|false|null)')
"""What is coloured in JSON: names, strings, and what is neither."""

INDENT = "  "


class Pretty:
    """Writes each event in a line, or, if its data has several, those beneath it.

    Args:
        paint: colours a text, or leaves it as it is.
        harmless: makes a server's text what may be written.
    """

    def __init__(self, paint: Paint, harmless: Callable[[str], str]) -> None:
        self._paint = paint
        self._harmless = harmless

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        return "".join(
            self._comment(item) if isinstance(item, Comment) else self._event(item) for item in items
        )

    def end(self) -> str:
        """Return nothing."""
        return ""

    def _comment(self, comment: Comment) -> str:
        return self._paint("dim", f": {self._harmless(comment.text)}") + "\n"

    def _event(self, event: Event) -> str:
        parts = [self._paint("bold cyan", self._harmless(event.event))]
        if event.id:
            parts.append(self._paint("dim", f"id {self._harmless(event.id)}"))
        if event.retry is not None:
            parts.append(self._paint("dim", f"retry {event.retry}"))
        data = _in_one_line(event.data)
        if "\n" not in data:
            return INDENT.join([*parts, self._data(data)]).rstrip() + "\n"
        lines = [INDENT + self._data(line) for line in data.split("\n")]
        return "\n".join([INDENT.join(parts), *lines]) + "\n"

    def _data(self, data: str) -> str:
        shown = self._harmless(data)
        return TOKEN.sub(self._token, shown) if data[:1] in ("{", "[") else shown

    def _token(self, token: re.Match[str]) -> str:
        if token["word"]:
            return self._paint("magenta", token["word"])
        if token["colon"]:
            return self._paint("blue", token["string"]) + token["colon"]
        return self._paint("green", token["string"])


def _in_one_line(data: str) -> str:
    """Return JSON that stands in several lines in one; anything else as it is."""
    if "\n" not in data:
        return data
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return data
    # Not written anew, which could change a number: in JSON, a line ends between two tokens only.
    return " ".join(line.strip() for line in data.split("\n"))
