"""The benchmark finds wrong events, stops slow parsers, and runs all of them in turn."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from benchmarks import rounds
from benchmarks.compare_events import compare_events
from benchmarks.fixtures import openai
from benchmarks.rounds import Runner, Timing, check_and_time, run_rounds
from benchmarks.this_library import this_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sse_core import Event

FIXTURE = openai(50)
EXPECTED = [(event.data, event.event, event.id) for event in FIXTURE.events]


def drops_first_event(chunks: Iterable[bytes]) -> Iterator[Event]:
    events = this_library(chunks)
    next(events)
    yield from events


def changes_values(chunks: Iterable[bytes]) -> Iterator[Event]:
    for event in this_library(chunks):
        if "stop" in event.data:
            event.event, event.id = "end", "1"
        yield event


def broken(chunks: Iterable[bytes]) -> Iterator[Event]:
    yield from this_library(chunks)
    raise ValueError("no more")


def slow(chunks: Iterable[bytes]) -> Iterator[Event]:
    for chunk in chunks:
        end = time.process_time() + 0.005
        while time.process_time() < end:
            pass
        yield from this_library([chunk])


def test_right_events_have_no_difference() -> None:
    timing = check_and_time(this_library, FIXTURE.streams(100), EXPECTED)
    assert (timing.wrong, timing.stopped) == ("", False)
    assert timing.seconds > 0


def test_wrong_events_are_described() -> None:
    assert check_and_time(drops_first_event, FIXTURE.streams(100), EXPECTED).wrong == "49 events for 50"
    assert (
        check_and_time(changes_values, FIXTURE.streams(100), EXPECTED).wrong
        == "event of 1 events, id of 1 events"
    )
    assert check_and_time(broken, FIXTURE.streams(100), EXPECTED).wrong == "raised ValueError('no more')"
    assert compare_events([("a", "b", "c")], [("x", "b", "c")]) == "data of 1 events"


def test_slow_parser_is_stopped_and_extrapolated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "TIME_LIMIT", 0.03)
    timing = check_and_time(slow, FIXTURE.streams(None), EXPECTED)
    assert timing.stopped
    assert not timing.wrong
    # 50 chunks of 5 ms each, of which it has read about six.
    assert timing.seconds >= 0.2


def test_runners_take_turns_and_median_counts() -> None:
    order: list[str] = []

    def runner(name: str, every: int, values: list[float]) -> Runner:
        def run() -> float:
            order.append(name)
            return values[order.count(name) - 1]

        return Runner(name, run, Timing(9.0), every)

    timings = run_rounds(
        [runner("often", 1, [1, 5, 2, 4, 3, 6]), runner("seldom", 3, [7, 8]), runner("never", 0, [])], 6
    )
    assert order == ["often", "often", "often", "seldom", "often", "often", "often", "seldom"]
    assert {name: timing.seconds for name, timing in timings.items()} == {
        "often": 3.5,
        "seldom": 7.5,
        "never": 9.0,
    }
