"""Stories as our EventSource plays them, with the policy of browsers. Its waits take no time."""

from __future__ import annotations

from sse_core import Closed, Opened, ReadyState, RetryPolicy, SSEError, StateChange, Waiting
from sse_transports import EventSource
from sse_transports.testing import VirtualClock
from tests.browser.story import CLOSED, OPEN, RECONNECTING, Entry, Played, Story
from tests.browser.theatre import Theatre


def by_us(theatre: Theatre, number: int, story: Story) -> Played:
    """Play one story."""
    told: list[Entry] = []
    errors = events = 0
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True
        source.close()

    def on_state(change: StateChange) -> None:
        nonlocal errors
        if isinstance(change, Opened):
            told.append(OPEN)
        elif isinstance(change, Waiting):
            told.append(RECONNECTING)
            errors += 1
            if errors == story.closed_at_error:
                end()
        elif isinstance(change, Closed) and not ended:
            told.append(CLOSED)

    clock = VirtualClock()
    with EventSource(
        theatre.stream("us", number), retry=RetryPolicy.browser(), clock=clock, on_state=on_state
    ) as source:
        try:
            for event in source:
                told.append((event.event, event.data, event.id))
                events += 1
                if events == story.closed_at_event:
                    end()
        except SSEError:
            assert told[-1] == CLOSED
        assert source.ready_state is ReadyState.CLOSED
    return Played(told, theatre.asked("us", number), clock.waits)
