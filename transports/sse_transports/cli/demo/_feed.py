"""The feed of the demo: events with IDs; the server drops the connection in the middle of some."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sse_core import Event, encode

from ...testing import Cut, Sleep

if TYPE_CHECKING:
    from ...testing import Call, Step, Steps

FEED_LENGTH = 150
INTERRUPTIONS = 5
PACE = 0.012
"""Seconds between events, slow enough to watch."""
RETRY = 17
"""How long clients wait before they reconnect, as a number of events."""


class FeedService:
    """Answers `GET /feed`, for an `SSEServer`.

    Args:
        pace: seconds between events.
    """

    def __init__(self, pace: float = PACE) -> None:
        self._pace = pace
        # Seeded, so that each run is the same.
        self._random = random.Random(9_2_6)
        self._interruptions_left = INTERRUPTIONS

    def answer(self, call: Call) -> Steps:
        """Answer one request: resume after its Last-Event-ID."""
        first = int(call.last_event_id or "0") + 1
        # The reconnection time is short because this is a demo.
        steps: list[Step] = [f"retry: {1000 * RETRY * self._pace:.0f}\n\n".encode()]
        drop_at = self._next_interruption(first)
        for number in range(first, FEED_LENGTH + 1):
            event = encode(Event(feed_data(number), event="reading", id=str(number)))
            if number == drop_at:
                return [*steps, event[: self._random.randrange(1, len(event))], Cut()]
            steps += [event, Sleep(self._pace)]
        return [*steps, Event("end of the feed", event="end")]

    def _next_interruption(self, first: int) -> int | None:
        if not self._interruptions_left:
            return None
        self._interruptions_left -= 1
        return first + self._random.randrange(10, 30)


def feed_data(number: int) -> str:
    """Return the data of an event: two lines, with a character of three bytes."""
    return f"reading {number}\n{number * number} €"


def is_end(event: Event) -> bool:
    """Return whether this is the last event of the feed."""
    return event.event == "end"
