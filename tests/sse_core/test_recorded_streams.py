"""Recorded responses of real services: the same events, however their bytes are cut into chunks.

Run with `-s` to see how many files, bytes and events there are.
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
def test_recording_parses_like_the_reference(path: Path) -> None:
    stream = path.read_bytes()
    expected = interpret(stream)
    assert expected.without_comments().items, "a recording without an event tests nothing"
    assert outcome_of([stream], parser()) == expected
    assert outcome_of(byte_by_byte(stream), parser()) == expected
    assert outcome_of(in_pieces(stream, 1460), parser()) == expected
    assert outcome_of(in_pieces(stream, 4096), parser()) == expected
    # Seeded with the file name, so that a failure can be reproduced.
    chance = random.Random(path.name)
    for _ in range(10):
        places = chance.choices(range(len(stream) + 1), k=chance.randint(1, 200))
        assert outcome_of(cut_at(stream, places), parser()) == expected


@every_recording
def test_recording_has_json_data_and_maybe_a_final_done(path: Path) -> None:
    events = outcome_of([path.read_bytes()], Parser()).without_comments().items
    *before, last = [event for event in events if isinstance(event, Event)]
    for event in before:
        event.json()
    if last.data != "[DONE]":
        last.json()


@every_recording
def test_recording_ends_with_a_complete_event(path: Path) -> None:
    assert outcome_of([path.read_bytes()], Parser()).pending == 0


def test_recordings_have_events(record_property: Callable[[str, object], None]) -> None:
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
