"""Recorded replies of real services, if a folder of them is given: one fixture made of many streams."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.fixtures import LIVE
from sse_core import Event
from tests.sse_core.reference import interpret

if TYPE_CHECKING:
    from pathlib import Path

EVENT = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r)", re.DOTALL)


@dataclass(frozen=True)
class Recordings:
    """Streams of unknown shapes, each read by a parser of its own.

    Attributes:
        name: what they are called.
        replies: each reply's bytes.
        events: what the standard, done literally, makes of them, one reply after the other.
    """

    name: str
    replies: list[bytes]
    events: list[Event]

    def streams(self, size: int | None) -> list[list[bytes]]:
        """Return the chunks of each reply, of `size` bytes; an event each if it is None."""
        return [in_events(reply) if size is LIVE else in_pieces(reply, size) for reply in self.replies]


def in_events(reply: bytes) -> list[bytes]:
    """Return a reply cut after each blank line."""
    chunks = EVENT.findall(reply)
    rest = reply[sum(map(len, chunks)) :]
    return [*chunks, rest] if rest else chunks


def in_pieces(reply: bytes, size: int) -> list[bytes]:
    """Return a reply in chunks of `size` bytes."""
    return [reply[start : start + size] for start in range(0, len(reply), size)]


def recordings(folder: Path) -> Recordings:
    """Return the replies (`*.sse`) in a folder."""
    replies = [path.read_bytes() for path in sorted(folder.glob("*.sse"))]
    if not replies:
        raise SystemExit(f"no recorded replies (*.sse) in {folder}")
    events = [event for reply in replies for event in interpret(reply).items if isinstance(event, Event)]
    return Recordings(f"{len(replies)} recorded replies", replies, events)
