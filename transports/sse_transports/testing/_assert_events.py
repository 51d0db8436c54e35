"""Comparing streams so that a person sees what differs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from sse_core import Comment, Event

WIDTH = 80
"""Characters of a line of data that are shown in one; a longer one goes on in the next."""

AROUND = 3
"""Lines that are shown before and behind what differs."""

SHOWN = 200
"""Lines that are shown at most."""

CLOSELY = 20
"""Lines in a row up to which a change is compared character by character, which takes their cube of time."""

COMPARED = 1000
"""Lines that are compared at most, from the first that differs on: more would take long."""


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
    one, other = _lines(wanted), _lines(received)
    begin = _alike(one, other)
    end = _alike(one[begin:][::-1], other[begin:][::-1])
    cut = max(len(one), len(other)) - begin - end > COMPARED
    if cut:
        one, other, end = one[: begin + COMPARED], other[: begin + COMPARED], 0
    marked = [f"  {line}" for line in one[:begin]]
    marked += _compared(one[begin : len(one) - end], other[begin : len(other) - end], cut=cut)
    marked += [f"  {line}" for line in one[len(one) - end :]]
    return _shown(marked, cut=cut)


def _alike(one: list[str], other: list[str]) -> int:
    """Return how many lines they have in common at their beginnings."""
    pairs = zip(one, other, strict=False)
    unlike = next((number for number, (line, its) in enumerate(pairs) if line != its), None)
    return min(len(one), len(other)) if unlike is None else unlike


def _compared(one: list[str], other: list[str], *, cut: bool) -> list[str]:
    """Return all lines, each behind its mark."""
    changes = difflib.SequenceMatcher(None, one, other).get_opcodes()
    if cut and len(changes) > 1 and changes[-1][0] != "equal":
        # What is missing there may stand in what was cut off.
        changes.pop()
    marked: list[str] = []
    for kind, start, stop, its_start, its_stop in changes:
        if kind == "equal":
            marked += [f"  {line}" for line in one[start:stop]]
        elif kind == "replace" and stop - start <= CLOSELY and its_stop - its_start <= CLOSELY:
            marked += difflib.ndiff(one[start:stop], other[its_start:its_stop], charjunk=None)
        else:
            marked += [f"- {line}" for line in one[start:stop]]
            marked += [f"+ {line}" for line in other[its_start:its_stop]]
    return marked


def _shown(marked: list[str], *, cut: bool) -> list[str]:
    places = [number for number, line in enumerate(marked) if line[:1] in ("+", "-", "?")]
    near = {near for place in places for near in range(place - AROUND, place + AROUND + 1)}
    shown: list[str] = []
    left_out = 0
    for number, line in enumerate(marked):
        if number not in near:
            left_out += 1
            continue
        if left_out:
            shown.append(f"  … {left_out} equal lines")
        left_out = 0
        if len(shown) >= SHOWN:
            return [*shown, "  … and so on"]
        shown.append(f"  {line.rstrip()}")
    if cut:
        shown.append("  … and so on")
    elif left_out:
        shown.append(f"  … {left_out} equal lines")
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
    # A backslash too, so that what was sent as one is told from what is spelt out with one.
    shown = "".join(
        repr(character)[1:-1] if character == "\\" or not character.isprintable() else character
        for character in text
    )
    yield f"{name} {shown[:WIDTH]}"
    for start in range(WIDTH, len(shown), WIDTH):
        yield " " * len(name) + f" {shown[start : start + WIDTH]}"
