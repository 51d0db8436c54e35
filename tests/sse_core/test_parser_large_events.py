"""Events that are too large to stay unparsed: many data lines, with a long or other line among them."""

from __future__ import annotations

import pytest

from sse_core import Event, Parser
from sse_core._parser import MAX_UNPARSED
from tests.sse_core.feeding import in_pieces, outcome_of, outcome_under_limit
from tests.sse_core.reference import field_size, interpret

LINES = [b"data: %d" % number for number in range(7000)]
MIDDLE = len(LINES) // 2
assert sum(map(len, LINES[:MIDDLE])) > 2 * MAX_UNPARSED

BETWEEN = {
    "nothing": [],
    "a comment": [b": ping"],
    "an unknown field": [b"unknown: x"],
    "data without a space": [b"data:x"],
    "data without a value": [b"data"],
    "an ID": [b"id: 7"],
    "a type": [b"event: e"],
    "a reconnection time": [b"retry: 5"],
    "the end of the event": [b""],
    "the end of the event and another": [b"", b"id: 1", b"data: a", b""],
    "malformed data": [b"data: \xff"],
    "a long line": [b"data: " + b"x" * (2 * MAX_UNPARSED)],
    "a long unknown field": [b"unknown: " + b"x" * (2 * MAX_UNPARSED)],
}


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("size", [100, 1460, 4096, 10**6])
@pytest.mark.parametrize("between", BETWEEN)
def test_anything_among_many_data_lines_is_parsed(between: str, size: int, line_end: bytes) -> None:
    lines = [*LINES[:MIDDLE], *BETWEEN[between], *LINES[MIDDLE:], b"", b"data: last", b"", b"data: no"]
    stream = line_end.join(lines)
    result = interpret(stream)
    without_comments: Parser[Event] = Parser()
    assert outcome_of(in_pieces(stream, size), without_comments) == result.without_comments()
    assert outcome_of(in_pieces(stream, size), Parser(comments=True)) == result


@pytest.mark.parametrize("size", [100, 1460])
def test_pending_of_many_lines_is_exact(size: int) -> None:
    stream = b"\n".join(LINES)
    chunks = in_pieces(stream, size)
    for fed in range(0, len(chunks), len(chunks) // 12):
        # A new parser each time, because reading `pending` parses what was kept unparsed.
        parser = Parser()
        for chunk in chunks[:fed]:
            assert parser.feed(chunk) == []
        so_far = b"".join(chunks[:fed])
        *whole, rest = so_far.split(b"\n")
        unfinished = len(rest) if b"data".startswith(rest[:4]) else 0
        assert parser.pending == sum(map(field_size, whole)) + unfinished
        completed = [event for chunk in (*chunks[fed:], b"\n\n") for event in parser.feed(chunk)]
        assert completed == [Event("\n".join(str(number) for number in range(7000)))]
        assert parser.pending == 0


@pytest.mark.parametrize("size", [100, 1460, 10**6])
@pytest.mark.parametrize("spare", [0, -1])
def test_limit_is_exact_for_many_data_lines(size: int, spare: int) -> None:
    stream = b"\n".join(LINES) + b"\n"
    parser = Parser(max_event_size=len(stream) + spare)
    chunks = [b"data: before\n\n", *in_pieces(stream, size), b"\n"]
    outcome, named = outcome_under_limit(chunks, parser)
    assert len(outcome.items) == 2 + spare
    assert named == (None if spare == 0 else len(stream) + spare)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("size", [100, 1460, 10**6])
@pytest.mark.parametrize("order", [1, -1], ids=["long lines first", "short lines first"])
def test_long_lines_and_short_ones_are_parsed(order: int, size: int, line_end: bytes) -> None:
    long = [line for number in range(9) for line in (b"id: %d" % number, b"data: " + b"x" * 3000, b"")]
    short = [line for number in range(9) for line in (b"event: e", b"data: %d" % number, b"data", b"")]
    for first in (long, short)[::order], (long,), (short,):
        stream = line_end.join([line for lines in first for line in lines]) + line_end
        events = interpret(stream).without_comments()
        assert outcome_of(in_pieces(stream, size), Parser[Event]()) == events
        each = [event + line_end * 2 for event in stream.split(line_end * 2)]
        assert outcome_of(each, Parser[Event]()) == events
