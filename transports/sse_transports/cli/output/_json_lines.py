"""JSON Lines: one object per event, for `jq` and other programs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from json.encoder import encode_basestring as quoted
from typing import cast

from sse_core import Comment, Event

MIN_BATCH = 16
"""The smallest batch of events in which it pays to look for shared text."""

MIN_SHARED = 64
"""The fewest shared characters that pay for the check in each event."""


class JSONLines:
    """Writes `event` and `data`, and `id` and `retry` where they are set; `comment` for a comment.

    Most of the time goes into escaping the data, and the events of a language model differ in a word or two.
    So a prefix and a suffix that the data of many events share are escaped once; of each event, only the part
    between them is.
    """

    def __init__(self) -> None:
        # What the data of the last events shared; both empty if that was too little.
        self._prefix = self._suffix = ""

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        lines: list[str] = []
        prefix, suffix = self._prefix, self._suffix
        shared = len(prefix) + len(suffix)
        # Escaped and quoted, without the quotation mark on the inner side.
        quoted_prefix, quoted_suffix = quoted(prefix)[:-1], quoted(suffix)[1:]
        event_type = head = head_with_prefix = ""
        matches = 0
        # Nearly all items are events: catching the exception of a comment costs less than checking each type.
        for event in cast("Sequence[Event]", items):
            try:
                data = event.data
            except AttributeError:
                lines.append(f'{{"comment": {quoted(cast("Comment", event).text)}}}\n')
                continue
            if event.event != event_type:
                event_type = event.event
                head = f'{{"event": {quoted(event_type)}, "data": '
                head_with_prefix = head + quoted_prefix
            middle = data.removeprefix(prefix).removesuffix(suffix) if shared else ""
            # Both were removed if the lengths add up; in short data they could overlap.
            if shared and len(data) - len(middle) == shared:
                matches += 1
                start = head_with_prefix
                value = quoted(middle)[1:-1]
                end = quoted_suffix
            else:
                start = head
                value = quoted(data)
                end = ""
            if event.id:
                end = f'{end}, "id": {quoted(event.id)}'
            if event.retry is not None:
                end = f'{end}, "retry": {event.retry}'
            lines.append(f"{start}{value}{end}}}\n")
        if len(items) >= MIN_BATCH and matches < len(items) // 2:
            self._learn([item.data for item in items[-2:] if isinstance(item, Event)])
        return "".join(lines)

    def end(self) -> str:
        """Return nothing."""
        return ""

    def _learn(self, last: list[str]) -> None:
        """Learn the prefix and suffix that the data of the last two events share.

        First try what they share with the current prefix and suffix, then only with each other. Two neighbors
        may share too much, such as the first digits of a counter; over time, what all events share remains.
        """
        for prefix, suffix in ((self._prefix, self._suffix), (last[0], last[0])) if last else ():
            self._prefix = _common_prefix([prefix, *last])
            rests = [data[len(self._prefix) :][::-1] for data in last]
            self._suffix = _common_prefix([suffix[::-1], *rests])[::-1]
            if len(self._prefix) + len(self._suffix) >= max(MIN_SHARED, len(last[-1]) // 2):
                return
        self._prefix = self._suffix = ""


def _common_prefix(texts: Sequence[str]) -> str:
    equal = takewhile(lambda characters: len(set(characters)) == 1, zip(*texts, strict=False))
    return "".join(characters[0] for characters in equal)
