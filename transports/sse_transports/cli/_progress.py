"""How a recording goes: a line at a terminal that changes, and a line at the end for everybody."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from sse_core import Connecting, Opened, StateChange, Waiting

from ._live_line import live_line, tell
from ._terminal import printable
from ._units import bytes_text, plural, seconds_text

WINDOW = 10
"""Drawings over which the rate is measured."""


class Received(Protocol):
    """What knows how many bytes have come."""

    bytes_received: int


class Progress:
    """What is told of a recording on standard error, as a context manager: leaving it tells the outcome.

    Attributes:
        events: how many have come; whoever reads them counts.
    """

    def __init__(self) -> None:
        self.events = 0
        self._received: Received | None = None
        self._connections = 0
        self._state = "connecting"
        # Why it is not connected.
        self._trouble = ""
        # The last drawings: when, and how many bytes there were.
        self._drawings: deque[tuple[float, int]] = deque(maxlen=WINDOW)

    def changed(self, change: StateChange) -> None:
        """Take note of a change of the source."""
        match change:
            case Connecting():
                self._state = "connecting"
            case Opened():
                self._connections += 1
                self._state = "connected"
                self._trouble = ""
            case Waiting(delay=float(delay), cause=cause):
                self._state = f"waiting {seconds_text(delay)}"
                self._trouble = "" if cause is None else f" ({printable(str(cause))})"
            case _:
                pass

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Where nothing was connected, the error says all there is to say.
        if self._received is not None and self._connections:
            connections = plural(self._connections, "connection")
            tell(f"{self._what_came()}, {connections} in {seconds_text(self._seconds())}\n")

    @contextmanager
    def of(self, received: Received) -> Iterator[None]:
        """Tell how it goes, while inside, if a terminal is there to tell it on."""
        self._received = received
        with live_line(self._line):
            yield

    def _line(self) -> str:
        assert self._received is not None  # noqa: S101  # as it is told of
        now = (self._seconds(), self._received.bytes_received)
        self._drawings.append(now)
        seconds, received = (last - first for last, first in zip(now, self._drawings[0], strict=True))
        rate = bytes_text(received / seconds if seconds else 0)
        return f"{self._state}: {self._what_came()}, {rate}/s, {now[0]:.1f} s{self._trouble}"

    def _what_came(self) -> str:
        assert self._received is not None  # noqa: S101  # as it is told of
        return f"{plural(self.events, 'event')}, {bytes_text(self._received.bytes_received)}"

    def _seconds(self) -> float:
        return time.monotonic() - self._begun
