"""The state of a parser: its arguments, `pending`, `close`, `reset`, and the bytes that it accepts."""

from __future__ import annotations

from typing import Any

import pytest

from sse_core import Event, EventTooLarge, IllegalState, InvalidArgument, Parser


@pytest.mark.parametrize("value", ["1\n", "1\r", "1\0", "\ud800", 1, b"1"])
def test_an_invalid_last_event_id_is_rejected(value: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Parser(last_event_id=value)
    assert caught.value.name == "last_event_id"


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"", False),
        (b"data: a\n\n", False),
        (b"id: 1\x00\n\n", False),
        (b"id: 8\n", False),
        (b"id: 8\n\n", True),
        (b"id: 7\n\ndata: a\n\n", True),
        (b"id\n\n", True),
    ],
    ids=["nothing", "no id", "an id with NUL", "no blank line", "another id", "the same id", "an empty id"],
)
def test_id_was_set_at_the_blank_line_after_an_id(stream: bytes, expected: bool) -> None:
    parser = Parser(last_event_id="7")
    parser.feed(stream)
    assert parser.id_was_set is expected
    parser.reset()
    assert parser.id_was_set is expected


def test_arguments_are_keyword_only() -> None:
    make: Any = Parser
    with pytest.raises(TypeError):
        make("7")


def test_repr_shows_the_state_and_truncates_a_long_id() -> None:
    parser = Parser()
    assert repr(parser) == "<Parser last_event_id='' retry=None pending=0>"
    parser.feed(b"retry: 5\nid: " + b"x" * 10_000 + b"\n\ndata: a")
    assert repr(parser) == f"<Parser last_event_id='{'x' * 200}' retry=5 pending=7>"


def test_close_returns_how_many_bytes_it_dropped() -> None:
    parser = Parser()
    parser.feed(b"id: 1\nretry: 5\n\nid: 2\ndata: a")
    assert parser.pending == len(b"id: 2\ndata: a")
    assert parser.close() == len(b"id: 2\ndata: a")
    assert parser.pending == 0
    assert parser.close() == 0
    assert (parser.last_event_id, parser.retry) == ("1", 5)


@pytest.mark.parametrize("chunk", [b"", b"data: a\n\n", b"x"])
def test_a_closed_parser_rejects_bytes_until_reset(chunk: bytes) -> None:
    parser = Parser()
    parser.feed(b"id: 1\ndata: a\n\n")
    parser.close()
    for _ in range(2):
        with pytest.raises(IllegalState, match="reset"):
            parser.feed(chunk)
    parser.reset()
    assert parser.feed(b"data: b\n\n") == [Event("b", id="1")]


def test_nothing_is_pending_between_events() -> None:
    parser = Parser()
    assert parser.pending == 0
    parser.feed(b"data: a\n")
    assert parser.pending == 8
    parser.feed(b"\n")
    assert parser.pending == 0
    parser.feed(b": comment")
    assert parser.pending == 0


@pytest.mark.parametrize("value", ["data: a\n\n", None, 5, [100, 97], True, 1.5, object()])
def test_feed_rejects_other_types_and_keeps_its_state(value: bytes) -> None:
    parser = Parser()
    parser.feed(b"data: a\n")
    with pytest.raises(InvalidArgument) as caught:
        parser.feed(value)
    assert caught.value.name == "data"
    assert type(value).__name__ in str(caught.value)
    assert parser.feed(b"\n") == [Event("a")]


def test_a_buffer_can_be_reused_after_feed() -> None:
    parser = Parser()
    # Past the first bytes, which may be a byte order mark.
    parser.feed(b"\n\n\n")
    buffer = bytearray(b"data: a")
    parser.feed(buffer)
    # Both would fail, or change the event, if the parser still used the buffer.
    buffer[:] = b"data: b and more"
    buffer.clear()
    buffer += b"\n\ndata: c"
    with memoryview(buffer) as view:
        assert parser.feed(view) == [Event("a")]
    buffer.clear()
    assert parser.feed(b"\n\n") == [Event("c")]


def test_feed_takes_strided_views_and_bytes_subclasses() -> None:
    class Chunk(bytes):
        pass

    doubled = bytes(byte for byte in b"data: a\n\n" for _ in range(2))
    assert Parser().feed(memoryview(doubled)[::2]) == [Event("a")]
    assert Parser().feed(Chunk(b"data: a\n\n")) == [Event("a")]


def test_changing_a_returned_list_does_not_matter() -> None:
    parser = Parser()
    parser.feed(b"data: a\n\n").clear()
    parser.feed(b"").append(Event("not of the stream"))
    assert parser.feed(b"data: b\n\n") == [Event("b")]
    assert parser.feed(b"") == []


def test_reset_allows_a_byte_order_mark_again() -> None:
    parser = Parser()
    for _ in range(2):
        assert parser.feed(b"\xef\xbb\xbfdata: a\n\n") == [Event("a")]
        parser.reset()


@pytest.mark.parametrize("asked", ["retry", "pending", "nothing"])
def test_reset_keeps_a_retry_that_has_arrived(asked: str) -> None:
    parser = Parser()
    parser.feed(b"retry: 7\n")
    getattr(parser, asked, None)
    parser.reset()
    assert parser.retry == 7


@pytest.mark.parametrize("size", [True, 1.0, "1", 0, None])
def test_a_limit_must_be_an_int_of_at_least_one_byte(size: Any) -> None:
    with pytest.raises(InvalidArgument, match="max_event_size: expected an int of 1 or more"):
        Parser(max_event_size=size)


def test_each_call_of_a_failed_parser_raises_its_own_error() -> None:
    parser = Parser(max_event_size=1)
    errors = []
    for _ in range(3):
        with pytest.raises(EventTooLarge) as caught:
            parser.feed(b"data: too large")
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 3
