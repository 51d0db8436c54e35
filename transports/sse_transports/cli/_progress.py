"""The progress of a recording: a status line while it runs, and a summary at its end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from sse_core import Connecting, Opened, StateChange, Waiting

from .._driver import begins_again
from ._standard_streams import print_error
from ._status_line import status_line
from ._terminal import printable
from ._units import bytes_text, plural, seconds_text

WINDOW = 10
"""The number of drawings over which the transfer rate is measured."""


class ByteCounter(Protocol):
    """Counts the bytes received."""

    bytes_received: int


class Progress:
    """Reports a recording on standard error, as a context manager: leaving it prints the summary.

    Attributes:
        events: how many were received; the caller counts them here.
    """

    def __init__(self) -> None:
        self.events = 0
        self._counter: ByteCounter | None = None
        self._connections = 0
        # Whether a stream without IDs was opened again.
        self._begins_again = False
        self._state = "connecting"
        # Why there is no connection, in parentheses; empty while there is one.
        self._failure = ""
        # When the last lines were drawn, and how many bytes had been received then.
        self._drawings: deque[tuple[float, int]] = deque(maxlen=WINDOW)

    def update(self, change: StateChange) -> None:
        """Follow a state change of the event source: its `on_state`."""
        match change:
            case Connecting():
                self._state = "connecting"
            case Opened():
                self._connections += 1
                self._begins_again = self._begins_again or begins_again(change)
                self._state = "connected"
                self._failure = ""
            case Waiting(delay=float(delay), cause=cause):
                self._state = f"waiting {seconds_text(delay)}"
                self._failure = "" if cause is None else f" ({printable(str(cause))})"
            case _:
                pass

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Without a connection there is nothing to sum up; the error says what happened.
        if self._counter is not None and self._connections:
            connections = plural(self._connections, "connection")
            print_error(f"{self._received()}, {connections} in {seconds_text(self._elapsed())}")
            if self._begins_again:
                print_error("the stream has no IDs, and began again with each connection")

    @contextmanager
    def show(self, counter: ByteCounter) -> Iterator[None]:
        """Show a status line while inside, if standard error is a terminal."""
        self._counter = counter
        with status_line(self._line):
            yield

    def _line(self) -> str:
        assert self._counter is not None  # noqa: S101  # set by `show`
        now = (self._elapsed(), self._counter.bytes_received)
        self._drawings.append(now)
        seconds, received = (last - first for last, first in zip(now, self._drawings[0], strict=True))
        rate = bytes_text(received / seconds if seconds else 0)
        return f"{self._state}: {self._received()}, {rate}/s, {now[0]:.1f} s{self._failure}"

    def _received(self) -> str:
        assert self._counter is not None  # noqa: S101  # set by `show`
        return f"{plural(self.events, 'event')}, {bytes_text(self._counter.bytes_received)}"

    def _elapsed(self) -> float:
        return time.monotonic() - self._start
