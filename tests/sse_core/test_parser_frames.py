"""Learned frames: an event that has another frame than the one before it is parsed right, only slower."""

from __future__ import annotations

import pytest

from sse_core import Event, Parser
from tests.sse_core.feeding import byte_by_byte, in_pieces, outcome_of
from tests.sse_core.reference import interpret

LEARNED = {
    "data": b"data: a\n\n",
    "data without a space": b"data:a\n\n",
    "data without a colon": b"data\n\n",
    "a type": b"event: e\ndata: a\n\n",
    "a type without a space": b"event:e\ndata:a\n\n",
    "a type that is not ASCII": "event: é\ndata: a\n\n".encode(),
    "a type longer than a frame": b"event: " + b"e" * 2000 + b"\ndata: a\n\n",
    "two types": b"event: e\nevent: f\ndata: a\n\n",
    "an ID": b"id: 1\ndata: a\n\n",
    "an ID without a space": b"id:1\ndata: a\n\n",
    "an ID, and data without a space": b"id: 1\ndata:a\n\n",
    "an ID that looks like data": b"id: data: 1\ndata: a\n\n",
    "an ID, then a type": b"id: 1\nevent: e\ndata: a\n\n",
    "a type, then an ID": b"event: e\nid: 1\ndata: a\n\n",
    "two IDs": b"id: 1\nid: 2\ndata: a\n\n",
    "a reconnection time": b"retry: 5\ndata: a\n\n",
    "several lines": b"data: a\ndata: b\n\n",
    "a comment": b": ping\n\n",
    "an ID alone": b"id: 3\n\n",
}

FOLLOWING = {
    **LEARNED,
    "another ID": b"id: 4\ndata: c\n\n",
    "an ID with NUL": b"id: \0\ndata: c\n\n",
    "an empty ID": b"id: \ndata: c\n\n",
    "data that begins with a space": b"data:  c\n\n",
    "data that contains a field": b"data: a data: b\n\n",
    "an ID after the data": b"data: c\nid: 5\n\n",
    "several lines, one without a space": b"data: a\ndata:b\n\n",
    "several lines after an ID": b"id: 6\ndata: a\ndata: b\n\n",
    "data and a comment": b"data: a\n\n: ping\n\n",
    "malformed data": b"data: \xff\n\n",
    "malformed ID": b"id: \xff\ndata: c\n\n",
    "data that is not ASCII": "data: 你好\n\n".encode(),
    "a CR in the data": b"data: a\rdata: b\n\n",
    "a CR in the ID": b"id: 7\rdata: b\n\n",
    "blank lines": b"\n\n\n",
}


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("following", FOLLOWING)
@pytest.mark.parametrize("learned", LEARNED)
def test_an_event_with_another_frame_is_parsed(learned: str, following: str, line_end: bytes) -> None:
    # Twice, because the first one teaches the frame and the second one uses it.
    events = [LEARNED[learned]] * 2 + [FOLLOWING[following]] + [LEARNED[learned]] * 2
    chunks = [b"\n", *(event.replace(b"\n", line_end) for event in events)]
    stream = b"".join(chunks)
    result = interpret(stream)
    for same_stream in (chunks, [stream], in_pieces(stream, 25), byte_by_byte(stream)):
        without_comments: Parser[Event] = Parser()
        assert outcome_of(same_stream, without_comments) == result.without_comments()
        assert outcome_of(same_stream, Parser(comments=True)) == result


LETTERS = [bytes([letter]) for letter in b"abcdefghijklmnopqrst"]
CHANGING = {
    "types": [b"event: %b\ndata: %b\n\n" % (letter, letter) for letter in LETTERS],
    "types, IDs and reconnection times": [
        b"event: %b\nid: %b\nretry: %d\ndata: %b\n\n" % (letter, letter, number, letter)
        for number, letter in enumerate(LETTERS)
    ],
    "comments before the data": [b": %b\ndata: %b\n\n" % (letter, letter) for letter in LETTERS],
}
"""Events of which each has other values: more than a frame may miss before its type may be any, or there is
no frame."""

AFTER_CHANGING = [
    b"event:\ndata: a\n\n",
    b"event: \ndata: a\n\n",
    b"event: e\nid: 8\nretry: x\ndata: a\n\n",
    b"event: e\nid: 8\nretry: 5\ndata: a\ndata: b\n\n",
    b"event: e\nid: \0\nretry: 5\ndata: a\n\n",
    b"event: e\nevent: f\nid: 8\nretry: 5\ndata: a\n\n",
    b"event: e\nid: 8\nid: 9\nretry: 5\ndata: a\n\n",
    *FOLLOWING.values(),
]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("changing", CHANGING)
@pytest.mark.parametrize("following", AFTER_CHANGING)
def test_an_event_after_changing_fields_is_parsed(following: bytes, changing: str, line_end: bytes) -> None:
    events = (*CHANGING[changing], following, *CHANGING[changing])
    chunks = [event.replace(b"\n", line_end) for event in events]
    stream = b"".join(chunks)
    result = interpret(stream)
    # Two events per chunk, and single events, teach the frame in other places than pieces do.
    pairs = [b"".join(chunks[start : start + 2]) for start in range(0, len(chunks), 2)]
    for same_stream in (chunks, pairs, in_pieces(stream, 25), in_pieces(stream, 7), byte_by_byte(stream)):
        without_comments: Parser[Event] = Parser()
        assert outcome_of(same_stream, without_comments) == result.without_comments()
        assert outcome_of(same_stream, Parser(comments=True)) == result


def test_a_learned_frame_does_not_affect_the_next_stream() -> None:
    parser = Parser()
    for line_end in (b"\r\n", b"\n", b"\r\n"):
        chunks = [event.replace(b"\n", line_end) for event in (b"event: e\ndata: a\n\n",) * 3]
        for chunk in (*chunks, b"".join(chunks)):
            assert {event.data for event in parser.feed(chunk)} == {"a"}
        parser.reset()
