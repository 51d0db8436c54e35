"""A parser's life: what it starts with, keeps, drops and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from sse_core import Event, IllegalState, InvalidArgument, Parser


@pytest.mark.parametrize("value", ["1\n", "1\r", "1\0", "\ud800", 1, None, b"1"])
def test_a_last_event_id_that_no_stream_could_have_set_is_refused(value: str) -> None:
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
def test_an_id_counts_as_set_when_a_stream_commits_one(stream: bytes, expected: bool) -> None:
    parser = Parser(last_event_id="7")
    parser.feed(stream)
    assert parser.id_was_set is expected
    parser.reset()
    assert parser.id_was_set is expected


def test_arguments_are_given_by_name() -> None:
    make: Any = Parser
    with pytest.raises(TypeError):
        make("7")


def test_a_parser_is_shown_with_what_it_knows_and_never_at_length() -> None:
    parser = Parser()
    assert repr(parser) == "<Parser last_event_id='' retry=None pending=0>"
    parser.feed(b"retry: 5\nid: " + b"x" * 10_000 + b"\n\ndata: a")
    assert repr(parser) == f"<Parser last_event_id='{'x' * 200}' retry=5 pending=7>"


def test_closing_returns_how_much_of_an_event_is_dropped() -> None:
    parser = Parser()
    parser.feed(b"id: 1\nretry: 5\n\nid: 2\ndata: a")
    assert parser.pending == len(b"id: 2\ndata: a")
    assert parser.close() == len(b"id: 2\ndata: a")
    assert parser.pending == 0
    assert parser.close() == 0
    assert (parser.last_event_id, parser.retry) == ("1", 5)


@pytest.mark.parametrize("chunk", [b"", b"data: a\n\n", b"x"])
def test_a_closed_parser_takes_nothing_until_it_is_reset(chunk: bytes) -> None:
    parser = Parser()
    parser.feed(b"id: 1\ndata: a\n\n")
    parser.close()
    for _ in range(2):
        with pytest.raises(IllegalState, match="reset"):
            parser.feed(chunk)
    parser.reset()
    assert parser.feed(b"data: b\n\n") == [Event("b", id="1")]


def test_nothing_is_pending_between_events_nor_for_a_new_parser() -> None:
    parser = Parser()
    assert parser.pending == 0
    parser.feed(b"data: a\n")
    assert parser.pending == 8
    parser.feed(b"\n")
    assert parser.pending == 0
    parser.feed(b": comment")
    assert parser.pending == 0


@pytest.mark.parametrize("value", ["data: a\n\n", None, 5, [100, 97], True, 1.5, object()])
def test_what_is_not_bytes_is_refused_and_changes_nothing(value: bytes) -> None:
    parser = Parser()
    parser.feed(b"data: a\n")
    with pytest.raises(InvalidArgument) as caught:
        parser.feed(value)
    assert caught.value.name == "data"
    assert type(value).__name__ in str(caught.value)
    assert parser.feed(b"\n") == [Event("a")]


def test_a_buffer_may_be_used_again_after_it_was_fed() -> None:
    parser = Parser()
    # Past the first bytes, which are looked at for a byte order mark.
    parser.feed(b"\n\n\n")
    buffer = bytearray(b"data: a")
    parser.feed(buffer)
    # Both would fail, or change the event, were the buffer still in use.
    buffer[:] = b"data: b and more"
    buffer.clear()
    buffer += b"\n\ndata: c"
    with memoryview(buffer) as view:
        assert parser.feed(view) == [Event("a")]
    buffer.clear()
    assert parser.feed(b"\n\n") == [Event("c")]


def test_a_view_with_steps_and_a_subclass_of_bytes_are_bytes() -> None:
    class Chunk(bytes):
        pass

    doubled = bytes(byte for byte in b"data: a\n\n" for _ in range(2))
    assert Parser().feed(memoryview(doubled)[::2]) == [Event("a")]
    assert Parser().feed(Chunk(b"data: a\n\n")) == [Event("a")]


def test_the_list_that_a_feed_returns_belongs_to_the_caller() -> None:
    parser = Parser()
    parser.feed(b"data: a\n\n").clear()
    parser.feed(b"").append(Event("not of the stream"))
    assert parser.feed(b"data: b\n\n") == [Event("b")]
    assert parser.feed(b"") == []


def test_a_reset_parser_looks_for_a_byte_order_mark_again() -> None:
    parser = Parser()
    for _ in range(2):
        assert parser.feed(b"\xef\xbb\xbfdata: a\n\n") == [Event("a")]
        parser.reset()
