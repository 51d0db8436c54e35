"""The streams of a seed are always the same, and have in them what parsers get wrong."""

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


def outcome(chunks: list[bytes]) -> Outcome:
    return interpret(b"".join(chunks)).without_comments()


def is_cut_within_crlf(chunks: list[bytes]) -> bool:
    return any(one.endswith(b"\r") and other.startswith(b"\n") for one, other in itertools.pairwise(chunks))


def is_cut_within_a_character(chunks: list[bytes]) -> bool:
    return any(0x80 <= chunk[0] < 0xC0 for chunk in chunks[1:])


def is_malformed(chunks: list[bytes]) -> bool:
    return "\ufffd" in b"".join(chunks).decode("utf-8", "replace")


def has(part: bytes) -> Callable[[list[bytes]], bool]:
    return lambda chunks: part in b"".join(chunks)


KINDS: dict[str, Callable[[list[bytes]], bool]] = {
    "events": lambda chunks: bool(outcome(chunks).items),
    "an unfinished end": lambda chunks: outcome(chunks).pending > 0,
    "a retry": lambda chunks: outcome(chunks).retry is not None,
    "an ID at the end": lambda chunks: outcome(chunks).last_event_id != "",
    "types other than message": lambda chunks: any(
        isinstance(item, Event) and item.event != "message" for item in outcome(chunks).items
    ),
    "a byte order mark first": lambda chunks: b"".join(chunks).startswith(BOM),
    "malformed UTF-8": is_malformed,
    "a CRLF that is cut": is_cut_within_crlf,
    "a character that is cut": is_cut_within_a_character,
    "byte by byte": lambda chunks: len(chunks) > 20 and all(len(chunk) == 1 for chunk in chunks),
    "whole": lambda chunks: len(chunks) == 1 and len(chunks[0]) > 20,
    "a NUL in an ID": has(b"id: \0"),
    "an ID that is cleared": has(b"id: \n"),
    "a line separator": has("\u2028".encode()),
    "a comment": has(b": ping"),
}


def test_a_seed_always_gives_the_same_streams() -> None:
    assert random_streams(20, seed=7) == random_streams(20, seed=7) != random_streams(20, seed=8)


def test_no_chunk_is_empty() -> None:
    assert all(all(chunks) for chunks in STREAMS)


@pytest.mark.parametrize("kind", KINDS)
def test_many_streams_are_of_each_kind(kind: str) -> None:
    assert sum(map(KINDS[kind], STREAMS)) >= COUNT / 100


def test_the_parser_gives_what_the_reference_gives() -> None:
    assert [outcome_of(chunks, Parser[Event](max_event_size=2**20)) for chunks in STREAMS] == [
        outcome(chunks) for chunks in STREAMS
    ]
