"""The timer of an idle timeout serves many reads, and ends the one that takes too long."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from sse_transports import _timers
from sse_transports._timers import IdleTimer, call_later
from tests.sse_transports.runtimes import each_runtime, run


class Time:
    """A clock that only the test advances, with its timers."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], object]]] = []

    def monotonic(self) -> float:
        return self.now

    def call_later(self, seconds: float, function: Callable[[], object]) -> Callable[[], object]:
        timer = (self.now + seconds, function)
        self.timers.append(timer)
        return lambda: self.timers.remove(timer)

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self.timers and min(self.timers)[0] <= end:
            timer = min(self.timers)
            self.timers.remove(timer)
            self.now = timer[0]
            timer[1]()
        self.now = end


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(_timers, "time", time)
    monkeypatch.setattr(_timers, "call_later", time.call_later)
    return time


def test_read_that_takes_too_long_is_ended_on_time(time: Time) -> None:
    ended: list[float] = []
    timer = IdleTimer(10.0, lambda: ended.append(time.now))
    with timer:
        time.advance(3.0)
    time.advance(4.0)
    # The timer of the first read is still running; it must not end this one.
    with timer:
        time.advance(9.5)
        assert ended == []
        time.advance(1.0)
    assert ended == [117.0]
    assert timer.expired
    assert time.timers == []


def test_many_reads_start_few_timers(time: Time) -> None:
    ended: list[float] = []
    timer = IdleTimer(10.0, lambda: ended.append(time.now))
    for _ in range(1000):
        with timer:
            time.advance(0.1)
        assert len(time.timers) <= 1
    assert ended == []
    assert not timer.expired


def test_no_timer_runs_long_without_a_read(time: Time) -> None:
    timer = IdleTimer(10.0, lambda: None)
    with timer:
        pass
    time.advance(10.0)
    assert time.timers == []
    with timer:
        assert len(time.timers) == 1
    timer.cancel()
    assert time.timers == []
    timer.cancel()


@each_runtime
def test_function_is_called_later_unless_cancelled(runtime: str) -> None:
    async def main() -> None:
        called = anyio.Event()
        missed: list[str] = []
        cancel = call_later(0.01, lambda: missed.append("cancelled"))
        call_later(0.02, called.set)
        cancel()
        cancel()
        await called.wait()
        assert missed == []

    run(runtime, main)


@each_runtime
def test_timer_does_not_keep_an_event_loop_running(runtime: str) -> None:
    async def main() -> None:
        call_later(3600.0, lambda: None)

    run(runtime, main)
