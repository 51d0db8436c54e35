"""A body is split correctly: its events are the parser's, and each silence has a position."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Parser
from sse_transports.cli.checks._stream import Position, Stream
from tests.sse_core.strategies import PATIENT

BETWEEN, IN_EVENT, IN_LINE = Position.BETWEEN_EVENTS, Position.IN_EVENT, Position.IN_LINE

LINES = [
    b"data: a",
    b"data",
    b"event: e",
    b"id: 1",
    b"id: a\0",
    b"id",
    b"retry: 7",
    b": c",
    b":",
    b"",
    b"x: y",
    b"datax",
]
BODIES = st.lists(
    st.tuples(st.sampled_from(LINES), st.sampled_from([b"\n", b"\r\n", b"\r"])).map(b"".join), max_size=20
).map(b"".join)


@PATIENT
@given(st.sampled_from([b"", b"\xef\xbb\xbf"]), BODIES, st.sampled_from([*LINES, b"data: half"]))
def test_events_are_those_of_the_parser(bom: bytes, body: bytes, incomplete: bytes) -> None:
    data = bom + body + incomplete
    parser = Parser()
    stream = Stream([(0.0, data)] if data else [])
    assert stream.events == parser.feed(data)
    assert stream.last_event_id == parser.last_event_id
    ids = [block.own_id for block in stream.event_blocks if block.own_id is not None]
    assert [
        event.id
        for event, block in zip(stream.events, stream.event_blocks, strict=True)
        if block.own_id is not None
    ] == ids


@PATIENT
@given(BODIES, st.integers(1, 5))
def test_lines_join_to_the_body_and_are_timed(body: bytes, size: int) -> None:
    chunks = [(float(start), body[start : start + size]) for start in range(0, len(body), size)]
    stream = Stream(chunks)
    assert b"".join(line.text + line.end for line in stream.lines) == body
    offset = 0
    for line in stream.lines:
        offset += len(line.text) + len(line.end)
        assert line.at == (offset - 1) // size * size


@pytest.mark.parametrize(
    ("before", "after", "position"),
    [
        (b"data: a\n\n", b"data: b\n\n", BETWEEN),
        (b"data: a\r\n\r\n", b"data: b\n\n", BETWEEN),
        (b"data: a\r\n\r", b"\ndata: b\n\n", BETWEEN),
        (b"data: a\n\n:\n", b"data: b\n\n", BETWEEN),
        (b"data: a\n\n\n", b"data: b\n\n", BETWEEN),
        (b"\xef\xbb\xbf", b"data: b\n\n", BETWEEN),
        (b"data: a\n", b"\n", IN_EVENT),
        (b"data: a\n:\n", b"\n", IN_EVENT),
        (b"data: a\r", b"\n\r\n", IN_EVENT),
        (b"da", b"ta: a\n\n", IN_LINE),
        (b"data: a\n\n: com", b"ment\n", IN_LINE),
        (b"data: a", b"\n\n", IN_LINE),
    ],
)
def test_each_silence_has_a_position(before: bytes, after: bytes, position: Position) -> None:
    silences = Stream([(1.0, before), (3.0, after)], begin=0.5, end=4.0, still_open=True).silences
    assert [silence.seconds for silence in silences] == [0.5, 2.0, 1.0]
    assert silences[1].offset == len(before)
    assert silences[1].position is position


def test_chunks_with_short_intervals_are_one_burst() -> None:
    bursts = Stream([(1.0, b"ab"), (1.01, b"c"), (1.02, b"d"), (2.0, b"e")]).bursts
    assert [(burst.at, burst.size, burst.end) for burst in bursts] == [(1.0, 4, 4), (2.0, 1, 5)]


def test_an_empty_stream_is_one_silence() -> None:
    stream = Stream([], begin=1.0, end=3.0, still_open=True)
    assert (stream.lines, stream.events, stream.bursts, stream.pending) == ([], [], [], 0)
    assert [silence.seconds for silence in stream.silences] == [2.0]
