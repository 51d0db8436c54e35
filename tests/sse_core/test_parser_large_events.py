"""Events larger than what is kept unread: many lines of data, long lines, and what comes between."""

from __future__ import annotations

import pytest

from sse_core import Event, Parser
from sse_core._unfinished import LARGEST_START
from tests.sse_core.feeding import in_pieces, outcome_of, outcome_under_limit
from tests.sse_core.reference import field_size, interpret

LINES = [b"data: %d" % number for number in range(7000)]
MIDDLE = len(LINES) // 2
assert sum(map(len, LINES[:MIDDLE])) > 2 * LARGEST_START

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
    "a long line": [b"data: " + b"x" * (2 * LARGEST_START)],
    "a long line of a field that is not known": [b"unknown: " + b"x" * (2 * LARGEST_START)],
}


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("size", [100, 1460, 4096, 10**6])
@pytest.mark.parametrize("between", BETWEEN)
def test_what_comes_among_many_lines_of_data_is_read_right(between: str, size: int, line_end: bytes) -> None:
    lines = [*LINES[:MIDDLE], *BETWEEN[between], *LINES[MIDDLE:], b"", b"data: last", b"", b"data: no"]
    stream = line_end.join(lines)
    result = interpret(stream)
    silent: Parser[Event] = Parser()
    assert outcome_of(in_pieces(stream, size), silent) == result.without_comments()
    assert outcome_of(in_pieces(stream, size), Parser(comments=True)) == result


@pytest.mark.parametrize("size", [100, 1460])
def test_what_is_pending_of_many_lines_is_known_at_any_moment(size: int) -> None:
    stream = b"\n".join(LINES)
    chunks = in_pieces(stream, size)
    for moment in range(0, len(chunks), len(chunks) // 12):
        # A parser each: to be asked changes how it goes on.
        parser = Parser()
        for chunk in chunks[:moment]:
            assert parser.feed(chunk) == []
        so_far = b"".join(chunks[:moment])
        # It has gathered lines without looking at each: what this is about.
        assert bool(parser._carry) is (len(so_far) > LARGEST_START)
        *whole, rest = so_far.split(b"\n")
        unfinished = len(rest) if b"data".startswith(rest[:4]) else 0
        assert parser.pending == sum(map(field_size, whole)) + unfinished
        # What was asked for is not lost by it.
        completed = [event for chunk in (*chunks[moment:], b"\n\n") for event in parser.feed(chunk)]
        assert completed == [Event("\n".join(str(number) for number in range(7000)))]
        assert parser.pending == 0


@pytest.mark.parametrize("size", [100, 1460, 10**6])
@pytest.mark.parametrize("spare", [0, -1])
def test_many_lines_count_against_the_limit_to_the_byte(size: int, spare: int) -> None:
    stream = b"\n".join(LINES) + b"\n"
    parser = Parser(max_event_size=len(stream) + spare)
    chunks = [b"data: before\n\n", *in_pieces(stream, size), b"\n"]
    outcome, named = outcome_under_limit(chunks, parser)
    assert len(outcome.items) == 2 + spare
    assert named == (None if spare == 0 else len(stream) + spare)
