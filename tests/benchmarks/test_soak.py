"""The soak reads every event over connections that break, and would notice one that is lost or doubled."""

from __future__ import annotations

import sys
from random import Random

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the soak reads /proc", allow_module_level=True)

from benchmarks import soak, soak_faults
from benchmarks.soak_events import Tally, numbered_event
from benchmarks.soak_faults import FAULTS, Asked, End
from benchmarks.soak_kills import Outcome, kill_readers
from benchmarks.soak_reader import TRANSPORTS
from sse_core import Event, Parser

ASKED = Asked(after=7, events=100, run=20, elsewhere="http://127.0.0.1:1/")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_fault_is_survived(transport: str) -> None:
    result = soak.soak(transport, events=200, seed=1)
    assert list(soak.mistakes(transport, 200, result)) == []
    assert set(result["faults"]) == {fault.name for fault in FAULTS}
    assert result["last"]["descriptors"] > 0


def test_killed_readers_lose_nothing() -> None:
    outcome = kill_readers(3, seed=1, progress=lambda _: None)
    assert (outcome.kills, outcome.lost, outcome.doubled, outcome.damaged) == (3, 0, 0, 0)
    assert outcome.events >= 100


def tally_of(*events: Event, of: int) -> tuple[int, int, int]:
    tally = Tally()
    for event in events:
        tally.count(event)
    tally.finish(of)
    return tally.lost, tally.doubled, tally.damaged


def test_tally_finds_lost_doubled_and_half_events() -> None:
    first, second, third = map(numbered_event, (1, 2, 3))
    half = Event(second.data[:-1], second.event, second.id)
    assert tally_of(first, second, third, of=3) == (0, 0, 0)
    assert tally_of(first, third, of=4) == (2, 0, 0)
    assert tally_of(first, second, second, first, of=2) == (0, 2, 0)
    assert tally_of(first, half, third, of=3) == (1, 0, 1)


def test_reader_gives_up_on_a_server_that_repeats_itself() -> None:
    tally = Tally()
    for _ in range(102):
        assert not tally.is_hopeless()
        tally.count(numbered_event(1))
    assert tally.is_hopeless()


def test_only_the_last_event_before_a_kill_may_come_again() -> None:
    outcome = Outcome()
    outcome.count(["1", "2"])
    outcome.count(["2", "3"])
    outcome.count([])
    assert (outcome.doubled_unacknowledged, outcome.doubled, outcome.lost) == (1, 0, 0)
    outcome.count(["2", "3", "5", "damaged"])
    assert (outcome.doubled_unacknowledged, outcome.doubled, outcome.lost, outcome.damaged) == (1, 2, 1, 1)


def test_mistakes_make_the_soak_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {"rss": 0, "descriptors": 5, "threads": 1}
    result = {
        "tally": {"received": 9, "lost": 1, "doubled": 0, "damaged": 0},
        "first": figures,
        "last": figures | {"descriptors": 50},
        "ends": {"ReadError": 3},
        "seconds": 1.0,
        "requests": 4,
        "reused": 1,
        "faults": {"stall": 1},
        "too_early": 0,
        "leaked": 0,
        "left_open": 1,
    }
    monkeypatch.setattr(soak, "soak", lambda *_: result)
    assert soak.main(["--events", "10", "--transport", "urllib", "--kills", "0", "--seed", "5"]) == 1
    printed = capsys.readouterr().out
    assert "seed 5" in printed
    assert [line for line in printed.splitlines() if line.startswith("WRONG")] == [
        "WRONG: urllib received 9 events instead of 10",
        "WRONG: urllib: lost 1",
        "WRONG: urllib: descriptors grew from 5 to 50",
        "WRONG: urllib left a stalled connection open: 1 times",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_mixed_line_ends_keep_every_event(seed: int) -> None:
    body = soak_faults.build_body(ASKED, Random(seed))
    events = Parser().feed(body)
    assert events
    assert events == [numbered_event(number) for number in range(8, 8 + len(events))]


@pytest.mark.parametrize("seed", range(20))
def test_cuts_are_where_their_names_say(seed: int) -> None:
    random = Random(seed)
    wire = soak_faults.stream_until_closed(ASKED, random)
    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
        wire.data[: soak_faults.in_character(wire, random)].decode()
    wire = soak_faults.stream_in_chunks(ASKED, random)
    size = wire.data[: soak_faults.in_chunk_size(wire, random)].rpartition(b"\r\n")[2].rstrip(b"\r")
    assert int(size, 16) < 2**13
    assert b"\r\n\r\n" not in wire.data[: soak_faults.in_headers(wire, random)]


def test_each_fault_comes_once_in_a_round() -> None:
    for seed in range(5):
        rounds = [soak_faults.fault_of(seed, number) for number in range(2 * len(FAULTS))]
        assert set(rounds[: len(FAULTS)]) == set(rounds[len(FAULTS) :]) == set(FAULTS)
    assert {fault.end for fault in FAULTS} == set(End)
