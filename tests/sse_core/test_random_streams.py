"""The random streams: the same for the same seed, with enough of each case that parsers get wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from sse_core import Event, Parser
from tests.sse_core.feeding import outcome_of
from tests.sse_core.random_streams import BOM, random_streams
from tests.sse_core.reference import Outcome, interpret

COUNT = 2000
STREAMS = random_streams(COUNT, seed=1)


def reference_outcome(chunks: list[bytes]) -> Outcome:
    return interpret(b"".join(chunks)).without_comments()


def is_cut_within_crlf(chunks: list[bytes]) -> bool:
    return any(
        chunk.endswith(b"\r") and following.startswith(b"\n")
        for chunk, following in itertools.pairwise(chunks)
    )


def is_cut_within_a_character(chunks: list[bytes]) -> bool:
    return any(0x80 <= chunk[0] < 0xC0 for chunk in chunks[1:])


def is_malformed(chunks: list[bytes]) -> bool:
    return "\ufffd" in b"".join(chunks).decode("utf-8", "replace")


def contains(part: bytes) -> Callable[[list[bytes]], bool]:
    return lambda chunks: part in b"".join(chunks)


KINDS: dict[str, Callable[[list[bytes]], bool]] = {
    "events": lambda chunks: bool(reference_outcome(chunks).items),
    "an unfinished event at the end": lambda chunks: reference_outcome(chunks).pending > 0,
    "a retry": lambda chunks: reference_outcome(chunks).retry is not None,
    "an ID at the end": lambda chunks: reference_outcome(chunks).last_event_id != "",
    "types other than message": lambda chunks: any(
        isinstance(item, Event) and item.event != "message" for item in reference_outcome(chunks).items
    ),
    "a byte order mark first": lambda chunks: b"".join(chunks).startswith(BOM),
    "malformed UTF-8": is_malformed,
    "a CRLF in two chunks": is_cut_within_crlf,
    "a character in two chunks": is_cut_within_a_character,
    "byte by byte": lambda chunks: len(chunks) > 20 and all(len(chunk) == 1 for chunk in chunks),
    "one chunk": lambda chunks: len(chunks) == 1 and len(chunks[0]) > 20,
    "a NUL in an ID": contains(b"id: \0"),
    "an ID that is cleared": contains(b"id: \n"),
    "a U+2028 line separator": contains("\u2028".encode()),
    "a comment": contains(b": ping"),
}


def test_a_seed_always_gives_the_same_streams() -> None:
    assert random_streams(20, seed=7) == random_streams(20, seed=7) != random_streams(20, seed=8)


def test_no_chunk_is_empty() -> None:
    assert all(all(chunks) for chunks in STREAMS)


@pytest.mark.parametrize("kind", KINDS)
def test_many_streams_are_of_each_kind(kind: str) -> None:
    assert sum(map(KINDS[kind], STREAMS)) >= COUNT / 100


def test_random_streams_parse_like_the_reference() -> None:
    assert [outcome_of(chunks, Parser[Event](max_event_size=2**20)) for chunks in STREAMS] == [
        reference_outcome(chunks) for chunks in STREAMS
    ]
