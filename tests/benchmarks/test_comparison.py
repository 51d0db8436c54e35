"""The comparison matches what is published, and scores a parser by the standard and by what it shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sse_core import Event, Parser
from sse_transports.testing import vectors

pytest.importorskip("assel", reason="the peers are not installed")

from benchmarks import compare
from benchmarks.comparison import parser_features, published, tables
from benchmarks.comparison.conformance import conformance
from benchmarks.comparison.events import ParsedEvent, ParsedStream, Shows
from benchmarks.comparison.groups import grouped
from benchmarks.comparison.python_parsers import python_parsers, this_library
from benchmarks.comparison.requests_parsers import requests_parsers
from benchmarks.comparison.scoring import Outcome, score
from benchmarks.this_library import THIS_LIBRARY

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.comparison.events import Peer

    Read = Callable[[Sequence[bytes], str], ParsedStream]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "comparison.md"
WITHOUT_SOCKETS = [*python_parsers(), *requests_parsers()]
ALL_SHOWN = Shows(last_id=True, initial_id=True, retry="stream")


def published_parser(name: str) -> dict[str, object]:
    return next(parser for parser in published.read()["parsers"] if parser["name"] == name)


@pytest.mark.parametrize("table", [tables.conformance, tables.features])
def test_tables_match_last_full_run(
    table: Callable[[dict[str, object]], list[str]],
) -> None:
    assert "\n\n" + "\n".join(table(published.read())) + "\n\n" in PAGE.read_text(encoding="utf-8")


def test_last_full_run_has_all_vectors() -> None:
    assert published.read()["vectors"] == len(vectors())


def test_last_full_run_has_all_parsers() -> None:
    assert {parser["name"] for parser in published.read()["parsers"]} == published.ALL


@pytest.mark.parametrize("peer", WITHOUT_SOCKETS, ids=[peer.name for peer in WITHOUT_SOCKETS])
def test_conformance_is_as_published(peer: Peer) -> None:
    expected = published_parser(peer.name)
    if peer.name != THIS_LIBRARY:
        assert expected["version"] == version(peer.name)
    assert published.conformance_of(conformance(peer)) == expected["conformance"]


# assel has no limit, and would take minutes to show it. axio-sse has one, and needs time to reach it.
@pytest.mark.parametrize(("name", "seconds"), [("assel", 0.1), ("axio-sse", 60.0)])
def test_features_without_client_are_as_published(
    name: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser_features, "CPU_TIME_LIMIT", seconds)
    answer = parser_features.parser_features().get(name)
    if answer is None:
        pytest.skip(f"{name} needs a later Python")
    assert answer() == published_parser(name)["features"]


# The scoring itself: parsers that differ from this library in one respect.


def wrong_in(read: Read, shows: Shows = ALL_SHOWN) -> dict[str, int]:
    """Return how many vectors of each group are wrong, without the groups in which all are right."""
    return outcomes(read, shows, Outcome.WRONG)


def outcomes(read: Read, shows: Shows, outcome: Outcome) -> dict[str, int]:
    counts = {
        group: sum(score(vector, group, shows, read).outcome is outcome for vector in group_vectors)
        for group, group_vectors in grouped().items()
    }
    return {group: count for group, count in counts.items() if count}


def test_every_vector_has_one_group() -> None:
    assert sorted(vector.name for group in grouped().values() for vector in group) == sorted(
        vector.name for vector in vectors()
    )


def test_conformant_parser_is_right_everywhere() -> None:
    assert outcomes(this_library, ALL_SHOWN, Outcome.RIGHT) == {
        group: len(group_vectors) for group, group_vectors in grouped().items()
    }


def test_returning_an_incomplete_event_is_wrong() -> None:
    def eager(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
        return this_library([*chunks, b"\n\n"], last_event_id)

    wrong = wrong_in(eager)
    assert wrong["end-of-stream"] == 7
    assert set(wrong) <= {"end-of-stream", "comments", "examples", "ids", "retry", "utf-8"}


def test_raising_for_invalid_utf_8_is_wrong() -> None:
    def strict(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
        b"".join(chunks).decode()
        return this_library(chunks, last_event_id)

    wrong = wrong_in(strict)
    assert wrong["utf-8"] == 31
    assert not set(wrong) & {"dispatch", "fields", "examples"}


def test_depending_on_chunk_boundaries_is_wrong() -> None:
    def chunk_by_chunk(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
        # A CR at the end of a chunk and an LF at the start of the next become two line ends.
        return this_library(
            [chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for chunk in chunks], last_event_id
        )

    assert set(wrong_in(chunk_by_chunk)) == {"line-ends", "end-of-stream"}
    (vector,) = (vector for vector in vectors() if vector.name == "lines end at CRLF")
    assert score(vector, "line-ends", ALL_SHOWN, chunk_by_chunk).why.startswith("byte by byte: ")


def with_empty_events(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
    """Return an empty event for each block that has fields but no data."""
    events: list[ParsedEvent] = []
    parser = Parser(last_event_id=last_event_id)
    text = b"".join(chunks).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for block in re.split(rb"(?<=\n\n)", text):
        returned = parser.feed(block)
        retry = re.search(rb"^retry: ([0-9]+)$", block, re.MULTILINE)
        events += [ParsedEvent(event.event, event.data, event.id, event.retry) for event in returned]
        if not returned and block.endswith(b"\n\n") and re.match(rb"(\xef\xbb\xbf)?(id|event|retry)", block):
            events.append(ParsedEvent("message", "", parser.last_event_id, retry and int(retry[1])))
    return ParsedStream(events, parser.last_event_id, parser.retry)


def test_empty_events_count_in_one_group_only() -> None:
    assert set(wrong_in(with_empty_events)) == {"dispatch"}


def test_values_not_shown_are_not_scored() -> None:
    def quiet(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
        return ParsedStream([replace(event, retry=None) for event in this_library(chunks, "").events])

    assert wrong_in(quiet, Shows()) == {}
    not_shown = outcomes(quiet, Shows(), Outcome.NOT_SHOWN)
    assert not_shown["retry"] == len(grouped()["retry"])
    assert not_shown["ids"] == 10
    assert not set(not_shown) & {"utf-8", "line-ends", "comments", "examples", "end-of-stream"}


def test_retry_of_events_is_scored_by_event() -> None:
    def by_event(change: Callable[[object], object]) -> Read:
        def read(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
            return ParsedStream(
                [replace(event, retry=change(event.retry)) for event in this_library(chunks, "").events]
            )

        return read

    shows = Shows(retry="event")
    assert wrong_in(by_event(lambda retry: retry), shows) == {}
    assert wrong_in(by_event(lambda retry: None if retry is None else str(retry)), shows) == {}
    assert wrong_in(by_event(lambda retry: None if retry is None else 7), shows)["retry"] > 5


def test_user_remembers_id_of_own_lines() -> None:
    def own(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
        remembered = last_event_id
        events = []
        for event in this_library(chunks, last_event_id).events:
            events.append(replace(event, id=None if event.id == remembered else event.id))
            remembered = event.id or ""
        return ParsedStream(events)

    shows = Shows(own_ids=True)
    assert wrong_in(own, shows) == {}
    # Only the id of a block without data is not shown.
    assert outcomes(own, shows, Outcome.NOT_SHOWN)["ids"] < 9


def test_wrong_id_is_wrong() -> None:
    def forgetful(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
        return ParsedStream([replace(event, id="") for event in this_library(chunks, last_event_id).events])

    assert wrong_in(forgetful, Shows())["ids"] > 10


def test_retry_above_cap_of_vectors_is_right() -> None:
    (vector,) = (vector for vector in vectors() if vector.name == "retry of 20 digits is a number")

    def exact(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
        return replace(this_library(chunks, last_event_id), retry=12345678901234567890)

    assert score(vector, "retry", ALL_SHOWN, exact).outcome is Outcome.RIGHT


def test_score_explains_difference() -> None:
    vector = next(vector for vector in vectors() if vector.events == (Event("first"),))
    result = score(
        vector, "byte-order-mark", ALL_SHOWN, lambda *_: ParsedStream([ParsedEvent("message", "x", "")])
    )
    assert (
        result.why == "in the chunks of its file: events [('message', 'x')] instead of [('message', 'first')]"
    )


def test_error_is_wrong_and_explained() -> None:
    def broken(chunks: Sequence[bytes], last_event_id: str) -> ParsedStream:
        raise ValueError("no")

    result = score(vectors()[0], "byte-order-mark", ALL_SHOWN, broken)
    assert result.outcome is Outcome.WRONG
    assert "ValueError('no')" in result.why


def test_compare_explains_one_parser(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "all_parsers", lambda: WITHOUT_SOCKETS)
    compare.explain("httpx-sse")
    output = capsys.readouterr().out
    assert "byte-order-mark: a leading byte order mark is stripped\n" in output
    assert (
        "https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation" in output
    )
    assert "wrong: in the chunks of its file: events [] instead of [('message', 'first')]" in output
    with pytest.raises(SystemExit, match="no parser 'curl'"):
        compare.explain("curl")
