"""A script is played to the blocking and the async source, and every request is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from sse_core import (
    Comment,
    ConnectError,
    ContentTypeError,
    Event,
    HTTPStatusError,
    IdleTimeout,
    IllegalState,
    IncompleteStream,
    ReadError,
    Request,
    RetryPolicy,
    StateChange,
    Waiting,
)
from sse_transports import AsyncEventSource, EventSource, SystemClock
from sse_transports.testing import (
    HALF_CHARACTER,
    AsyncScriptedTransport,
    Cut,
    Drip,
    Gzip,
    History,
    NoAnswer,
    Refuse,
    Reset,
    Script,
    ScriptedTransport,
    Sleep,
    Stall,
    UnexpectedRequest,
    VirtualClock,
)
from tests.sse_transports.reading import Reading
from tests.sse_transports.waiting import eventually

URL = "http://stream.test/feed"


@dataclass
class Outcome:
    """The events, state changes and requests of a script that was played."""

    events: list[Event | Comment] = field(default_factory=list)
    changes: list[StateChange] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=VirtualClock)

    @property
    def causes(self) -> list[str]:
        return [str(change.cause) for change in self.changes if isinstance(change, Waiting)]


def play_blocking(script: Script, history: tuple[Event, ...], outcome: Outcome, **options: Any) -> None:
    with ScriptedTransport(script, history=history, clock=outcome.clock) as transport:
        outcome.requests = transport.requests
        with EventSource(URL, transport=transport, on_state=outcome.changes.append, **options) as source:
            for event in source:
                outcome.events.append(event)


def play_on(backend: str) -> Callable[..., None]:
    def play(script: Script, history: tuple[Event, ...], outcome: Outcome, **options: Any) -> None:
        async def main() -> None:
            async with AsyncScriptedTransport(script, history=history, clock=outcome.clock) as transport:
                outcome.requests = transport.requests
                changes = outcome.changes.append
                async with AsyncEventSource(URL, transport=transport, on_state=changes, **options) as source:
                    async for event in source:
                        outcome.events.append(event)

        anyio.run(main, backend=backend)

    return play


PLAYERS = {"blocking": play_blocking, "asyncio": play_on("asyncio"), "trio": play_on("trio")}


@pytest.fixture(params=PLAYERS)
def play(request: pytest.FixtureRequest) -> Callable[..., Outcome]:
    def run(
        script: Script, history: tuple[Event, ...] = (), outcome: Outcome | None = None, **options: Any
    ) -> Outcome:
        outcome = outcome or Outcome()
        PLAYERS[request.param](script, history, outcome, **options)
        return outcome

    return run


Play = Callable[..., Outcome]


def test_a_stream_is_read_over_every_failure(play: Play) -> None:
    outcome = play(
        [
            [Event("a", id="1"), b"data: lo", Reset()],
            [b"data: lost", HALF_CHARACTER, Cut()],
            [Cut(after=len(b"id: 2\ndata: b\n\n") + 5), Event("b", id="2"), Event("lost", id="3")],
            [503, {"Retry-After": "20"}],
            [Refuse()],
            [NoAnswer()],
            [Sleep(61), 200],
            [Event("c", id="3"), Stall()],
            [Sleep(29), Comment("still here"), Sleep(29), Event("d", id="4"), Sleep(31), b"never"],
            [302, {"Location": "/there"}],
            [Gzip(), HALF_CHARACTER, b"\xac\n\n", Drip(b"id: 5\ndata: e\n\n", 1.0)],
            [204],
        ],
        idle_timeout=30,
    )  # fmt: skip
    assert [event.data for event in outcome.events if isinstance(event, Event)] == ["a", "b", "c", "d", "e"]
    assert outcome.causes == [
        "the connection was reset",
        "the connection ended before the body did",
        "the connection ended before the body did",
        "HTTP status 503 instead of 200",
        "stream.test: the connection was refused",
        "stream.test: no response within 60 seconds (timeout)",
        "stream.test: no response within 60 seconds (timeout)",
        "nothing received for 30 seconds (idle_timeout)",
        "nothing received for 30 seconds (idle_timeout)",
        "None",
    ]
    ids = [request.header("Last-Event-ID") for request in outcome.requests]
    assert ids == [None, "1", "1", *["2"] * 5, "3", "4", "4", "5"]
    assert [request.url for request in outcome.requests][9:] == [URL, "http://stream.test/there", URL]
    assert outcome.clock.monotonic() == sum(outcome.clock.waits) + 2 * 60 + 30 + (29 + 29 + 30) + 15


def test_requests_are_recorded_completely(play: Play) -> None:
    outcome = play([[Event("[DONE]")]], method="POST", json={"a": 1}, headers={"X-Name": "b"}, until="[DONE]")
    (request,) = outcome.requests
    assert (request.method, request.url, request.body) == ("POST", URL, b'{"a":1}')
    assert request.header("x-name") == "b"


def test_a_history_resumes_after_the_last_event_id(play: Play) -> None:
    history = tuple(Event(str(number), id=str(number)) for number in range(1, 8))
    size = len(b"id: 1\ndata: 1\n\n")
    outcome = play([[Cut(3 * size), History()], [Cut(2 * size + 4), History()], [History()], [204]], history)
    assert outcome.events == [*history]
    assert [request.header("Last-Event-ID") for request in outcome.requests] == [None, "3", "5", "7"]


@pytest.mark.parametrize(
    ("steps", "error", "seconds"),
    [
        ([Event("a"), Reset()], IncompleteStream, 0),
        ([Event("a"), Stall()], IdleTimeout, 9),
        ([Event("a"), Sleep(9), Event("b")], IdleTimeout, 9),
        ([Sleep(5), Sleep(5), Event("a")], IdleTimeout, 9),
        ([Sleep(5), Stall()], IdleTimeout, 9),
        ([Refuse()], ConnectError, 0),
        ([Sleep(3), Refuse()], ConnectError, 3),
        ([Sleep(10), 200], ConnectError, 10),
        ([NoAnswer()], ConnectError, 10),
        ([503, b"busy"], HTTPStatusError, 0),
        ([{"Content-Type": "text/html"}, b"<p>"], ContentTypeError, 0),
    ],
)
def test_a_failed_post_raises_at_the_right_time(
    play: Play, steps: list[Any], error: type[Exception], seconds: float
) -> None:
    outcome = Outcome()
    with pytest.raises(error):
        play([steps], outcome=outcome, method="POST", idle_timeout=9, timeout=10)
    assert outcome.clock.monotonic() == seconds


def test_an_unexpected_request_lists_all_requests(play: Play) -> None:
    outcome = Outcome()
    with pytest.raises(UnexpectedRequest) as caught:
        play([[Event("a", id="7")]], outcome=outcome)
    assert str(caught.value) == (
        "the script has 1 connection(s), but there was one more request; all requests:\n"
        f"  1. GET {URL}\n"
        f"  2. GET {URL}, Last-Event-ID: 7"
    )
    assert len(outcome.requests) == 2


def test_on_the_system_clock_sleeps_take_real_time(play: Play) -> None:
    begun = SystemClock().monotonic()
    outcome = Outcome(clock=cast("VirtualClock", SystemClock()))
    with pytest.raises(IdleTimeout):
        play(
            [[Drip(b":::::", 0.004), Sleep(0.01), b"x", Sleep(40)]],
            outcome=outcome,
            idle_timeout=0.02,
            retry=None,
        )
    assert 0.05 <= SystemClock().monotonic() - begun < 10


@pytest.mark.parametrize("steps", [[Stall()], [NoAnswer()]], ids=["stall", "no answer"])
def test_closing_the_source_ends_an_endless_wait(steps: Any) -> None:
    transport = ScriptedTransport([steps])
    with Reading(EventSource(URL, transport=transport, timeout=None)) as reading:
        eventually(lambda: len(transport.requests) == 1, "the request arrives")
    assert reading.error is None


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("steps", [[Stall()], [NoAnswer()]], ids=["stall", "no answer"])
def test_closing_an_async_source_ends_an_endless_wait(steps: Any, backend: str) -> None:
    async def main() -> None:
        transport = AsyncScriptedTransport([steps])

        async def close_after_the_request() -> None:
            while not transport.requests:
                await anyio.lowlevel.checkpoint()
            await source.close()

        source = AsyncEventSource(URL, transport=transport, timeout=None)
        async with source, anyio.create_task_group() as tasks:
            tasks.start_soon(close_after_the_request)
            assert [event async for event in source] == []

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_source_that_never_waits_can_be_cancelled(backend: str) -> None:
    async def main() -> int:
        count = 0
        transport = AsyncScriptedTransport([[Event("a")] * 1000])
        with anyio.CancelScope() as scope:
            async with AsyncEventSource(URL, transport=transport) as source:
                async for _ in source:
                    count += 1
                    if count == 10:
                        scope.cancel()
        return count

    assert anyio.run(main, backend=backend) == 10


def test_an_exchange_must_be_open_to_be_read() -> None:
    transport = ScriptedTransport([[b"a"]])
    exchange = transport.exchange(Request("GET", URL), timeout=None)
    with pytest.raises(IllegalState, match="before open"):
        exchange.read(None)
    exchange.close()
    exchange.close()
    with pytest.raises(ReadError, match="closed"):
        exchange.open()
    assert transport.requests == []


def test_many_sources_can_share_a_transport() -> None:
    transport = ScriptedTransport([[Event("a")]] * 100)

    def read() -> None:
        events.extend(EventSource(URL, transport=transport, retry=RetryPolicy(reconnect_on_close=False)))

    events: list[Event] = []
    threads = [threading.Thread(target=read) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(events) == len(transport.requests) == 100


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            [Event("a"), Stall()],
            r"^Stall\(\): no more bytes come, the source has no idle_timeout, and it was not closed",
        ),
        (
            [NoAnswer()],
            r"^NoAnswer\(\): the response never comes, the source has no timeout, and it was not closed",
        ),
    ],
)
@pytest.mark.parametrize("play", [play_blocking, play_on("asyncio"), play_on("trio")])
def test_an_endless_wait_in_virtual_time_is_an_error(
    play: Callable[..., None], steps: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sse_transports.testing._scripted.HANG_TIMEOUT", 0.05)
    monkeypatch.setattr("sse_transports.testing._async_scripted.HANG_TIMEOUT", 0.05)
    with pytest.raises(AssertionError, match=message):
        play([steps], (), Outcome(), idle_timeout=None, timeout=None)
