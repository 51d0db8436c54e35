"""Recorded replies of real services, if a folder of them is given: one fixture of many streams."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.fixtures import PER_EVENT
from sse_core import Event
from tests.sse_core.reference import interpret

if TYPE_CHECKING:
    from pathlib import Path

EVENT = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r)", re.DOTALL)


@dataclass(frozen=True)
class Recordings:
    """Streams of unknown shapes, each read by a new parser.

    Attributes:
        name: the name of this fixture.
        replies: the bytes of each reply.
        events: the events of all replies in order, as the reference parser of the tests finds them.
    """

    name: str
    replies: list[bytes]
    events: list[Event]

    def streams(self, size: int | None) -> list[list[bytes]]:
        """Return each reply in chunks of `size` bytes; one event per chunk if it is None."""
        return [
            split_events(reply) if size is PER_EVENT else split_bytes(reply, size) for reply in self.replies
        ]


def split_events(reply: bytes) -> list[bytes]:
    """Return a reply split after each blank line."""
    chunks = EVENT.findall(reply)
    rest = reply[sum(map(len, chunks)) :]
    return [*chunks, rest] if rest else chunks


def split_bytes(reply: bytes, size: int) -> list[bytes]:
    """Return a reply in chunks of `size` bytes."""
    return [reply[start : start + size] for start in range(0, len(reply), size)]


def recordings(folder: Path) -> Recordings:
    """Return the replies (`*.sse`) in a folder."""
    replies = [path.read_bytes() for path in sorted(folder.glob("*.sse"))]
    if not replies:
        raise SystemExit(f"no recorded replies (*.sse) in {folder}")
    events = [event for reply in replies for event in interpret(reply).items if isinstance(event, Event)]
    return Recordings(f"{len(replies)} recorded replies", replies, events)
