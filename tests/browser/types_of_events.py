"""Which types of events to listen for: a browser hands over only those that somebody asked for."""

from __future__ import annotations

import re

NEVER = frozenset({"", "Message", "data", "id", "retry", "close", "Event", "undefined", "null"})
"""Types that a browser might take for one by mistake."""


def types_that_may_come(stream: bytes) -> frozenset[str]:
    """Return all that could be a type of an event in this stream, also to a reader that reads it wrongly.

    Lines may end anywhere, names of fields may begin anywhere, and spaces may be taken or left.
    """
    text = stream.decode("utf-8", "replace")
    lines = [*re.split("\r\n|\r|\n", text), *re.split("\r|\n|\0", text), *text.splitlines()]
    found = set(NEVER)
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
                found |= {rest, rest.strip(), rest.lower()}
    return frozenset(found)
