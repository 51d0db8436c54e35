"""Recorded replies of real services parse the same, however they arrive.

Run with `-s` to see how much was read.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sse_core import Comment, Event, Parser
from tests.recorded_streams import FILES, every_recording, needs_recordings
from tests.sse_core.feeding import byte_by_byte, cut_at, in_pieces, outcome_of
from tests.sse_core.reference import interpret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = needs_recordings


def parser() -> Parser[Event | Comment]:
    return Parser(comments=True)


@every_recording
def test_a_recording_gives_what_the_reference_gives_however_it_is_cut(path: Path) -> None:
    stream = path.read_bytes()
    expected = interpret(stream)
    assert expected.without_comments().items, "a recording without an event shows nothing"
    assert outcome_of([stream], parser()) == expected
    assert outcome_of(byte_by_byte(stream), parser()) == expected
    assert outcome_of(in_pieces(stream, 1460), parser()) == expected
    assert outcome_of(in_pieces(stream, 4096), parser()) == expected
    # Seeded with the name, so that a failure can be seen again.
    chance = random.Random(path.name)
    for _ in range(10):
        places = chance.choices(range(len(stream) + 1), k=chance.randint(1, 200))
        assert outcome_of(cut_at(stream, places), parser()) == expected


@every_recording
def test_a_recording_is_json_but_for_the_word_that_ends_some(path: Path) -> None:
    events = outcome_of([path.read_bytes()], Parser()).without_comments().items
    *before, last = [event for event in events if isinstance(event, Event)]
    for event in before:
        event.json()
    if last.data != "[DONE]":
        last.json()


@every_recording
def test_a_recording_ends_with_a_whole_event(path: Path) -> None:
    assert outcome_of([path.read_bytes()], Parser()).pending == 0


def test_the_recordings_hold_something(record_property: Callable[[str, object], None]) -> None:
    outcomes = [outcome_of([path.read_bytes()], parser()) for path in FILES]
    counts = {
        "files": len(FILES),
        "bytes": sum(path.stat().st_size for path in FILES),
        "events": sum(len(outcome.without_comments().items) for outcome in outcomes),
        "comments": sum(isinstance(item, Comment) for outcome in outcomes for item in outcome.items),
    }
    print("\nrecorded streams:", ", ".join(f"{count} {name}" for name, count in counts.items()))
    for name, count in counts.items():
        record_property(f"recorded {name}", count)
    assert counts["events"] >= counts["files"]
