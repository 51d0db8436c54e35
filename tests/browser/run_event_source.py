"""Run a script with our EventSource and the retry policy of browsers. Its waits take no time."""

from __future__ import annotations

from sse_core import Closed, Opened, ReadyState, RetryPolicy, SSEError, StateChange, Waiting
from sse_transports import EventSource
from sse_transports.testing import VirtualClock
from tests.browser.browser_harness import BrowserHarness
from tests.browser.recorded_run import CLOSED, OPEN, RECONNECTING, Entry, RecordedRun, ServerScript


def run_in_event_source(harness: BrowserHarness, number: int, script: ServerScript) -> RecordedRun:
    """Run one script."""
    log: list[Entry] = []
    errors = events = 0
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True
        source.close()

    def on_state(change: StateChange) -> None:
        nonlocal errors
        if isinstance(change, Opened):
            log.append(OPEN)
        elif isinstance(change, Waiting):
            log.append(RECONNECTING)
            errors += 1
            if errors == script.close_at_error:
                end()
        elif isinstance(change, Closed) and not ended:
            log.append(CLOSED)

    clock = VirtualClock()
    with EventSource(
        harness.stream("event_source", number), retry=RetryPolicy.browser(), clock=clock, on_state=on_state
    ) as source:
        try:
            for event in source:
                log.append((event.event, event.data, event.id))
                events += 1
                if events == script.close_at_event:
                    end()
        except SSEError:
            assert log[-1] == CLOSED
        assert source.ready_state is ReadyState.CLOSED
    return RecordedRun(log, harness.requests("event_source", number), clock.waits)
