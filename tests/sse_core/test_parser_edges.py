"""Single bytes at which a fast way must give up, or a limit decides."""

from __future__ import annotations

import pytest

from sse_core import Event, EventTooLarge, Parser


def fed(*chunks: bytes) -> tuple[Parser[Event], list[list[str]]]:
    """Return a parser, and the data of what each chunk completed."""
    parser: Parser[Event] = Parser()
    return parser, [[event.data for event in parser.feed(chunk)] for chunk in chunks]


def test_an_event_of_one_byte_more_than_the_limit_is_refused_in_a_first_chunk_too() -> None:
    # Nine bytes and a line end.
    assert Parser(max_event_size=10).feed(b"data: abc\n\n")
    with pytest.raises(EventTooLarge):
        Parser(max_event_size=9).feed(b"data: abc\n\n")


def test_many_lines_that_stop_between_cr_and_lf_have_no_blank_line_there() -> None:
    _, completed = fed((b"data: a\r\n" * 3000)[:-1], b"\n", b"data: b\n", b"\n")
    assert [len(each) for each in completed] == [0, 0, 0, 1]
    _, completed = fed((b"data: a\r\n" * 3000)[:-1], b"data: b\n", b"\n")
    assert completed[2] == ["\n".join(["a"] * 3000 + ["b"])]


def test_what_is_pending_of_many_lines_counts_the_line_that_is_not_whole() -> None:
    parser, completed = fed(b"data: x\n" * 3000 + b"data: pa")
    assert completed == [[]]
    assert parser.pending == 24_008
    assert parser.feed(b"rt\n\n")[0].data.endswith("x\npart")


def test_a_lone_cr_among_crlf_ends_a_line() -> None:
    start = b"data: a\r\n\r\ndata: b\r\n\r\ndata"
    _, completed = fed(start, b": c\r\n\r\ndata: d", b"\rdata: e\r\n\r\nda")
    assert completed == [["a", "b"], ["c"], ["d\ne"]]


def test_a_lone_cr_behind_an_id_ends_the_id() -> None:
    parser, completed = fed(*[b"id: 1\ndata: a\n\n"] * 3, b"id: 7\rdata: b\ndata: c\n\n")
    assert completed[3] == ["b\nc"]
    assert parser.last_event_id == "7"


def test_an_id_counts_as_set_in_a_stream_that_was_expected_to_have_one() -> None:
    parser, _ = fed(b"\n", b"id: \0\ndata: a\n\n")
    assert not parser.id_was_set
    parser.feed(b"id: 5\ndata: a\n\n")
    assert parser.id_was_set
