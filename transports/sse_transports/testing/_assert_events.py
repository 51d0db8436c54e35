"""`assert_events`: compares streams and shows where they differ."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from sse_core import Comment, Event

LINE_WIDTH = 80
"""Characters of a field that fit into one line; longer ones are wrapped."""

CONTEXT_LINES = 3
"""Equal lines that are shown before and after a difference."""

MAX_SHOWN = 200
"""The largest number of lines that are shown."""

MAX_NDIFF = 20
"""The longest change, in lines, that is compared character by character: that takes cubic time."""

MAX_COMPARED = 1000
"""The largest number of lines that are compared, from the first difference: more would be slow."""


def assert_events(actual: Iterable[Event | Comment], expected: Iterable[Event | Comment]) -> None:
    """Check that a stream is as expected; if not, show the differing fields, one a line.

    Args:
        actual: the received events.
        expected: the expected events.

    Raises:
        AssertionError: they differ. Expected lines begin with `-`, received ones with `+`.
    """
    # Makes pytest show the caller's line instead of this function.
    __tracebackhide__ = True
    received, wanted = list(actual), list(expected)
    if received == wanted:
        return
    first = _common_prefix(received, wanted)
    counts = f"{_count(wanted)} expected -, {len(received)} received +"
    title = f"the streams differ from event {first + 1} on ({counts}):"
    raise AssertionError("\n".join([title, *_difference(wanted, received)]))


def _count(events: list[Event | Comment]) -> str:
    return f"{len(events)} event" + "s" * (len(events) != 1)


def _difference(wanted: list[Event | Comment], received: list[Event | Comment]) -> list[str]:
    old, new = _lines(wanted), _lines(received)
    begin = _common_prefix(old, new)
    end = _common_prefix(old[begin:][::-1], new[begin:][::-1])
    is_truncated = max(len(old), len(new)) - begin - end > MAX_COMPARED
    if is_truncated:
        old, new, end = old[: begin + MAX_COMPARED], new[: begin + MAX_COMPARED], 0
    marked = [f"  {line}" for line in old[:begin]]
    marked += _compare(old[begin : len(old) - end], new[begin : len(new) - end], is_truncated=is_truncated)
    marked += [f"  {line}" for line in old[len(old) - end :]]
    return _without_equal_lines(marked, is_truncated=is_truncated)


def _common_prefix(one: Sequence[object], other: Sequence[object]) -> int:
    """Return the number of equal items at the beginning of both."""
    pairs = zip(one, other, strict=False)
    differing = (number for number, (first, second) in enumerate(pairs) if first != second)
    return next(differing, min(len(one), len(other)))


def _compare(old: list[str], new: list[str], *, is_truncated: bool) -> list[str]:
    """Return all lines, each with two characters in front of it that say where it comes from."""
    changes = difflib.SequenceMatcher(None, old, new).get_opcodes()
    if is_truncated and len(changes) > 1 and changes[-1][0] != "equal":
        # Its lines may be equal to lines after the place where we stopped.
        changes.pop()
    marked: list[str] = []
    for kind, old_start, old_stop, new_start, new_stop in changes:
        removed, added = old[old_start:old_stop], new[new_start:new_stop]
        if kind == "equal":
            marked += [f"  {line}" for line in removed]
        elif kind == "replace" and max(len(removed), len(added)) <= MAX_NDIFF:
            marked += difflib.ndiff(removed, added, charjunk=None)
        else:
            marked += [f"- {line}" for line in removed]
            marked += [f"+ {line}" for line in added]
    return marked


def _without_equal_lines(marked: list[str], *, is_truncated: bool) -> list[str]:
    """Return the lines that differ and those around them."""
    places = [number for number, line in enumerate(marked) if line[:1] in ("+", "-", "?")]
    near = {near for place in places for near in range(place - CONTEXT_LINES, place + CONTEXT_LINES + 1)}
    shown: list[str] = []
    hidden = 0
    for number, line in enumerate(marked):
        if number not in near:
            hidden += 1
            continue
        if hidden:
            shown.append(f"  … {hidden} equal lines")
        hidden = 0
        if len(shown) >= MAX_SHOWN:
            return [*shown, "  … and so on"]
        shown.append(f"  {line.rstrip()}")
    if is_truncated:
        shown.append("  … and so on")
    elif hidden:
        shown.append(f"  … {hidden} equal lines")
    return [line.rstrip() for line in shown]


def _lines(events: list[Event | Comment]) -> list[str]:
    return [line for event in events for line in (*_fields(event), "")]


def _fields(event: Event | Comment) -> Iterator[str]:
    if isinstance(event, Comment):
        yield from _wrapped(":", event.text)
        return
    if event.event != "message":
        yield from _wrapped("event:", event.event)
    if event.id:
        yield from _wrapped("id:", event.id)
    if event.retry is not None:
        yield f"retry: {event.retry}"
    for line in event.data.split("\n"):
        yield from _wrapped("data:", line)


def _wrapped(name: str, text: str) -> Iterator[str]:
    # Escape backslashes too, so that a sent backslash differs from an escape.
    shown = "".join(
        repr(character)[1:-1] if character == "\\" or not character.isprintable() else character
        for character in text
    )
    yield f"{name} {shown[:LINE_WIDTH]}"
    for start in range(LINE_WIDTH, len(shown), LINE_WIDTH):
        yield " " * len(name) + f" {shown[start : start + LINE_WIDTH]}"
