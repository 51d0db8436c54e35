"""A log of the state changes of an event source, with a dot for each event between them."""

from __future__ import annotations

import time

from sse_core import Connecting, Disconnected, Opened, StateChange, Waiting

from .._units import plural


class StateLog:
    """Prints a line for each state change of an event source, and a dot for each event.

    Attributes:
        connections: how many connections were begun.
        incomplete: how many connections were lost inside an event.
    """

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._dots = 0
        self.connections = 0
        self.incomplete = 0

    def on_state(self, change: StateChange) -> None:
        """Print one state change. Pass this method as `on_state` to an event source."""
        if isinstance(change, Connecting):
            self.connections += 1
            resumed = f"with Last-Event-ID {change.last_event_id}" if change.last_event_id else ""
            self._line("connecting", resumed)
        elif isinstance(change, Opened):
            self._line("opened", "")
        elif isinstance(change, Disconnected):
            self.incomplete += bool(change.pending)
            self._line("lost", f"inside an event: its first {plural(change.pending, 'byte')} discarded")
        elif isinstance(change, Waiting):
            self._line("waiting", f"{change.delay:.2f} s")

    def on_event(self) -> None:
        """Print a dot for an event."""
        print("        │ " * (self._dots == 0) + "·", end="", flush=True)
        self._dots += 1

    def end(self) -> None:
        """Print the end of the stream."""
        self._line("end", "")

    def _line(self, state: str, details: str) -> None:
        if self._dots:
            print(f" {plural(self._dots, 'event')}")
            self._dots = 0
        print(f"{time.monotonic() - self._start:6.2f} s│ {state:<11}{details}".rstrip(), flush=True)
