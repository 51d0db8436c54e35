"""JSON Lines: one object per event, for `jq` and other programs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from json.encoder import encode_basestring as quoted
from typing import cast

from sse_core import Comment, Event

MANY = 16
"""Events at hand at once that make it worth to look for what they share."""

MUCH = 64
"""Characters shared that make it worth to look for them in each event."""


class JSONLines:
    """Writes `event` and `data`, and `id` and `retry` where they are set; `comment` for a comment.

    To escape is most of the work, and events of a model are alike but for a word. So what the data of many
    share, at its beginning and end, is escaped once, and then only what lies between.
    """

    def __init__(self) -> None:
        self._before = self._behind = ""

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        lines: list[str] = []
        before, behind = self._before, self._behind
        shared = len(before) + len(behind)
        # Quoted, without the quotation mark on the inner side.
        quoted_before, quoted_behind = quoted(before)[:-1], quoted(behind)[1:]
        event_type = head = head_shared = ""
        alike = 0
        # Nearly all are events. To ask each one whether it is costs more than to be surprised by a comment.
        for event in cast("Sequence[Event]", items):
            try:
                data = event.data
            except AttributeError:
                lines.append(f'{{"comment": {quoted(cast("Comment", event).text)}}}\n')
                continue
            if event.event != event_type:
                event_type = event.event
                head = f'{{"event": {quoted(event_type)}, "data": '
                head_shared = head + quoted_before
            between = data.removeprefix(before).removesuffix(behind) if shared else ""
            if shared and len(data) - len(between) == shared:
                alike += 1
                start = head_shared
                value = quoted(between)[1:-1]
                end = quoted_behind
            else:
                start = head
                value = quoted(data)
                end = ""
            if event.id:
                end = f'{end}, "id": {quoted(event.id)}'
            if event.retry is not None:
                end = f'{end}, "retry": {event.retry}'
            lines.append(f"{start}{value}{end}}}\n")
        if len(items) >= MANY and alike < len(items) // 2:
            self._learn([item.data for item in items[-2:] if isinstance(item, Event)])
        return "".join(lines)

    def end(self) -> str:
        """Return what is still to be written at the end: nothing."""
        return ""

    def _learn(self, last: list[str]) -> None:
        """Remember what the data of the last two events share; or these and those before, if that is much.

        A number that counts is alike in neighbours only for a while. What is left of it then stays.
        """
        for before, behind in ((self._before, self._behind), (last[0], last[0])) if last else ():
            self._before = _common_beginning([before, *last])
            rests = [data[len(self._before) :][::-1] for data in last]
            self._behind = _common_beginning([behind[::-1], *rests])[::-1]
            if len(self._before) + len(self._behind) >= max(MUCH, len(last[-1]) // 2):
                return
        self._before = self._behind = ""


def _common_beginning(texts: Sequence[str]) -> str:
    alike = takewhile(lambda characters: len(set(characters)) == 1, zip(*texts, strict=False))
    return "".join(characters[0] for characters in alike)
