"""Edge cases: single bytes at which a fast way must give up, or the size limit applies."""

from __future__ import annotations

import pytest

from sse_core import Event, EventTooLarge, Parser


def feed_all(*chunks: bytes) -> tuple[Parser[Event], list[list[str]]]:
    """Feed a new parser. Return it, and for each chunk the data of the events it completed."""
    parser: Parser[Event] = Parser()
    return parser, [[event.data for event in parser.feed(chunk)] for chunk in chunks]


def test_limit_applies_to_an_event_in_the_first_chunk() -> None:
    # The data line has nine bytes and its line end.
    assert Parser(max_event_size=10).feed(b"data: abc\n\n")
    with pytest.raises(EventTooLarge):
        Parser(max_event_size=9).feed(b"data: abc\n\n")


def test_chunk_end_between_cr_and_lf_is_no_blank_line() -> None:
    _, completed = feed_all((b"data: a\r\n" * 3000)[:-1], b"\n", b"data: b\n", b"\n")
    assert [len(values) for values in completed] == [0, 0, 0, 1]
    _, completed = feed_all((b"data: a\r\n" * 3000)[:-1], b"data: b\n", b"\n")
    assert completed[2] == ["\n".join(["a"] * 3000 + ["b"])]


def test_pending_counts_the_unfinished_last_line() -> None:
    parser, completed = feed_all(b"data: x\n" * 3000 + b"data: pa")
    assert completed == [[]]
    assert parser.pending == 24_008
    assert parser.feed(b"rt\n\n")[0].data.endswith("x\npart")


def test_a_lone_cr_among_crlf_ends_a_line() -> None:
    start = b"data: a\r\n\r\ndata: b\r\n\r\ndata"
    _, completed = feed_all(start, b": c\r\n\r\ndata: d", b"\rdata: e\r\n\r\nda")
    assert completed == [["a", "b"], ["c"], ["d\ne"]]


def test_a_lone_cr_after_an_id_ends_the_id() -> None:
    parser, completed = feed_all(*[b"id: 1\ndata: a\n\n"] * 3, b"id: 7\rdata: b\ndata: c\n\n")
    assert completed[3] == ["b\nc"]
    assert parser.last_event_id == "7"


def test_an_id_with_nul_does_not_count_as_set() -> None:
    # The first event teaches the parser that events of this stream begin with an ID.
    parser, _ = feed_all(b"\n", b"id: \0\ndata: a\n\n")
    assert not parser.id_was_set
    parser.feed(b"id: 5\ndata: a\n\n")
    assert parser.id_was_set
