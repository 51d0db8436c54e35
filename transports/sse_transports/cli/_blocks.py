"""Split an event stream after its blank lines, without changing a byte.

Each block completes one event, or none. Joined, the blocks are the stream.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sse_core import Parser

BOM = b"\xef\xbb\xbf"
"""The byte order mark, which is ignored at the beginning of a stream only."""

BLANK_LINE = re.compile(rb"(?>\r\n?|\n)(?>\r\n?|\n)")
"""A line end and an empty line. The groups are atomic, so that a CRLF never counts as two line ends."""


class BlockSplitter:
    """Splits a stream that arrives in chunks after each blank line.

    If a CR and its LF arrive in two chunks, the LF may begin the next block. That changes no event: there it
    is one more blank line.

    Attributes:
        rest: the bytes after the last blank line.
        searched_from: where in `rest` the next search begins; no blank line begins before it.
    """

    def __init__(self) -> None:
        self.rest = bytearray()
        self.searched_from = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the blocks that this chunk completes."""
        rest = self.rest
        rest += chunk
        start = 0
        while found := BLANK_LINE.search(rest, self.searched_from):
            yield bytes(rest[start : found.end()])
            start = self.searched_from = found.end()
        del rest[:start]
        # The last three bytes may be the beginning of a blank line: CRLF and CR, and then an LF.
        self.searched_from = max(0, len(rest) - 3)


def split_blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the blocks of a stream, and last what follows its last blank line, if anything does."""
    splitter = BlockSplitter()
    for chunk in chunks:
        yield from splitter.feed(chunk)
    if splitter.rest:
        yield bytes(splitter.rest)


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where in a stream a client resumes.

    Attributes:
        position: in bytes from the beginning of the stream.
        has_events: whether any event follows.
        has_ids: whether another last event ID follows.
    """

    position: int
    has_events: bool
    has_ids: bool


def find_resume_point(last_event_id: str, chunks: Iterable[bytes]) -> ResumePoint | None:
    """Return the position after the first event with this ID; None if no event has it.

    If several events have it, the client may have received any of them. Resuming after the first may repeat
    events, but loses none.

    Args:
        last_event_id: an ID, not empty.
        chunks: the stream.
    """
    # No limit: the client decides whether an event is too large.
    parser = Parser(max_event_size=sys.maxsize)
    position = 0
    found: int | None = None
    has_events = False
    for block in split_blocks(chunks):
        position += len(block)
        events = parser.feed(block)
        if found is None:
            if parser.last_event_id == last_event_id:
                found = position
            continue
        has_events = has_events or bool(events)
        if parser.last_event_id != last_event_id:
            return ResumePoint(found, has_events=has_events, has_ids=True)
    return None if found is None else ResumePoint(found, has_events=has_events, has_ids=False)
