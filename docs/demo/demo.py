"""What this library is for, in ten seconds: a chat reply streams in; a feed breaks and nothing is lost.

Run it with `make demo`. The server is on this machine; nothing leaves it.
"""

from __future__ import annotations

import io
import sys
import time

from demo_server import CUTS, FEED_LENGTH, REPLY, TOKEN, DemoService, feed_data
from side_by_side import is_end, side_by_side

from sse_core import Connecting, Disconnected, Event, Opened, StateChange, Waiting
from sse_transports import EventSource
from sse_transports.testing import SSEServer


def chat(url: str) -> str:
    """Ask for a chat completion and print it as it streams in; return the whole of it."""
    reply = ""
    with EventSource(
        f"{url}/v1/chat/completions",
        method="POST",
        headers={"Authorization": f"Bearer {TOKEN}"},
        json={"model": "demo", "stream": True, "messages": [{"role": "user", "content": "What is SSE?"}]},
        until="[DONE]",
    ) as source:
        for event in source:
            delta = event.json()["choices"][0]["delta"]["content"]
            reply += delta
            print(delta, end="", flush=True)
    print()
    return reply


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
        print(f"{time.monotonic() - self._start:6.2f} s│ {what:<11}{more}".rstrip())


def feed(url: str, timeline: Timeline) -> list[Event]:
    """Read the feed through all its cuts; return what was received."""
    received = []
    with EventSource(f"{url}/feed", until=is_end, on_state=timeline.show) as source:
        for event in source:
            received.append(event)
            timeline.dot()
    timeline.end()
    return received


def main() -> int:
    """Run all scenes; return 0 if nothing was lost or doubled."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that has no such characters shows question marks.
        sys.stdout.reconfigure(errors="replace")
    with SSEServer(DemoService().answer) as server:
        print("A chat reply, by POST with a bearer token, as it streams in:\n")
        reply = chat(server.url)
        print(f"\nA feed of events with ids, cut {CUTS} times in the middle of one:\n")
        timeline = Timeline()
        received = feed(server.url, timeline)
    sent = list(range(1, FEED_LENGTH + 1))
    numbers = [int(event.id) for event in received]
    lost = len(set(sent) - set(numbers))
    duplicated = len(numbers) - len(set(numbers))
    reconnects = timeline.connections - 1
    print(
        f"\nevents sent {len(sent)}, received {len(numbers)}, lost {lost}, duplicated {duplicated},"
        f" reconnects {reconnects}"
    )
    print("\nThe same feed through every transport, each with a server that cuts it in the same places:\n")
    alike = side_by_side()
    print("\nall received the same events, whole and in order" if alike else "\nthey differ")
    whole = all(event.data == feed_data(number) for event, number in zip(received, sent, strict=False))
    good = (
        alike
        and reply == REPLY
        and whole
        and numbers == sent
        and lost == duplicated == 0
        and reconnects == timeline.cuts == CUTS
    )
    if not good:
        print("This is not as it should be.", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
