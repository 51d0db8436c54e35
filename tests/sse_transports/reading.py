"""Iterates a source in a thread of its own, while the test runs in another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sse_core import Event, ReadyState
from sse_transports import AsyncEventSource, EventSource
from sse_transports._exchanges import AsyncDecodedExchange, DecodedExchange
from tests.sse_transports.awaited import Awaited
from tests.sse_transports.waiting import DEADLINE, eventually, is_blocked_in


class Reading:
    """Iterates `source` to its end in a thread; leaving the context closes the source.

    Attributes:
        events: what was yielded so far.
        error: what ended the iteration, if anything was raised.
    """

    def __init__(self, source: EventSource[Event]) -> None:
        self.source = source
        self.events: list[Event] = []
        self.error: BaseException | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="Reading")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.source.close()
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive(), "close() ends the iteration"

    @property
    def data(self) -> list[str]:
        return [event.data for event in self.events]

    def until_received(self, *data: str) -> None:
        """Return when these events have been yielded, and no others."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.events) >= len(data), DEADLINE)
        assert self.data == list(data)

    def until_ended(self) -> None:
        """Return when the iteration has ended."""
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive(), "the iteration ends"

    def until_blocked_in(self, function: Callable[..., object]) -> None:
        """Return when the iteration waits inside `function`."""
        name = function.__qualname__
        eventually(lambda: is_blocked_in(self._thread, function), f"the iteration waits in {name}")

    def until_it_reads(self) -> None:
        """Return when the iteration waits for bytes."""
        self._until_blocked_in(DecodedExchange.read, AsyncDecodedExchange.read)

    def until_it_sleeps(self) -> None:
        """Return when the iteration waits for time to pass, or for a command."""
        self._until_blocked_in(EventSource._sleep_unless_commanded, AsyncEventSource._sleep_unless_commanded)

    # No public call says that a source is blocked, and where. So these look for private methods.

    def _until_blocked_in(self, blocking: Callable[..., object], asynchronous: Callable[..., object]) -> None:
        source: object = self.source

        def is_blocked() -> bool:
            if isinstance(source, Awaited):
                return source.is_blocked_in(asynchronous)
            return is_blocked_in(self._thread, blocking)

        eventually(is_blocked, f"the iteration waits in {blocking.__qualname__}")

    def _run(self) -> None:
        try:
            for event in self.source:
                with self._changed:
                    self.events.append(event)
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001  # the test checks it
            self.error = error


def close_while_busy(reading: Reading) -> None:
    """Close in this thread while the other one is busy. Its iteration ends without an error."""
    reading.source.close()
    reading.until_ended()
    assert reading.error is None
    assert reading.source.ready_state is ReadyState.CLOSED
    assert list(reading.source) == []
