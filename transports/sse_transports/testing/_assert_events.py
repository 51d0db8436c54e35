"""Comparing streams so that a person sees what differs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from sse_core import Comment, Event

WIDTH = 80
"""Characters of a line of data that are shown in one; a longer one goes on in the next."""

AROUND = 3
"""Lines that are shown before and behind what differs."""


def assert_events(actual: Iterable[Event | Comment], expected: Iterable[Event | Comment]) -> None:
    """Check that a stream is as expected; if not, show where it differs, as a stream is written.

    Args:
        actual: what was received.
        expected: what should have been.

    Raises:
        AssertionError: they differ. Lines that were expected begin with `-`, those that were received
            instead with `+`.
    """
    # For pytest: the place of interest is the caller's.
    __tracebackhide__ = True
    received, wanted = list(actual), list(expected)
    if received == wanted:
        return
    pairs = zip(received, wanted, strict=False)
    first = next((number for number, (one, other) in enumerate(pairs) if one != other), None)
    if first is None:
        first = min(len(received), len(wanted))
    counts = f"{_count(wanted)} expected -, {len(received)} received +"
    told = f"the streams differ from event {first + 1} on ({counts}):"
    raise AssertionError("\n".join([told, *_difference(wanted, received)]))


def _count(events: list[Event | Comment]) -> str:
    return f"{len(events)} event" + "s" * (len(events) != 1)


def _difference(wanted: list[Event | Comment], received: list[Event | Comment]) -> list[str]:
    lines = [line.rstrip() for line in difflib.ndiff(_lines(wanted), _lines(received), charjunk=None)]
    changed = [number for number, line in enumerate(lines) if line[:1] in ("+", "-", "?")]
    shown: list[str] = []
    left_out = 0
    for number, line in enumerate(lines):
        if any(abs(number - place) <= AROUND for place in changed):
            if left_out:
                shown.append(f"  … {left_out} equal lines")
            left_out = 0
            shown.append(f"  {line}".rstrip())
        else:
            left_out += 1
    if left_out:
        shown.append(f"  … {left_out} equal lines")
    return shown


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
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    yield f"{name} {shown[:WIDTH]}"
    for start in range(WIDTH, len(shown), WIDTH):
        yield " " * len(name) + f" {shown[start : start + WIDTH]}"
