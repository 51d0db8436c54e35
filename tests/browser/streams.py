"""Streams as stories: first an ID and a short reconnection time, then the stream, then the end of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sse_core import Event
from sse_transports.testing import Sleep, Step, vectors
from tests.browser.story import CLOSED, OPEN, RECONNECTING, THE_END, Outcome, Story, with_id
from tests.browser.types_of_events import types_that_may_come
from tests.sse_core.random_streams import random_streams
from tests.sse_core.reference import interpret

RANDOM_STREAMS = 2000
SEED = 20260101
LONGEST_WAIT = 300
"""Milliseconds. A stream that asks for a longer wait is left when it ends."""

BETWEEN_CHUNKS = Sleep(0.001)
"""So that what comes in pieces is mostly read in pieces too. What is read in one is no different."""


@dataclass(frozen=True, kw_only=True)
class StreamStory(Story):
    """One stream, to which a client comes with a last event ID, and whose last one it then asks with.

    Attributes:
        stream: its bytes.
        last_event_id: what the client comes with.
    """

    stream: bytes
    last_event_id: str

    def outcome_of(self, stream: bytes) -> Outcome:
        """Return what must come of the story if this is what is read, by the letter of the standard."""
        found = interpret(stream, self.last_event_id).without_comments()
        events = [(item.event, item.data, item.id) for item in found.items if isinstance(item, Event)]
        told = [OPEN, RECONNECTING, OPEN, *events, RECONNECTING]
        asked = [_request(""), _request(self.last_event_id)]
        if self.closed_at_error is None:
            told.append(CLOSED)
            asked.append(_request(found.last_event_id))
        return Outcome(tuple(told), tuple(asked))


def stories_of_vectors() -> list[StreamStory]:
    """Return each conformance vector as a story."""
    return [_story(vector.name, vector.chunks, vector.initial_last_event_id) for vector in vectors()]


def stories_of_random_streams() -> list[StreamStory]:
    """Return each random stream as a story."""
    return [
        _story(f"random stream {number}", chunks)
        for number, chunks in enumerate(random_streams(RANDOM_STREAMS, SEED))
    ]


def _story(name: str, chunks: Sequence[bytes], last_event_id: str = "") -> StreamStory:
    stream = b"".join(chunks)
    retry = interpret(stream).retry
    steps: list[Step] = []
    for chunk in filter(None, chunks):
        steps += [chunk, BETWEEN_CHUNKS]
    return StreamStory(
        name=name,
        stream=stream,
        last_event_id=last_event_id,
        answers=[[b"retry: 1\n", f"id: {last_event_id}\n\n".encode()], steps[:-1], THE_END],
        types=types_that_may_come(stream),
        closed_at_error=None if retry is None or retry <= LONGEST_WAIT else 2,
    )


def _request(last_event_id: str) -> str:
    # Whitespace around a header's value is none of it.
    return with_id("stream", last_event_id.encode().strip()) if last_event_id else "stream"
