"""Helpers that cut a stream into chunks, and feed them to a parser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sse_core import EventTooLarge
from tests.sse_core.reference import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sse_core import Comment, Event, Parser


def outcome_of(chunks: Iterable[bytes], parser: Parser[Event] | Parser[Event | Comment]) -> Outcome:
    """Feed all chunks, close the parser, and return what it parsed."""
    items: list[Event | Comment] = []
    for chunk in chunks:
        items += parser.feed(chunk)
    return _close(parser, items)


def outcome_under_limit(
    chunks: Iterable[bytes], parser: Parser[Event] | Parser[Event | Comment]
) -> tuple[Outcome, int | None]:
    """Feed chunks until an event is too large. Return what was parsed, and the limit that the error names."""
    items: list[Event | Comment] = []
    for chunk in chunks:
        try:
            items += parser.feed(chunk)
        except EventTooLarge as error:
            items += error.events
            return _close(parser, items), error.limit
    return _close(parser, items), None


def _close(parser: Parser[Event] | Parser[Event | Comment], items: list[Event | Comment]) -> Outcome:
    """Close the parser, and return the items with the state it had."""
    last_event_id, retry, pending = parser.last_event_id, parser.retry, parser.pending
    dropped = parser.close()
    assert dropped == pending, "close() returns what was pending"
    assert (parser.last_event_id, parser.retry) == (last_event_id, retry), "close() commits nothing"
    return Outcome(items, last_event_id, retry, pending)


def byte_by_byte(stream: bytes) -> list[bytes]:
    return [stream[index : index + 1] for index in range(len(stream))]


def in_pieces(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def cut_at(stream: bytes, offsets: Iterable[int]) -> list[bytes]:
    """Cut a stream at these offsets, in any order. An offset that is given twice makes an empty chunk."""
    ends = [*sorted(offsets), len(stream)]
    return [stream[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def after_blank_lines(stream: bytes) -> list[bytes]:
    """Cut a stream after each event."""
    return re.split(b"(?<=\n\n)|(?<=\r\n\r\n)", stream)


def with_empty_chunks(chunks: Sequence[bytes]) -> list[bytes]:
    return [piece for chunk in chunks for piece in (b"", chunk, b"")]


def every_split(stream: bytes) -> Iterator[list[bytes]]:
    """Return each way to cut a stream into two chunks."""
    return (cut_at(stream, [offset]) for offset in range(len(stream) + 1))
