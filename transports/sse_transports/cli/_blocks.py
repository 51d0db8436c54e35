"""A stream cut into blocks at its blank lines, byte for byte: each completes one event, or none."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sse_core import Parser

BLANK_LINE = re.compile(rb"(?>\r\n?|\n)(?>\r\n?|\n)")
"""The end of a line, and a line with nothing in it. A CRLF is never taken for two of them."""

BOM = b"\xef\xbb\xbf"


class Blocks:
    """Cuts a stream that comes in pieces behind each blank line.

    Where a CR and its LF come in two pieces, that LF may begin the next block: as a blank line more it
    changes nothing.

    Attributes:
        rest: what came behind the last blank line.
        searched_from: where in that the next blank line may begin, at the earliest.
    """

    def __init__(self) -> None:
        self.rest = bytearray()
        self.searched_from = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the blocks that this piece completes."""
        rest = self.rest
        rest += piece
        begin = 0
        while found := BLANK_LINE.search(rest, self.searched_from):
            yield bytes(rest[begin : found.end()])
            begin = self.searched_from = found.end()
        del rest[:begin]
        # Of a blank line, a CRLF and a CR may be there.
        self.searched_from = max(0, len(rest) - 3)


def blocks_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the blocks of a stream, and what is behind the last one."""
    blocks = Blocks()
    for piece in pieces:
        yield from blocks.feed(piece)
    if blocks.rest:
        yield bytes(blocks.rest)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream is gone on with.

    Attributes:
        position: bytes from its beginning.
        has_events: whether any event comes behind that.
        has_ids: whether any other last event ID comes behind that.
    """

    position: int
    has_events: bool
    has_ids: bool


def place_behind(last_event_id: str, pieces: Iterable[bytes]) -> Place | None:
    """Return the place behind the event that first has this ID; None if none has it.

    The first, because an ID that stands twice does not tell which one was meant, and what comes twice
    is not lost.

    Args:
        last_event_id: an ID, not empty.
        pieces: the stream.
    """
    # Whether an event is too large is for whoever reads it.
    parser = Parser(max_event_size=sys.maxsize)
    position = 0
    found: int | None = None
    has_events = False
    for block in blocks_of(pieces):
        position += len(block)
        events = parser.feed(block)
        if found is None:
            if parser.last_event_id == last_event_id:
                found = position
            continue
        has_events = has_events or bool(events)
        if parser.last_event_id != last_event_id:
            return Place(found, has_events=has_events, has_ids=True)
    return None if found is None else Place(found, has_events=has_events, has_ids=False)
