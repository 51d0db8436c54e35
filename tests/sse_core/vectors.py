"""The conformance vectors: what the standard says, as data, in the files of the folder `vectors`.

A vector has a `name` (the behaviour in words), the `clause` of the standard and a `sentence` of it
retold, the `chunks` of a stream, and what comes of them: `events`, then the final `last_event_id`
and `retry`, and how many bytes of an unfinished event are `pending`. It may have an
`initial_last_event_id`, and the `comments` that are returned where they were asked for, each with
the number of events before it.

A chunk is text, or `{"hex": ...}` or `{"base64": ...}` for bytes that are not text, or
`{"repeat": text, "times": n}`.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sse_core import Comment, Event
from tests.sse_core.reference import Outcome

FOLDER = Path(__file__).with_name("vectors")

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


def raw_vectors() -> list[dict[str, Any]]:
    """Return every vector as its file has it."""
    return [
        vector
        for path in sorted(FOLDER.glob("*.json"))
        for vector in json.loads(path.read_text(encoding="utf-8"))
    ]


def load_vectors() -> list[Vector]:
    return [_vector(raw) for raw in raw_vectors()]


def _vector(raw: dict[str, Any]) -> Vector:
    items: list[Event | Comment] = [Event(**fields) for fields in raw["events"]]
    # From the last to the first, so that the places of the earlier ones stay what they were.
    for comment in reversed(raw.get("comments", [])):
        items.insert(comment["after_events"], Comment(comment["text"]))
    return Vector(
        name=raw["name"],
        chunks=tuple(_bytes(chunk) for chunk in raw["chunks"]),
        initial_last_event_id=raw.get("initial_last_event_id", ""),
        expected=Outcome(items, raw["last_event_id"], raw["retry"], raw["pending"]),
    )


def _bytes(chunk: str | dict[str, Any]) -> bytes:
    match chunk:
        case str():
            return chunk.encode()
        case {"hex": str(digits)}:
            return bytes.fromhex(digits)
        case {"base64": str(digits)}:
            return base64.b64decode(digits, validate=True)
        case {"repeat": str(text), "times": int(times)}:
            return (text * times).encode()
        case _:
            raise ValueError(f"not a chunk: {chunk}")
