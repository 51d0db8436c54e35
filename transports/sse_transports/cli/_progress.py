"""How a recording goes: a line at a terminal that changes, and a line at the end for everybody."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from sse_core import Connecting, Opened, StateChange, Waiting

from ._terminal import is_terminal, printable
from ._units import bytes_text, plural, seconds_text

INTERVAL = 0.2
"""Seconds between two drawings: often enough to look alive, whatever comes."""

WINDOW = 10
"""Drawings over which the rate is measured."""

BEGIN = "\r\x1b[K"
"""Back to the beginning of the line, and nothing in it."""


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
            _tell(f"{self._what_came()}, {connections} in {seconds_text(self._seconds())}\n")

    @contextmanager
    def of(self, received: Received) -> Iterator[None]:
        """Tell how it goes, while inside, if a terminal is there to tell it on."""
        self._received = received
        if not is_terminal(sys.stderr):
            yield
            return
        is_over = threading.Event()
        # A thread of its own, so that it goes on where nothing comes, and costs an event nothing.
        drawing = threading.Thread(target=self._draw, args=(is_over,), daemon=True)
        drawing.start()
        try:
            yield
        finally:
            is_over.set()
            drawing.join()
            _tell(BEGIN)

    def _draw(self, is_over: threading.Event) -> None:
        while True:
            _tell(BEGIN + self._line()[: _columns() - 1])
            if is_over.wait(INTERVAL):
                return

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


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80


def _tell(text: str) -> None:
    # Perhaps nobody is there to read it any more; the recording is what counts.
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()
