"""A stream is split into blocks byte for byte."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Event, Parser
from sse_transports.cli._blocks import BlockSplitter, split_blocks
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
