"""The comparison is as published, and judges a parser by what the standard says and by what it shows."""

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
from benchmarks.comparison import parsers_alone as alone
from benchmarks.comparison import published, tables
from benchmarks.comparison.conformance import conformance
from benchmarks.comparison.groups import grouped
from benchmarks.comparison.judgement import Outcome, judge
from benchmarks.comparison.over_requests import requests_parsers
from benchmarks.comparison.python_parsers import ours, python_parsers
from benchmarks.comparison.said import Heard, Said, Shows
from benchmarks.ours import OURS

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.comparison.said import Peer

    Read = Callable[[Sequence[bytes], str], Heard]

README = Path(__file__).parents[2] / "README.md"
WITHOUT_SOCKETS = [*python_parsers(), *requests_parsers()]
ALL_SHOWN = Shows(last_id=True, begins=True, retry="stream")


def published_parser(name: str) -> dict[str, object]:
    return next(parser for parser in published.read()["parsers"] if parser["name"] == name)


@pytest.mark.parametrize("table", [tables.conformance, tables.features])
def test_the_tables_of_the_readme_are_those_of_the_last_full_run(
    table: Callable[[dict[str, object]], list[str]],
) -> None:
    assert "\n\n" + "\n".join(table(published.read())) + "\n\n" in README.read_text()


def test_the_readme_says_how_many_vectors_there_are() -> None:
    said = re.search(r"the (\d+) vectors", README.read_text())
    assert said
    assert int(said[1]) == published.read()["vectors"] == len(vectors())


def test_everybody_took_part_in_the_last_full_run() -> None:
    assert {parser["name"] for parser in published.read()["parsers"]} == published.ALL


@pytest.mark.parametrize("peer", WITHOUT_SOCKETS, ids=[peer.name for peer in WITHOUT_SOCKETS])
def test_a_parser_that_is_installed_answers_as_published(peer: Peer) -> None:
    told = published_parser(peer.name)
    if peer.name != OURS:
        assert told["version"] == version(peer.name)
    assert published.conformance_of(conformance(peer)) == told["conformance"]


# One is given up after these seconds, since it would take minutes; the other is to have all it needs.
@pytest.mark.parametrize(("name", "seconds"), [("assel", 0.1), ("axio-sse", 60.0)])
def test_a_parser_without_a_client_does_as_published(
    name: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "WORK", seconds)
    asked = alone.parsers_alone().get(name)
    if asked is None:
        pytest.skip(f"{name} needs a later Python")
    assert asked() == published_parser(name)["features"]


# What judges, judged: parsers that are ours but for one habit.


def wrong_in(read: Read, shows: Shows = ALL_SHOWN) -> dict[str, int]:
    """Return how many vectors of each group are wrong, without the groups that are right."""
    return outcomes(read, shows, Outcome.WRONG)


def outcomes(read: Read, shows: Shows, outcome: Outcome) -> dict[str, int]:
    counts = {
        group: sum(judge(vector, group, shows, read).outcome is outcome for vector in group_vectors)
        for group, group_vectors in grouped().items()
    }
    return {group: count for group, count in counts.items() if count}


def test_every_vector_has_a_group() -> None:
    assert sorted(vector.name for group in grouped().values() for vector in group) == sorted(
        vector.name for vector in vectors()
    )


def test_a_parser_that_does_what_the_standard_says_is_right_everywhere() -> None:
    assert outcomes(ours, ALL_SHOWN, Outcome.RIGHT) == {
        group: len(group_vectors) for group, group_vectors in grouped().items()
    }


def test_who_gives_an_unfinished_event_is_wrong_about_ends_of_streams() -> None:
    def eager(chunks: Sequence[bytes], last_event_id: str) -> Heard:
        return ours([*chunks, b"\n\n"], last_event_id)

    wrong = wrong_in(eager)
    assert wrong["end-of-stream"] == 7
    assert set(wrong) <= {"end-of-stream", "comments", "examples", "ids", "retry", "utf-8"}


def test_who_refuses_malformed_text_is_wrong_about_utf_8() -> None:
    def strict(chunks: Sequence[bytes], last_event_id: str) -> Heard:
        b"".join(chunks).decode()
        return ours(chunks, last_event_id)

    wrong = wrong_in(strict)
    assert wrong["utf-8"] == 31
    assert not set(wrong) & {"dispatch", "fields", "examples"}


def test_who_depends_on_the_cuts_is_wrong_though_whole_streams_are_right() -> None:
    def chunk_by_chunk(chunks: Sequence[bytes], last_event_id: str) -> Heard:
        # A CR at the end of a chunk and a LF at the start of the next become two line ends.
        return ours([chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for chunk in chunks], last_event_id)

    assert set(wrong_in(chunk_by_chunk)) == {"line-ends", "end-of-stream"}
    (vector,) = (vector for vector in vectors() if vector.name == "lines end at CRLF")
    assert judge(vector, "line-ends", ALL_SHOWN, chunk_by_chunk).why.startswith("byte by byte: ")


def with_empty_events(chunks: Sequence[bytes], last_event_id: str) -> Heard:
    """Give an empty event for each block that has fields, but no data."""
    events: list[Said] = []
    parser = Parser(last_event_id=last_event_id)
    text = b"".join(chunks).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for block in re.split(rb"(?<=\n\n)", text):
        given = parser.feed(block)
        retry = re.search(rb"^retry: ([0-9]+)$", block, re.MULTILINE)
        events += [Said(event.event, event.data, event.id, event.retry) for event in given]
        if not given and block.endswith(b"\n\n") and re.match(rb"(\xef\xbb\xbf)?(id|event|retry)", block):
            events.append(Said("message", "", parser.last_event_id, retry and int(retry[1])))
    return Heard(events, parser.last_event_id, parser.retry)


def test_an_empty_event_for_a_block_without_data_is_held_against_a_parser_once() -> None:
    assert set(wrong_in(with_empty_events)) == {"dispatch"}


def test_what_a_parser_does_not_show_is_not_judged() -> None:
    def quiet(chunks: Sequence[bytes], last_event_id: str) -> Heard:
        return Heard([replace(said, retry=None) for said in ours(chunks, "").events])

    assert wrong_in(quiet, Shows()) == {}
    hidden = outcomes(quiet, Shows(), Outcome.NOT_SHOWN)
    assert hidden["retry"] == len(grouped()["retry"])
    assert hidden["ids"] == 10
    assert not set(hidden) & {"utf-8", "line-ends", "comments", "examples", "end-of-stream"}


def test_a_retry_shown_by_events_is_judged_by_the_events_that_come() -> None:
    def by_event(change: Callable[[object], object]) -> Read:
        def read(chunks: Sequence[bytes], last_event_id: str) -> Heard:
            return Heard([replace(said, retry=change(said.retry)) for said in ours(chunks, "").events])

        return read

    shows = Shows(retry="event")
    assert wrong_in(by_event(lambda retry: retry), shows) == {}
    assert wrong_in(by_event(lambda retry: None if retry is None else str(retry)), shows) == {}
    assert wrong_in(by_event(lambda retry: None if retry is None else 7), shows)["retry"] > 5


def test_an_id_of_an_events_own_lines_is_kept_by_the_user() -> None:
    def own(chunks: Sequence[bytes], last_event_id: str) -> Heard:
        kept = last_event_id
        events = []
        for said in ours(chunks, last_event_id).events:
            events.append(replace(said, id=None if said.id == kept else said.id))
            kept = said.id or ""
        return Heard(events)

    shows = Shows(own_ids=True)
    assert wrong_in(own, shows) == {}
    # What only a block without data says.
    assert outcomes(own, shows, Outcome.NOT_SHOWN)["ids"] < 9


def test_a_wrong_id_is_wrong() -> None:
    def forgetful(chunks: Sequence[bytes], last_event_id: str) -> Heard:
        return Heard([replace(said, id="") for said in ours(chunks, last_event_id).events])

    assert wrong_in(forgetful, Shows())["ids"] > 10


def test_a_reconnection_time_longer_than_the_vectors_cap_is_right() -> None:
    (vector,) = (vector for vector in vectors() if vector.name == "retry of 20 digits is a number")

    def exact(chunks: Sequence[bytes], last_event_id: str) -> Heard:
        return replace(ours(chunks, last_event_id), retry=12345678901234567890)

    assert judge(vector, "retry", ALL_SHOWN, exact).outcome is Outcome.RIGHT


def test_a_verdict_says_how_it_was_cut_what_came_and_what_should_have() -> None:
    vector = next(vector for vector in vectors() if vector.events == (Event("first"),))
    verdict = judge(vector, "byte-order-mark", ALL_SHOWN, lambda *_: Heard([Said("message", "x", "")]))
    assert (
        verdict.why == "as it is cut in its file: events [('message', 'x')] instead of [('message', 'first')]"
    )


def test_an_error_is_wrong_and_is_told() -> None:
    def broken(chunks: Sequence[bytes], last_event_id: str) -> Heard:
        raise ValueError("no")

    verdict = judge(vectors()[0], "byte-order-mark", ALL_SHOWN, broken)
    assert verdict.outcome is Outcome.WRONG
    assert "ValueError('no')" in verdict.why


def test_one_peer_can_be_explained(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "all_parsers", lambda: WITHOUT_SOCKETS)
    compare.explain("httpx-sse")
    told = capsys.readouterr().out
    assert "byte-order-mark: a leading byte order mark is stripped\n" in told
    assert (
        "https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation" in told
    )
    assert "wrong: as it is cut in its file: events [] instead of [('message', 'first')]" in told
    with pytest.raises(SystemExit, match="no peer 'curl'"):
        compare.explain("curl")
