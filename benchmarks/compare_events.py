"""Compare the events of any parser with the expected ones."""

from __future__ import annotations

from typing import Any

EventValues = tuple[str, str, str]
"""The data, the type and the last event ID of an event."""


def event_values(event: Any) -> EventValues | None:
    """Return the values of an event of any parser. None for a comment, which some parsers also return."""
    if not hasattr(event, "data"):
        return None
    # launchdarkly has both: `id` is the event's own id line, `last_event_id` is what the standard asks for.
    event_id = event.last_event_id if hasattr(event, "last_event_id") else event.id
    return (event.data, event.event or "message", event_id or "")


def compare_events(found: list[EventValues], expected: list[EventValues]) -> str:
    """Return a short description of how events differ from the expected ones, or "" if they are equal."""
    if len(found) != len(expected):
        return f"{len(found)} events for {len(expected)}"
    names = ("data", "event", "id")
    counts = [
        sum(values[index] != right[index] for values, right in zip(found, expected, strict=True))
        for index in range(len(names))
    ]
    return ", ".join(f"{name} of {count} events" for name, count in zip(names, counts, strict=True) if count)
