"""The virtual clock: waits take no time and are recorded, and random numbers are given."""

from __future__ import annotations

import itertools
import math
import time
from email.utils import formatdate
from typing import Any

import anyio
import pytest

from sse_core import Event, HTTPStatusError, InvalidArgument, Request, RetriesExhausted, RetryPolicy
from sse_transports import AsyncEventSource, EventSource, SystemClock
from sse_transports._interface import Exchange
from sse_transports.testing import (
    AsyncScriptedTransport,
    End,
    Script,
    ScriptedTransport,
    Sleep,
    VirtualClock,
)


def read(script: Script, clock: VirtualClock, **options: Any) -> list[str]:
    transport = ScriptedTransport(script, clock=clock)
    with EventSource("http://stream.test/", transport=transport, **options) as source:
        return [event.data for event in source]


def test_backoff_takes_no_time_and_is_recorded() -> None:
    clock = VirtualClock(random=0)
    begun = time.monotonic()
    assert read([[], [], [], [], [], [], [Event("a")], [], [204]], clock) == ["a"]
    assert clock.waits == [1, 2, 4, 8, 16, 20, 1, 2]
    assert clock.monotonic() == sum(clock.waits)
    assert time.monotonic() - begun < min(clock.waits)


def test_the_async_source_waits_on_it_too() -> None:
    clock = VirtualClock(random=0)

    async def main() -> list[str]:
        transport = AsyncScriptedTransport([[], [], [], [Event("a")], [204]], clock=clock)
        async with AsyncEventSource("http://stream.test/", transport=transport, clock=clock) as source:
            return [event.data async for event in source]

    for backend in ("asyncio", "trio"):
        clock.waits.clear()
        assert anyio.run(main, backend=backend) == ["a"]
        assert clock.waits == [1, 2, 4, 1]


def test_random_returns_the_given_numbers() -> None:
    # The default policy adds up to half of the wait.
    for random, waits in (
        (0.5, [1.25, 2.5, 5.0]),
        ([0, 0.9], [1.0, 2.9, 4.0]),
        (itertools.count(step=0.25).__next__, [1.0, 2.25, 5.0]),
    ):
        clock = VirtualClock(random=random)
        read([[], [], [], [204]], clock)
        assert clock.waits == waits


def test_retry_after_may_be_seconds_or_a_date() -> None:
    clock = VirtualClock(random=0, start=1e9)
    read([[503, {"Retry-After": "7"}], [503, {"Retry-After": formatdate(1e9 + 7 + 11)}], [204]], clock)
    assert clock.waits == [7, 11]
    assert clock.epoch() == 1e9 + 18


def test_max_elapsed_is_reached_without_waiting() -> None:
    clock = VirtualClock(random=0)
    with pytest.raises(RetriesExhausted) as caught:
        read([[End()]] * 50, clock, retry=RetryPolicy(max_elapsed=100))
    assert 70 < caught.value.elapsed == clock.monotonic() <= 100


def test_reading_an_error_body_has_a_time_limit() -> None:
    clock = VirtualClock()
    with pytest.raises(HTTPStatusError) as caught:
        read([[400, b"no", b" way", Sleep(3), b", really", Sleep(3), b"!"]], clock)
    assert caught.value.body == b"no way, really"


def test_sources_can_share_a_clock() -> None:
    clock = VirtualClock(random=0)
    for _ in range(2):
        read([[], [204]], clock)
    assert clock.waits == [1, 1]
    assert repr(clock) == "<VirtualClock at 2 s>"


@pytest.mark.parametrize("random", [1, -0.1, math.nan, "0.5", [], [0.5, 1.0], None, lambda: 1.0])
def test_invalid_random_numbers_are_refused(random: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        VirtualClock(random=random).random()
    assert caught.value.name == "random"


@pytest.mark.parametrize("seconds", [-1, math.nan])
def test_time_cannot_go_back(seconds: float) -> None:
    with pytest.raises(InvalidArgument, match=r"^seconds: "):
        VirtualClock().advance(seconds)


@pytest.mark.parametrize("clock", [VirtualClock, 7, time])
def test_a_clock_must_have_its_methods(clock: Any) -> None:
    for kind in (EventSource, AsyncEventSource):
        with pytest.raises(InvalidArgument, match=r"^clock: expected "):
            kind("http://stream.test/", clock=clock)
    for transport in (ScriptedTransport, AsyncScriptedTransport):
        with pytest.raises(InvalidArgument, match=r"^clock: expected "):
            transport([], clock=clock)


@pytest.mark.parametrize("start", ["2026", None, True, math.nan, math.inf])
def test_an_invalid_start_is_refused(start: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^start: expected seconds since 1970, not "):
        VirtualClock(start=start)


@pytest.mark.parametrize(
    ("kind", "transport"),
    [(EventSource, ScriptedTransport([])), (AsyncEventSource, AsyncScriptedTransport([]))],
)
def test_a_source_and_its_transport_share_one_clock(kind: Any, transport: Any) -> None:
    kind("http://stream.test/", transport=transport, clock=transport.clock)
    with pytest.raises(InvalidArgument, match=r"^clock: the transport has another one"):
        kind("http://stream.test/", transport=transport, clock=VirtualClock())


def test_the_system_clock_has_real_time_and_waits() -> None:
    clock = SystemClock()
    assert clock.monotonic() <= time.monotonic() <= clock.monotonic()
    assert clock.epoch() <= time.time() <= clock.epoch()
    assert 0 <= clock.random() < 1
    assert clock.random() != clock.random()
    assert clock.pass_time(3) == 3


def test_a_source_uses_the_clock_of_its_transport() -> None:
    transport = ScriptedTransport([[], [204]], clock=VirtualClock())
    assert list(EventSource("http://stream.test/", transport=transport)) == []
    assert transport.clock.monotonic() == 1.25


def test_without_any_clock_a_source_waits_in_real_time() -> None:
    scripted = ScriptedTransport([[503], [204]])

    class TransportWithoutClock:
        def exchange(self, request: Request, *, timeout: float | None) -> Exchange:
            return scripted.exchange(request, timeout=timeout)

        def close(self) -> None:
            scripted.close()

    retry = RetryPolicy(initial_delay=0.05, min_delay=0.05, jitter=0)
    begun = time.monotonic()
    assert list(EventSource("http://stream.test/", transport=TransportWithoutClock(), retry=retry)) == []
    assert time.monotonic() - begun >= 0.05
    assert scripted.clock.monotonic() == 0
