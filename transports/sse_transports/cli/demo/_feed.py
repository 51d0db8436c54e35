"""The feed of the demo: readings with ids, which the server cuts in the middle of events."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sse_core import Event, encode

from ...testing import Cut, Sleep

if TYPE_CHECKING:
    from ...testing import Call, Step, Steps

FEED_LENGTH = 150
CUTS = 5
PACE = 0.012
"""Seconds between events, so that a person can watch."""
RETRY = 17
"""How many events long clients wait before they come back."""


class FeedService:
    """Answers `GET /feed`, for an `SSEServer`.

    Args:
        pace: seconds between events.
    """

    def __init__(self, pace: float = PACE) -> None:
        self._pace = pace
        # Seeded, so that each run tells the same story.
        self._random = random.Random(9_2_6)
        self._cuts_left = CUTS

    def answer(self, call: Call) -> Steps:
        """Answer one request: what is behind its Last-Event-ID."""
        first = int(call.last_event_id or "0") + 1
        # The server's wish for the reconnection time: as long as some events take, because this is a demo.
        steps: list[Step] = [f"retry: {1000 * RETRY * self._pace:.0f}\n\n".encode()]
        cut_at = self._next_cut(first)
        for number in range(first, FEED_LENGTH + 1):
            event = encode(Event(feed_data(number), event="reading", id=str(number)))
            if number == cut_at:
                return [*steps, event[: self._random.randrange(1, len(event))], Cut()]
            steps += [event, Sleep(self._pace)]
        return [*steps, Event("that was all", event="end")]

    def _next_cut(self, first: int) -> int | None:
        if not self._cuts_left:
            return None
        self._cuts_left -= 1
        return first + self._random.randrange(10, 30)


def feed_data(number: int) -> str:
    """Return the data of the feed's event: two lines, with a character of three bytes."""
    return f"reading {number}\n{number * number} €"


def is_end(event: Event) -> bool:
    """Tell whether this is the feed's last event."""
    return event.event == "end"
