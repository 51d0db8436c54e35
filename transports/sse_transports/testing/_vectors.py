"""The conformance vectors: what the standard says, as data, in the files of the folder `vectors`.

In its file, a vector has a `name` (the behaviour in words), the `clause` of the standard and a `sentence` of
it retold, the `chunks` of a stream, and what comes of them: `events`, then the final `last_event_id` and
`retry`, and how many bytes of an unfinished event are `pending`. It may have an `initial_last_event_id`, and
the `comments` that are returned where they were asked for, each with the number of events before it.

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
    """A stream, and what the standard makes of it.

    Attributes:
        name: the behaviour, in words.
        clause: the place in the standard, as a link.
        sentence: what it says, in short.
        chunks: the stream, cut as it is most telling.
        events: what is dispatched, in order; `id` is the last event ID at that moment.
        last_event_id: the last event ID at the end.
        retry: the last valid reconnection time in milliseconds, or None.
        pending: bytes of the unfinished event at the end: its fields, each line end counting as one.
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
        """The chunks in one."""
        return b"".join(self.chunks)


def vectors() -> tuple[Vector, ...]:
    """Return all conformance vectors: the WHATWG standard's "Server-sent events" as examples."""
    return tuple(_vector(raw) for raw in raw_vectors())


def raw_vectors() -> list[dict[str, Any]]:
    """Return every vector as its file has it."""
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
