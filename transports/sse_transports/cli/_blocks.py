"""Split an event stream after its blank lines, without changing a byte.

Each block completes one event, or none. Joined, the blocks are the stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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
