"""The numbered events of the soak, and the check that each of them arrives once, in order and whole."""

from __future__ import annotations

from dataclasses import dataclass

from sse_core import Event

TEXT = "é, 日本語, 🙂🙃: characters of one to four bytes in every event. " * 3
LARGE_TEXT = TEXT * 600
"""Some 140 kB: more than a transport reads at a time."""

LARGE_EVERY = 5000

MAX_MISTAKES = 100
"""After more than these, reading on shows nothing new, and may never end."""


def numbered_event(number: int) -> Event:
    """Return the event of this number, as the client must receive it."""
    text = LARGE_TEXT if number % LARGE_EVERY == 0 else TEXT[: 1 + number * 7 % len(TEXT)]
    separator = "\n" if number % 5 == 0 else " "
    event_type = "tick" if number % 3 == 0 else "message"
    return Event(data=f"{number}{separator}{text}", event=event_type, id=str(number))


@dataclass
class Tally:
    """Counts events by what is wrong with them.

    Attributes:
        received: events in all.
        lost: numbers that were skipped.
        doubled: events that had arrived before.
        damaged: events that the server did not send like this: half ones, for instance.
        last: the highest number so far.
    """

    received: int = 0
    lost: int = 0
    doubled: int = 0
    damaged: int = 0
    last: int = 0

    def count(self, event: Event) -> None:
        """Count an event."""
        self.received += 1
        number = int(event.id) if event.id.isdecimal() else 0
        if event != numbered_event(number):
            self.damaged += 1
        elif number <= self.last:
            self.doubled += 1
        else:
            self.lost += number - self.last - 1
            self.last = number

    def is_hopeless(self) -> bool:
        """Return whether there were too many mistakes to read on."""
        return self.lost + self.doubled + self.damaged > MAX_MISTAKES

    def finish(self, events: int) -> None:
        """Count the events that should have come after the last one."""
        self.lost += events - self.last
