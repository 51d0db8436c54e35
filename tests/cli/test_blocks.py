"""A stream is split into blocks byte for byte, and the position after an ID is found."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Event, Parser, encode
from sse_transports.cli._blocks import BlockSplitter, ResumePoint, find_resume_point, split_blocks
from tests.sse_core.feeding import cut_at

LINES = st.sampled_from(["data: a", "data", "id: 1", "id: 2", "id", ": note", "event: e", "x\u20acy", ""])
ENDS = st.sampled_from(["\n", "\r", "\r\n"])
STREAMS = st.lists(st.tuples(LINES, ENDS)).map(
    lambda lines: "".join(line + end for line, end in lines).encode()
)


def events_of(chunks: list[bytes]) -> list[Event]:
    parser = Parser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


@given(STREAMS, st.randoms(use_true_random=False))
def test_blocks_join_to_the_stream_and_are_complete(stream: bytes, chance: random.Random) -> None:
    places = sorted(chance.choices(range(len(stream) + 1), k=4))
    splitter = BlockSplitter()
    blocks = [block for chunk in cut_at(stream, places) for block in splitter.feed(chunk)]
    assert b"".join(blocks) + bytes(splitter.rest) == stream
    # Nothing is pending after a block: parsed one by one, they give the same events.
    parser = Parser()
    events = []
    for block in blocks:
        events.extend(parser.feed(block))
        assert parser.pending == 0
    assert [event.data for event in events] == [event.data for event in events_of([stream])]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_event_has_a_block_with_any_chunks(end: bytes) -> None:
    whole = [end.join([b"id: %d" % number, b"data: x", b"", b""]) for number in range(3)]
    stream = b"".join(whole)
    assert list(split_blocks([stream])) == whole
    assert list(split_blocks([stream + b"data: unfinished"])) == [*whole, b"data: unfinished"]
    byte_by_byte = list(split_blocks([stream[at : at + 1] for at in range(len(stream))]))
    assert b"".join(byte_by_byte) == stream
    assert sum(b"data" in block for block in byte_by_byte) == 3


def test_crlf_in_two_chunks_is_one_line_end() -> None:
    assert list(split_blocks([b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"])) == [
        b"data: a\r\ndata: b\r\n\r",
        b"\n",
    ]


def test_long_event_in_small_chunks_is_searched_once() -> None:
    splitter = BlockSplitter()
    for _ in range(1000):
        assert list(splitter.feed(b"x" * 100)) == []
    assert splitter.searched_from == 100_000 - 3


FEED = [Event("a", id="1"), Event("b", id="2"), Event("b2"), Event("c", id="3"), Event("c2")]
BODY = b"".join(encode(event) for event in FEED)


@pytest.mark.parametrize(
    ("last_event_id", "position", "flags"),
    [
        ("1", BODY.index(b"id: 2"), {"has_events": True, "has_ids": True}),
        ("2", BODY.index(b"data: b2"), {"has_events": True, "has_ids": True}),
        ("3", BODY.index(b"data: c2"), {"has_events": True, "has_ids": False}),
    ],
)
def test_resume_point_follows_the_event_with_the_id(
    last_event_id: str, position: int, flags: dict[str, bool]
) -> None:
    for size in (1, 7, 1000):
        chunks = [BODY[at : at + size] for at in range(0, len(BODY), size)]
        assert find_resume_point(last_event_id, chunks) == ResumePoint(position, **flags)


def test_unknown_id_has_no_resume_point() -> None:
    assert find_resume_point("4", [BODY]) is None
    # The event is incomplete: its blank line is missing.
    assert find_resume_point("4", [BODY, b"id: 4\ndata: x\n"]) is None


def test_repeated_id_resumes_after_the_first() -> None:
    twice = b"id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 1\ndata: c\n\n"
    assert find_resume_point("1", [twice]) == ResumePoint(
        twice.index(b"id: 2"), has_events=True, has_ids=True
    )


def test_id_in_a_block_without_data_counts() -> None:
    body = b"id: 1\n\ndata: a\n\n"
    assert find_resume_point("1", [body]) == ResumePoint(7, has_events=True, has_ids=False)
    assert find_resume_point("1", [b"\xef\xbb\xbf" + body]) == ResumePoint(10, has_events=True, has_ids=False)
    assert find_resume_point("1", [b"data: a\n\nid: 1\ndata: b\n\n: bye\n\n"]) == ResumePoint(
        24, has_events=False, has_ids=False
    )
