"""What a parser answered: its events in the names of the standard, and how they differ from what is right."""

from __future__ import annotations

from typing import Any

# What an event says: its data, its type, its id.
Said = tuple[str, str, str]


def said(event: Any) -> Said | None:
    """Return what an event says, by the names that all parsers use. None for a comment."""
    if not hasattr(event, "data"):
        return None
    # launchdarkly has both: what the event itself said, and what holds.
    event_id = event.last_event_id if hasattr(event, "last_event_id") else event.id
    return (event.data, event.event or "message", event_id or "")


def difference(answers: list[Said], expected: list[Said]) -> str:
    """Return in a few words how answers differ from what is expected; nothing if they do not."""
    if len(answers) != len(expected):
        return f"{len(answers)} events for {len(expected)}"
    names = ("data", "event", "id")
    counts = [
        sum(answer[place] != right[place] for answer, right in zip(answers, expected, strict=True))
        for place in range(len(names))
    ]
    return ", ".join(f"{name} of {count} events" for name, count in zip(names, counts, strict=True) if count)
