"""How large an event may grow, and what happens past that."""

from __future__ import annotations

import pytest

from sse_core import Comment, Event, EventTooLarge, IllegalState, InvalidArgument, Parser, StreamError
from tests.sse_core.feeding import byte_by_byte, every_split, in_pieces, outcome_under_limit

# Events without their blank line, in every shape that a parser may treat apart.
EVENTS = {
    "one data line": b"data: abc\n",
    "an event line and a data line": b"event: e\ndata: abc\n",
    "several data lines": b"data: a\ndata\ndata:b\n",
    "every field": b"id: 1\nevent: e\nretry: 5\ndata: a\n",
    "a type after the data": b"data: a\nevent: e\n",
    "many ids": b"id: 1\nid: 2\nid: 3\ndata\n",
    "ignored values": b"retry: x\nid: \0\ndata\n",
    "wide characters": "data: €😀\n".encode(),
    "malformed UTF-8": b"data: \xff\xff\xff\n",
}
every_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())


@every_event
@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_an_event_of_the_limit_passes_and_one_byte_more_fails(event: bytes, line_end: bytes) -> None:
    size = len(event)
    # In the middle of others, because the first and the last go other ways than the rest.
    small = b"data\n\n"
    stream = (small + event + b"\n" + small + event + b"\n" + small).replace(b"\n", line_end)
    for chunks in ([stream], byte_by_byte(stream), *every_split(stream)):
        outcome, limit = outcome_under_limit(chunks, Parser(max_event_size=size))
        assert (len(outcome.items), limit) == (5, None), chunks
        outcome, limit = outcome_under_limit(chunks, Parser(max_event_size=size - 1))
        assert (len(outcome.items), limit) == (1, size - 1), chunks


def test_comments_and_unknown_fields_do_not_count() -> None:
    stream = b"data: a\n: a long comment\nunknown: a long value\nunknown\n:\ndata: b\n\n"
    parser = Parser(max_event_size=len(b"data: a\ndata: b\n"))
    assert parser.feed(stream) == [Event("a\nb")]


def test_the_error_names_the_limit_and_carries_what_the_same_chunk_completed() -> None:
    parser = Parser(max_event_size=10)
    assert parser.feed(b"data: 0\n\n") == [Event("0")]
    with pytest.raises(EventTooLarge) as caught:
        parser.feed(b"data: 1\n\nevent: e\n\nid:2\ndata\n\ndata: 0123456789\n\ndata: 3\n\n")
    assert caught.value.limit == 10
    assert caught.value.events == (Event("1"), Event("", id="2"))
    assert "10 bytes" in str(caught.value)
    assert isinstance(caught.value, StreamError)


def test_the_error_carries_comments_too_where_they_were_asked_for() -> None:
    parser = Parser(max_event_size=10, comments=True)
    with pytest.raises(EventTooLarge) as caught:
        parser.feed(b": a\ndata: 1\n\n: b\ndata: 0123456789")
    assert caught.value.events == (Comment("a"), Event("1"), Comment("b"))


def test_the_error_does_not_wait_for_the_line_to_end() -> None:
    parser = Parser(max_event_size=10)
    with pytest.raises(EventTooLarge):
        parser.feed(b"data: 01234")


@pytest.mark.parametrize("before", [b"", b"id: 1\n", b"data\n\n", b": comment\n", b"unknown\n"])
def test_the_error_comes_with_the_first_byte_too_many(before: bytes) -> None:
    limit = 20
    parser = Parser(max_event_size=limit)
    for byte in byte_by_byte(before):
        parser.feed(byte)
    room = limit - parser.pending
    line = b"data: " + b"x" * 100
    for byte in byte_by_byte(line[:room]):
        assert parser.feed(byte) == []
    assert parser.pending == limit
    with pytest.raises(EventTooLarge):
        parser.feed(line[room : room + 1])


def test_a_failed_parser_stays_failed_until_it_is_reset() -> None:
    parser = Parser(max_event_size=20)
    parser.feed(b"id: 1\nretry: 5\n\nid: 2\nretry: 6\n")
    for chunk in (b"data: 0123456789", b"\n\n", b"data: a\n\n", b""):
        with pytest.raises(EventTooLarge) as caught:
            parser.feed(chunk)
        assert caught.value.limit == 20
        assert caught.value.events == ()
        assert parser.pending == 0
    # The id's blank line never came; the reconnection time does not wait for one.
    assert (parser.last_event_id, parser.retry) == ("1", 6)
    parser.reset()
    assert (parser.last_event_id, parser.retry) == ("1", 6)
    assert parser.feed(b"data: a\n\n") == [Event("a", id="1")]


def test_one_parser_that_fails_leaves_another_alone() -> None:
    failing, other = Parser(max_event_size=10), Parser(max_event_size=10)
    other.feed(b"data: a\n")
    with pytest.raises(EventTooLarge):
        failing.feed(b"data: 0123456789")
    assert other.feed(b"\n") == [Event("a")]


@pytest.mark.parametrize("head", [b":", b": ", b"unknown: ", b"unknown", b"datax", b"Data: ", b"\xff"])
@pytest.mark.parametrize("size", [7, 10_000])
def test_a_line_that_cannot_matter_may_be_endless_and_is_not_held(head: bytes, size: int) -> None:
    limit = 100
    parser = Parser(max_event_size=limit)
    parser.feed(b"id: 1\n")
    for piece in in_pieces(head + b"x" * 100 * limit, size):
        assert parser.feed(piece) == []
        assert parser.pending == len(b"id: 1\n")
        # What is held cannot be seen from outside.
        assert len(b"".join(parser._line)) <= len(b"event")
    assert parser.feed(b"\ndata: a\n\n") == [Event("a", id="1")]


def test_a_comment_that_was_asked_for_is_limited_by_itself() -> None:
    comment, event = b": 3456789\n", b"data: 678\n"
    stream = comment + event + comment + b"\n"
    for chunks in ([stream], byte_by_byte(stream), *every_split(stream)):
        outcome, limit = outcome_under_limit(chunks, Parser(max_event_size=10, comments=True))
        assert outcome.items == [Comment("3456789"), Comment("3456789"), Event("678")]
        assert limit is None
        outcome, limit = outcome_under_limit(chunks, Parser(max_event_size=9, comments=True))
        assert (outcome.items, limit) == ([], 9)


def test_an_endless_comment_that_was_asked_for_fails_with_the_first_byte_too_many() -> None:
    parser = Parser(max_event_size=10, comments=True)
    for byte in byte_by_byte(b": 23456789"):
        assert parser.feed(byte) == []
    with pytest.raises(EventTooLarge):
        parser.feed(b"x")


@pytest.mark.parametrize("name", [b"data", b"event", b"id", b"retry"])
def test_a_name_that_is_not_whole_does_not_fail_a_tiny_limit(name: bytes) -> None:
    """It may yet become an unknown field, and what comes out must not depend on the cut."""
    for unknown in (name[:-1] + b"\n", name + b"x\n", name + b" : x\n"):
        for chunks in ([unknown], byte_by_byte(unknown)):
            assert outcome_under_limit(chunks, Parser(max_event_size=1))[1] is None
    for known in (name + b"\n", name + b":", name + b": x\n\n"):
        for chunks in ([known], byte_by_byte(known)):
            assert outcome_under_limit(chunks, Parser(max_event_size=1))[1] == 1


def test_blank_lines_pass_the_smallest_limit() -> None:
    for stream in (b"\n" * 1000, b"\r" * 1000, b"\r\n" * 1000, b"x\n\n" * 1000, b":\n\n" * 1000):
        for chunks in ([stream], byte_by_byte(stream)):
            outcome, limit = outcome_under_limit(chunks, Parser(max_event_size=1))
            assert (outcome.items, limit) == ([], None)


def test_the_default_limit_is_32_mebibytes() -> None:
    value = b"x" * (32 * 2**20 - len(b"data: \n"))
    [event] = Parser().feed(b"data: " + value + b"\n\n")
    assert len(event.data) == len(value)
    with pytest.raises(EventTooLarge) as caught:
        Parser().feed(b"data: " + value + b"x\n\n")
    assert caught.value.limit == 32 * 2**20


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_allows_nothing_is_refused(limit: int) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Parser(max_event_size=limit)
    assert caught.value.name == "max_event_size"


def test_a_failed_parser_has_nothing_to_drop_when_it_is_closed() -> None:
    parser = Parser(max_event_size=10)
    with pytest.raises(EventTooLarge):
        parser.feed(b"data: 0123456789")
    assert parser.close() == 0
    with pytest.raises(IllegalState):
        parser.feed(b"")
