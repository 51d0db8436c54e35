"""Which event types a page must listen for: a browser delivers only those with a listener."""

from __future__ import annotations

import re

WRONG_TYPES = frozenset({"", "Message", "data", "id", "retry", "close", "Event", "undefined", "null"})
"""Types that a faulty browser might dispatch."""


def possible_event_types(stream: bytes) -> frozenset[str]:
    """Return everything in this stream that could be an event type, even to a faulty reader.

    Such a reader may end lines anywhere, begin field names anywhere, and keep or remove spaces.
    """
    text = stream.decode("utf-8", "replace")
    lines = [*re.split("\r\n|\r|\n", text), *re.split("\r|\n|\0", text), *text.splitlines()]
    types = set(WRONG_TYPES)
    for line in lines:
        for match in re.finditer("event", line, re.IGNORECASE):
            value = line[match.end() :]
            for rest in (
                value,
                value[1:],
                value[2:],
                value.strip(),
                value.lstrip(": "),
                value.lstrip(":\t "),
            ):
                types |= {rest, rest.strip(), rest.lower()}
    return frozenset(types)
