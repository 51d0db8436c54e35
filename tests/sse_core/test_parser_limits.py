"""`max_event_size`: what counts, and what happens when an event is larger."""

from __future__ import annotations

import pytest

from sse_core import Comment, Event, EventTooLarge, IllegalState, InvalidArgument, Parser, StreamError
from tests.sse_core.feeding import byte_by_byte, every_split, in_pieces, outcome_under_limit

# Events without their blank line, in each shape that the parser treats differently.
EVENTS = {
    "one data line": b"data: abc\n",
    "an event line and a data line": b"event: e\ndata: abc\n",
    "several data lines": b"data: a\ndata\ndata:b\n",
    "every field": b"id: 1\nevent: e\nretry: 5\ndata: a\n",
    "a type after the data": b"data: a\nevent: e\n",
    "many ids": b"id: 1\nid: 2\nid: 3\ndata\n",
    "ignored values": b"retry: x\nid: \0\ndata\n",
    "characters of several bytes": "data: €😀\n".encode(),
    "malformed UTF-8": b"data: \xff\xff\xff\n",
}
every_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())


@every_event
@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_limit_is_exact_for_every_kind_of_event(event: bytes, line_end: bytes) -> None:
    size = len(event)
    # Among other events, because the parser takes the first and the last of a chunk in other ways.
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


def test_the_error_has_the_limit_and_the_events_before() -> None:
    parser = Parser(max_event_size=10)
    assert parser.feed(b"data: 0\n\n") == [Event("0")]
    with pytest.raises(EventTooLarge) as caught:
        parser.feed(b"data: 1\n\nevent: e\n\nid:2\ndata\n\ndata: 0123456789\n\ndata: 3\n\n")
    assert caught.value.limit == 10
    assert caught.value.events == (Event("1"), Event("", id="2"))
    assert "10 bytes" in str(caught.value)
    assert isinstance(caught.value, StreamError)


def test_the_error_has_the_comments_before_if_enabled() -> None:
    parser = Parser(max_event_size=10, comments=True)
    with pytest.raises(EventTooLarge) as caught:
        parser.feed(b": a\ndata: 1\n\n: b\ndata: 0123456789")
    assert caught.value.events == (Comment("a"), Event("1"), Comment("b"))


def test_the_error_is_raised_before_the_line_ends() -> None:
    parser = Parser(max_event_size=10)
    with pytest.raises(EventTooLarge):
        parser.feed(b"data: 01234")


@pytest.mark.parametrize("before", [b"", b"id: 1\n", b"data\n\n", b": comment\n", b"unknown\n"])
def test_the_first_byte_over_the_limit_raises(before: bytes) -> None:
    limit = 20
    parser = Parser(max_event_size=limit)
    for byte in byte_by_byte(before):
        parser.feed(byte)
    left = limit - parser.pending
    line = b"data: " + b"x" * 100
    for byte in byte_by_byte(line[:left]):
        assert parser.feed(byte) == []
    assert parser.pending == limit
    with pytest.raises(EventTooLarge):
        parser.feed(line[left : left + 1])


def test_a_failed_parser_stays_failed_until_reset() -> None:
    parser = Parser(max_event_size=20)
    parser.feed(b"id: 1\nretry: 5\n\nid: 2\nretry: 6\n")
    for chunk in (b"data: 0123456789", b"\n\n", b"data: a\n\n", b""):
        with pytest.raises(EventTooLarge) as caught:
            parser.feed(chunk)
        assert caught.value.limit == 20
        assert caught.value.events == ()
        assert parser.pending == 0
    # An ID takes effect at the blank line, which never came; a reconnection time takes effect at once.
    assert (parser.last_event_id, parser.retry) == ("1", 6)
    parser.reset()
    assert (parser.last_event_id, parser.retry) == ("1", 6)
    assert parser.feed(b"data: a\n\n") == [Event("a", id="1")]


def test_a_failed_parser_does_not_affect_another() -> None:
    failing, other = Parser(max_event_size=10), Parser(max_event_size=10)
    other.feed(b"data: a\n")
    with pytest.raises(EventTooLarge):
        failing.feed(b"data: 0123456789")
    assert other.feed(b"\n") == [Event("a")]


@pytest.mark.parametrize("head", [b":", b": ", b"unknown: ", b"unknown", b"datax", b"Data: ", b"\xff"])
@pytest.mark.parametrize("size", [7, 10_000])
def test_an_endless_ignored_line_is_not_kept(head: bytes, size: int) -> None:
    limit = 100
    parser = Parser(max_event_size=limit)
    parser.feed(b"id: 1\n")
    for piece in in_pieces(head + b"x" * 100 * limit, size):
        assert parser.feed(piece) == []
        assert parser.pending == len(b"id: 1\n")
        # Private: the public interface does not show how much of an ignored line is kept.
        assert len(b"".join(parser._line)) <= len(b"event")
    assert parser.feed(b"\ndata: a\n\n") == [Event("a", id="1")]


def test_a_returned_comment_has_the_limit_of_an_event() -> None:
    comment, event = b": 3456789\n", b"data: 678\n"
    stream = comment + event + comment + b"\n"
    for chunks in ([stream], byte_by_byte(stream), *every_split(stream)):
        outcome, limit = outcome_under_limit(chunks, Parser(max_event_size=10, comments=True))
        assert outcome.items == [Comment("3456789"), Comment("3456789"), Event("678")]
        assert limit is None
        outcome, limit = outcome_under_limit(chunks, Parser(max_event_size=9, comments=True))
        assert (outcome.items, limit) == ([], 9)


def test_the_first_byte_of_a_comment_over_the_limit_raises() -> None:
    parser = Parser(max_event_size=10, comments=True)
    for byte in byte_by_byte(b": 23456789"):
        assert parser.feed(byte) == []
    with pytest.raises(EventTooLarge):
        parser.feed(b"x")


@pytest.mark.parametrize("name", [b"data", b"event", b"id", b"retry"])
def test_an_unfinished_field_name_does_not_count(name: bytes) -> None:
    """It may become an unknown field, which has no limit, and the result must not depend on the chunks."""
    for unknown in (name[:-1] + b"\n", name + b"x\n", name + b" : x\n"):
        for chunks in ([unknown], byte_by_byte(unknown)):
            assert outcome_under_limit(chunks, Parser(max_event_size=1))[1] is None
    for known in (name + b"\n", name + b":", name + b": x\n\n"):
        for chunks in ([known], byte_by_byte(known)):
            assert outcome_under_limit(chunks, Parser(max_event_size=1))[1] == 1


def test_blank_lines_do_not_count() -> None:
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
def test_a_limit_below_one_byte_is_rejected(limit: int) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Parser(max_event_size=limit)
    assert caught.value.name == "max_event_size"


def test_closing_a_failed_parser_drops_nothing() -> None:
    parser = Parser(max_event_size=10)
    with pytest.raises(EventTooLarge):
        parser.feed(b"data: 0123456789")
    assert parser.close() == 0
    with pytest.raises(IllegalState):
        parser.feed(b"")
