"""The fixtures are reproducible, contain the events they claim, and stress what they are named for."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from benchmarks.fixtures import CHUNK_SIZES, GIANTS, PER_EVENT, PER_LINE, STREAMS, Fixture
from sse_core import Event, Parser
from tests.sse_core.reference import interpret

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 500
FEW = 60

DIGESTS = {
    "OpenAI deltas, ASCII": "abb8e27e21d32aec89a854b302e3900b193117e4def5185d8d0ffc850f74fdc9",
    "OpenAI deltas, some CJK": "745eafd84e95d03e5b0e69ac8fd8006747d489d5f7b44fd624f774d53ae95033",
    "Anthropic deltas": "df5866724a802eaffbe16daa766212a00c9e9dc77b48e41a652fe5186df7b693",
    "Wikimedia edits": "5d1ee22c2f5e1503a8d353f99dea996af398db960c8d9f19effdaddaa5258578",
    "tiny data": "7a293680e51e883b6d46cd97744e72ca26e9b5ad2615599088dece2a4d61499a",
    "3 to 6 data lines": "325e7ae0093001551bc27093490ad6537a24e3bcd877141cf6e14c46d233e89a",
    "heartbeats between": "e2e988ae3c7e0becae295403236e829d4266a4b4622a04c6876af0e244f1ce97",
    "OpenAI deltas, CRLF": "c64b5619fffb27b1c38d1be3f3a6a9c6ecae7ea0cf2186b6764e13e0a4f19508",
    "OpenAI deltas, no space": "8783028d80b7aee4a33f2bd61b77a880a9e02cd89dc2b6b9cddc2ac0871a5b36",
    "all four fields": "aa25165dcd86f45287072fba198f5c0f220b89949fc63def0246ec9ec6bd5442",
    "types that change": "40d48a818bf29f2632ee195a9bc980e3a892dc95edba08276722d985bcdd240f",
    "events of 6 kB": "87db20b66a72e4d96851ca9e38abdd290410af1421e68641f9bc3453a8c87e7d",
    "one line of 8 MiB": "b7864ef24c330e875afb25b7cc508e09e2c3c3056b95cb657854133805a46816",
    "100,000 data lines": "d6738bf70330f355e8ea33015293a751e651516bdf5188a00f6f1e2308a525be",
}
"""SHA-256 of every chunk with its length, for fixtures of COUNT events and for the giants in full size."""


def made(name: str, count: int = COUNT) -> Fixture:
    if name in STREAMS:
        return STREAMS[name](count)
    make, size, _ = GIANTS[name]
    return make(size)


def digest_of(fixture: Fixture) -> str:
    digest = hashlib.sha256()
    for chunk in fixture.chunks:
        digest.update(b"%d:" % len(chunk))
        digest.update(chunk)
    return digest.hexdigest()


def events_of(chunks: list[bytes]) -> list[Event]:
    parser = Parser()
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    assert parser.close() == 0, "a fixture ends with a whole event"
    return events


every_fixture = pytest.mark.parametrize("name", [*STREAMS, *GIANTS])
every_stream = pytest.mark.parametrize("name", STREAMS)


@every_fixture
def test_fixture_is_reproducible(name: str) -> None:
    assert digest_of(made(name)) == DIGESTS[name]


@pytest.mark.parametrize("size", CHUNK_SIZES)
@every_fixture
def test_parser_returns_the_expected_events(name: str, size: int | None) -> None:
    fixture = made(name)
    # Do not compare the lists in the assertion: a failure would print megabytes.
    wrong = [
        pair
        for pair in zip(events_of(fixture.split(size)), fixture.events, strict=True)
        if pair[0] != pair[1]
    ]
    assert not wrong[:1]


@every_stream
def test_reference_parser_returns_the_same_events(name: str) -> None:
    fixture = made(name, FEW)
    assert interpret(b"".join(fixture.chunks)).without_comments().items == fixture.events


@pytest.mark.parametrize("name", GIANTS)
def test_reference_parser_returns_smaller_giants(name: str) -> None:
    make, size, _ = GIANTS[name]
    fixture = make(size // 100)
    assert interpret(b"".join(fixture.chunks)).without_comments().items == fixture.events


@every_stream
def test_fixture_has_the_requested_number_of_events(name: str) -> None:
    assert len(made(name).events) == COUNT


@every_stream
def test_chunk_holds_one_event_or_one_comment(name: str) -> None:
    fixture = made(name)
    comments = [chunk for chunk in fixture.chunks if chunk.startswith(b":")]
    assert len(fixture.chunks) == COUNT + len(comments)
    assert all(chunk.endswith((b"\n\n", b"\r\n\r\n")) for chunk in fixture.chunks)


@every_fixture
def test_split_changes_no_byte(name: str) -> None:
    fixture = made(name, FEW)
    whole = b"".join(fixture.split(PER_EVENT))
    for size in CHUNK_SIZES[1:]:
        assert size is not None
        chunks = fixture.split(size)
        assert b"".join(chunks) == whole
        assert all(len(chunk) == size for chunk in chunks[:-1])
    lines = fixture.split(PER_LINE)
    assert b"".join(lines) == whole
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)


def matching_chunks(name: str, test: Callable[[bytes], bool]) -> list[bytes]:
    return [chunk for chunk in made(name).chunks if test(chunk)]


def test_fixtures_stress_what_they_are_named_for() -> None:
    for name in ("OpenAI deltas, ASCII", "OpenAI deltas, CRLF", "Anthropic deltas", "tiny data"):
        assert not matching_chunks(name, lambda chunk: not chunk.isascii())
    wide = [not chunk.isascii() for chunk in made("OpenAI deltas, some CJK").chunks]
    # They come in runs: there are far fewer changes than events.
    changes = sum(one != other for one, other in pairwise(wide))
    assert 0.3 < sum(wide) / len(wide) < 0.7
    assert 5 < changes < COUNT / 10
    titles = matching_chunks("Wikimedia edits", lambda chunk: not chunk.isascii())
    assert 0.2 < len(titles) / COUNT < 0.5
    sizes = [len(event.data) for event in made("Wikimedia edits").events]
    assert 900 < sum(sizes) / COUNT < 1300
    assert len(matching_chunks("heartbeats between", lambda chunk: chunk == b": keepalive\n\n")) > COUNT / 3
    assert matching_chunks("OpenAI deltas, CRLF", lambda chunk: chunk.count(b"\r\n") == 2)
    assert {len(event.data.split("\n")) for event in made("3 to 6 data lines").events} == {3, 4, 5, 6}
    assert all(one.event != other.event for one, other in pairwise(made("types that change").events))
    sizes = [len(event.data) for event in made("events of 6 kB").events]
    assert min(sizes) > 1460
    assert 5500 < sum(sizes) / len(sizes) < 6500
    assert len(made("one line of 8 MiB").events[0].data) == 8 * 2**20
    assert made("100,000 data lines").chunks[0].count(b"\ndata: ") == 100_000 - 1
    types = [event.event for event in made("Anthropic deltas").events]
    assert types[0] == "message_start"
    assert types[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert types.count("content_block_delta") > 0.9 * COUNT
    assert "ping" in types
