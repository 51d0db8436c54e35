"""What happens to a source, a line for each change, and events as dots between them."""

from __future__ import annotations

import time

from sse_core import Connecting, Disconnected, Opened, StateChange, Waiting


class Timeline:
    """Prints what happens to a source: connections, cuts, waits, and events as dots between them."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._dots = 0
        self.connections = 0
        self.cuts = 0

    def show(self, change: StateChange) -> None:
        """Print one change; `on_state` of an event source."""
        if isinstance(change, Connecting):
            self.connections += 1
            resumed = f"with Last-Event-ID {change.last_event_id}" if change.last_event_id else ""
            self._line("connecting", resumed)
        elif isinstance(change, Opened):
            self._line("opened", "")
        elif isinstance(change, Disconnected):
            self.cuts += bool(change.pending)
            self._line("cut", f"inside an event: {change.pending} bytes of it had come, and are dropped")
        elif isinstance(change, Waiting):
            self._line("waiting", f"{change.delay:.2f} s")

    def dot(self) -> None:
        """Print one event."""
        print("        │ " * (self._dots == 0) + "·", end="", flush=True)
        self._dots += 1

    def end(self) -> None:
        """Print the end."""
        self._line("end", "")

    def _line(self, what: str, more: str) -> None:
        if self._dots:
            print(f" {self._dots} events")
            self._dots = 0
        print(f"{time.monotonic() - self._start:6.2f} s│ {what:<11}{more}".rstrip(), flush=True)
