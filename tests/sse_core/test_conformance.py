"""Every conformance vector gives the expected events, however its bytes are cut into chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sse_core import Parser
from sse_transports.testing._vectors import raw_vectors
from tests.sse_core.feeding import byte_by_byte, every_split, outcome_of, with_empty_chunks
from tests.sse_core.reference import Outcome, interpret
from tests.sse_core.vectors import CLAUSES, load_vectors

if TYPE_CHECKING:
    from sse_core import Comment, Event
    from tests.sse_core.vectors import Vector

VECTORS = load_vectors()
every_vector = pytest.mark.parametrize("vector", VECTORS, ids=[vector.name for vector in VECTORS])


def check(vector: Vector, chunks: list[bytes]) -> None:
    """Parse the chunks with and without comments, and compare with what the vector expects."""
    # The annotations select the overload: a parser without comments returns events only.
    without_comments: Parser[Event] = Parser(last_event_id=vector.initial_last_event_id)
    with_comments: Parser[Event | Comment] = Parser(last_event_id=vector.initial_last_event_id, comments=True)
    assert outcome_of(chunks, without_comments) == vector.expected.without_comments(), chunks
    assert outcome_of(chunks, with_comments) == vector.expected, chunks


@every_vector
def test_vector_in_its_own_chunks(vector: Vector) -> None:
    check(vector, list(vector.chunks))


@every_vector
def test_vector_in_one_chunk(vector: Vector) -> None:
    check(vector, [vector.stream])


@every_vector
def test_vector_byte_by_byte(vector: Vector) -> None:
    check(vector, byte_by_byte(vector.stream))


@every_vector
def test_vector_with_empty_chunks_between(vector: Vector) -> None:
    check(vector, with_empty_chunks(vector.chunks))
    check(vector, with_empty_chunks(byte_by_byte(vector.stream)))


@every_vector
def test_vector_cut_in_two_anywhere(vector: Vector) -> None:
    for chunks in every_split(vector.stream):
        check(vector, chunks)


@every_vector
def test_vector_on_a_parser_after_reset(vector: Vector) -> None:
    parser: Parser[Event | Comment] = Parser(last_event_id=vector.initial_last_event_id, comments=True)
    # The reset must drop a CR, an unfinished line and an unfinished event.
    parser.feed(b"event: other\rdata: other\r")
    parser.feed(b"\nid: other")
    parser.reset()
    assert outcome_of(vector.chunks, parser) == vector.expected


@every_vector
def test_vector_on_the_reference_parser(vector: Vector) -> None:
    assert interpret(vector.stream, vector.initial_last_event_id) == vector.expected


@every_vector
def test_vector_gives_each_event_as_soon_as_possible(vector: Vector) -> None:
    """After each byte, the parser has returned all events that the bytes so far complete."""
    parser: Parser[Event | Comment] = Parser(last_event_id=vector.initial_last_event_id, comments=True)
    items: list[Event | Comment] = []
    for end, byte in enumerate(byte_by_byte(vector.stream), 1):
        items += parser.feed(byte)
        so_far = Outcome(items, parser.last_event_id, parser.retry, parser.pending)
        assert so_far == interpret(vector.stream[:end], vector.initial_last_event_id)


def test_at_least_200_vectors_with_unique_names() -> None:
    names = [vector.name for vector in VECTORS]
    assert len(names) >= 200
    assert len(names) == len(set(names))


def test_vectors_have_the_documented_fields() -> None:
    required = {"name", "clause", "sentence", "chunks", "events", "last_event_id", "retry", "pending"}
    optional = {"initial_last_event_id", "comments"}
    for raw in raw_vectors():
        assert required <= set(raw) <= required | optional, raw["name"]
        assert all(isinstance(raw[name], str) and raw[name] for name in ("name", "clause", "sentence"))
        assert isinstance(raw["chunks"], list)
        assert raw["chunks"], raw["name"]
        assert isinstance(raw["last_event_id"], str)
        assert raw["retry"] is None or type(raw["retry"]) is int
        assert type(raw["pending"]) is int
        for event in raw["events"]:
            assert set(event) == {"data", "event", "id", "retry"}, raw["name"]
        places = [comment["after_events"] for comment in raw.get("comments", [])]
        assert places == sorted(places), raw["name"]
        assert all(place <= len(raw["events"]) for place in places), raw["name"]


def test_vectors_cover_every_clause_of_the_standard() -> None:
    assert {raw["clause"] for raw in raw_vectors()} == CLAUSES
