"""The published conformance vectors, with the expected result as an `Outcome`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sse_transports.testing import vectors
from tests.sse_core.reference import Outcome

if TYPE_CHECKING:
    from sse_core import Comment, Event
    from sse_transports.testing import Vector as Published

STANDARD = "https://html.spec.whatwg.org/multipage/server-sent-events.html"
CLAUSES = frozenset(
    f"{STANDARD}#{anchor}"
    for anchor in (
        "parsing-an-event-stream",
        "event-stream-interpretation",
        "dispatchMessage",
        "the-last-event-id-header",
        "concept-event-stream-reconnection-time",
    )
)


@dataclass(frozen=True)
class Vector:
    name: str
    chunks: tuple[bytes, ...]
    initial_last_event_id: str
    expected: Outcome
    """With the comments, in order; `expected.without_comments()` is what a parser gives by default."""

    @property
    def stream(self) -> bytes:
        return b"".join(self.chunks)


def load_vectors() -> list[Vector]:
    return [
        Vector(published.name, published.chunks, published.initial_last_event_id, _expected(published))
        for published in vectors()
    ]


def _expected(published: Published) -> Outcome:
    items: list[Event | Comment] = [*published.events]
    # From the last to the first, because an insertion moves the items after it.
    for place, comment in reversed(published.comments):
        items.insert(place, comment)
    return Outcome(items, published.last_event_id, published.retry, published.pending)
