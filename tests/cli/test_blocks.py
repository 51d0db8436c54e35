"""A stream is cut into blocks byte for byte, and the place behind an ID is found."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Event, Parser, encode
from sse_transports.cli._blocks import Blocks, Place, blocks_of, place_behind
from tests.sse_core.feeding import cut_at

LINES = st.sampled_from(["data: a", "data", "id: 1", "id: 2", "id", ": note", "event: e", "x\u20acy", ""])
ENDS = st.sampled_from(["\n", "\r", "\r\n"])
STREAMS = st.lists(st.tuples(LINES, ENDS)).map(
    lambda lines: "".join(line + end for line, end in lines).encode()
)


def events_of(pieces: list[bytes]) -> list[Event]:
    parser = Parser()
    return [event for piece in pieces for event in parser.feed(piece)]


@given(STREAMS, st.randoms(use_true_random=False))
def test_blocks_are_the_stream_and_each_completes_what_is_in_it(stream: bytes, chance: random.Random) -> None:
    places = sorted(chance.choices(range(len(stream) + 1), k=4))
    cut = Blocks()
    blocks = [block for piece in cut_at(stream, places) for block in cut.feed(piece)]
    assert b"".join(blocks) + bytes(cut.rest) == stream
    # Each begins where nothing is pending: read one by one, they give the same events.
    parser = Parser()
    events = []
    for block in blocks:
        events.extend(parser.feed(block))
        assert parser.pending == 0
    assert [event.data for event in events] == [event.data for event in events_of([stream])]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_there_is_a_block_for_each_event_however_the_stream_is_cut(end: bytes) -> None:
    whole = [end.join([b"id: %d" % number, b"data: x", b"", b""]) for number in range(3)]
    stream = b"".join(whole)
    assert list(blocks_of([stream])) == whole
    assert list(blocks_of([stream + b"data: unfinished"])) == [*whole, b"data: unfinished"]
    byte_by_byte = list(blocks_of([stream[at : at + 1] for at in range(len(stream))]))
    assert b"".join(byte_by_byte) == stream
    assert sum(b"data" in block for block in byte_by_byte) == 3


def test_a_cr_and_its_lf_are_one_line_end_also_in_two_pieces() -> None:
    assert list(blocks_of([b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"])) == [
        b"data: a\r\ndata: b\r\n\r",
        b"\n",
    ]


def test_a_long_event_in_small_pieces_is_searched_once() -> None:
    cut = Blocks()
    for _ in range(1000):
        assert list(cut.feed(b"x" * 100)) == []
    assert cut.searched_from == 100_000 - 3


FEED = [Event("a", id="1"), Event("b", id="2"), Event("b2"), Event("c", id="3"), Event("c2")]
BODY = b"".join(encode(event) for event in FEED)


@pytest.mark.parametrize(
    ("last_event_id", "behind", "place"),
    [
        ("1", BODY.index(b"id: 2"), {"has_events": True, "has_ids": True}),
        ("2", BODY.index(b"data: b2"), {"has_events": True, "has_ids": True}),
        ("3", BODY.index(b"data: c2"), {"has_events": True, "has_ids": False}),
    ],
)
def test_the_place_is_behind_the_event_whose_id_it_is(
    last_event_id: str, behind: int, place: dict[str, bool]
) -> None:
    for size in (1, 7, 1000):
        pieces = [BODY[at : at + size] for at in range(0, len(BODY), size)]
        assert place_behind(last_event_id, pieces) == Place(behind, **place)


def test_an_id_that_no_event_has_has_no_place() -> None:
    assert place_behind("4", [BODY]) is None
    # Its blank line never came.
    assert place_behind("4", [BODY, b"id: 4\ndata: x\n"]) is None


def test_an_id_that_stands_twice_is_the_first() -> None:
    twice = b"id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 1\ndata: c\n\n"
    assert place_behind("1", [twice]) == Place(twice.index(b"id: 2"), has_events=True, has_ids=True)


def test_an_id_without_an_event_counts_as_the_standard_has_it() -> None:
    body = b"id: 1\n\ndata: a\n\n"
    assert place_behind("1", [body]) == Place(7, has_events=True, has_ids=False)
    assert place_behind("1", [b"\xef\xbb\xbf" + body]) == Place(10, has_events=True, has_ids=False)
    assert place_behind("1", [b"data: a\n\nid: 1\ndata: b\n\n: bye\n\n"]) == Place(
        24, has_events=False, has_ids=False
    )
