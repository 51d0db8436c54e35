"""The benchmark notices who answers wrong and who does not finish, and lets all take turns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from benchmarks import rounds
from benchmarks.answers import difference
from benchmarks.fixtures import openai
from benchmarks.ours import ours
from benchmarks.rounds import Figure, Runner, alternate, checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sse_core import Event

FIXTURE = openai(50)
EXPECTED = [(event.data, event.event, event.id) for event in FIXTURE.events]


def forgetful(chunks: Iterable[bytes]) -> Iterator[Event]:
    events = ours(chunks)
    next(events)
    yield from events


def inventive(chunks: Iterable[bytes]) -> Iterator[Event]:
    for event in ours(chunks):
        if "stop" in event.data:
            event.event, event.id = "end", "1"
        yield event


def broken(chunks: Iterable[bytes]) -> Iterator[Event]:
    yield from ours(chunks)
    raise ValueError("no more")


def slow(chunks: Iterable[bytes]) -> Iterator[Event]:
    for chunk in chunks:
        end = time.process_time() + 0.005
        while time.process_time() < end:
            pass
        yield from ours([chunk])


def test_right_answers_are_not_complained_of() -> None:
    figure = checked(ours, FIXTURE.streams(100), EXPECTED)
    assert (figure.wrong, figure.stopped) == ("", False)
    assert figure.seconds > 0


def test_wrong_answers_are_named() -> None:
    assert checked(forgetful, FIXTURE.streams(100), EXPECTED).wrong == "49 events for 50"
    assert checked(inventive, FIXTURE.streams(100), EXPECTED).wrong == "event of 1 events, id of 1 events"
    assert checked(broken, FIXTURE.streams(100), EXPECTED).wrong == "raised ValueError('no more')"
    assert difference([("a", "b", "c")], [("x", "b", "c")]) == "data of 1 events"


def test_who_does_not_finish_is_stopped_and_counted_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "PATIENCE_SECONDS", 0.03)
    figure = checked(slow, FIXTURE.streams(None), EXPECTED)
    assert figure.stopped
    assert not figure.wrong
    # 50 chunks of 5 ms each, of which it was given about six.
    assert figure.seconds >= 0.2


def test_rounds_take_turns_and_the_median_counts() -> None:
    order: list[str] = []

    def runner(name: str, every: int, values: list[float]) -> Runner:
        def run() -> float:
            order.append(name)
            return values[order.count(name) - 1]

        return Runner(name, run, Figure(9.0), every)

    figures = alternate(
        [runner("often", 1, [1, 5, 2, 4, 3, 6]), runner("seldom", 3, [7, 8]), runner("never", 0, [])], 6
    )
    assert order == ["often", "often", "often", "seldom", "often", "often", "often", "seldom"]
    assert {name: figure.seconds for name, figure in figures.items()} == {
        "often": 3.5,
        "seldom": 7.5,
        "never": 9.0,
    }
