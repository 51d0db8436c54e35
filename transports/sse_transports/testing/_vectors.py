"""The conformance vectors: the standard as examples, in the JSON files of the folder `vectors`.

In its file, a vector has a `name` (the behavior in words), the `clause` of the standard (a link) and a short
`sentence` of what it says; the `chunks` of a stream; and the expected results: `events`, then the final
`last_event_id` and `retry`, and `pending`, the number of bytes of the incomplete event. It may have an
`initial_last_event_id`, and the `comments` of a parser that returns comments, each with the number of events
before it.

A chunk is text, or `{"hex": ...}` or `{"base64": ...}` for bytes that are not text, or
`{"repeat": text, "times": n}`.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sse_core import Comment, Event


@dataclass(frozen=True, slots=True)
class Vector:
    """A stream, and the events that a parser must return for it.

    Attributes:
        name: the behavior, in words.
        clause: a link to the place in the standard.
        sentence: what the standard says there, in short.
        chunks: the stream, split where it matters most.
        events: the dispatched events, in order; `id` is the last event ID at that moment.
        last_event_id: the last event ID at the end.
        retry: the last valid reconnection time in milliseconds, or None.
        pending: bytes of the incomplete event at the end: its fields, each line end counted as one.
        initial_last_event_id: the last event ID at the beginning.
        comments: each with the number of events before it.
    """

    name: str
    clause: str
    sentence: str
    chunks: tuple[bytes, ...]
    events: tuple[Event, ...]
    last_event_id: str
    retry: int | None
    pending: int
    initial_last_event_id: str
    comments: tuple[tuple[int, Comment], ...]

    @property
    def stream(self) -> bytes:
        """The chunks, joined."""
        return b"".join(self.chunks)


def vectors() -> tuple[Vector, ...]:
    """Return all conformance vectors: examples for the section "Server-sent events" of the standard."""
    return tuple(_vector(raw) for raw in raw_vectors())


def raw_vectors() -> list[dict[str, Any]]:
    """Return all vectors as their files have them."""
    folder = files(__package__ or "") / "vectors"
    paths = sorted(
        (path for path in folder.iterdir() if path.name.endswith(".json")), key=lambda path: path.name
    )
    return [vector for path in paths for vector in json.loads(path.read_text(encoding="utf-8"))]


def _vector(raw: dict[str, Any]) -> Vector:
    return Vector(
        name=raw["name"],
        clause=raw["clause"],
        sentence=raw["sentence"],
        chunks=tuple(_bytes(chunk) for chunk in raw["chunks"]),
        events=tuple(Event(**fields) for fields in raw["events"]),
        last_event_id=raw["last_event_id"],
        retry=raw["retry"],
        pending=raw["pending"],
        initial_last_event_id=raw.get("initial_last_event_id", ""),
        comments=tuple(
            (comment["after_events"], Comment(comment["text"])) for comment in raw.get("comments", [])
        ),
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
