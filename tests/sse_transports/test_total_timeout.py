"""total_timeout bounds everything that a source does; TotalTimeout and IdleTimeout are TimeoutErrors."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable

import anyio
import pytest

from sse_core import Event, IdleTimeout, ReadyState, RetryPolicy, SSEError, TotalTimeout
from sse_transports import AsyncEventSource, EventSource
from sse_transports.testing import (
    AsyncScriptedTransport,
    Call,
    NoAnswer,
    Refuse,
    ScriptedTransport,
    Sleep,
    SSEServer,
    Stall,
    Steps,
)
from tests.sse_transports.small_servers import SLOW, data, one_and_silence, until_all_gone
from tests.sse_transports.waiting import DEADLINE, eventually

SOON = 1.5
"""Seconds. What is ended would otherwise take `DEADLINE`, or for ever."""

every_client = pytest.mark.usefixtures("every_client")


def silence(call: Call) -> None:
    call.wait_until_gone()


def two_and_silence(call: Call) -> None:
    call.respond(body=b"data: a\n\ndata: b\n\n")
    call.wait_until_gone()


def drip(call: Call) -> None:
    """Send comments, so that no read waits long."""
    call.respond(body=b"id: 1\ndata: a\n\n")
    while True:
        call.send(b":\n")
        time.sleep(0.01)


def busy(call: Call) -> None:
    call.respond(503, [("Content-Length", "0")])


@every_client
@pytest.mark.parametrize("serve", [silence, one_and_silence, drip, busy])
def test_it_ends_what_blocks(serve: Callable[[Call], None]) -> None:
    with (
        SSEServer(serve) as server,
        EventSource(server.url, total_timeout=SOON, timeout=DEADLINE, retry=SLOW) as source,
    ):
        with pytest.raises(TotalTimeout) as caught:
            data(source)
        assert caught.value.seconds == SOON
        assert isinstance(caught.value, TimeoutError)
        until_all_gone(server)
        assert source.ready_state is ReadyState.CLOSED
        assert not source.completed
        with pytest.raises(TotalTimeout):
            next(source)
        assert len(server.calls) == 1


@every_client
def test_it_passes_between_two_events_too() -> None:
    with (
        SSEServer(two_and_silence) as server,
        EventSource(server.url, total_timeout=SOON) as source,
    ):
        assert next(source).data == "a"
        time.sleep(SOON)
        # What has arrived is yielded.
        assert next(source).data == "b"
        with pytest.raises(TotalTimeout):
            next(source)


@every_client
def test_a_source_that_ends_in_time_is_not_affected() -> None:
    with SSEServer(lambda call: call.respond(body=b"data: a\n\ndata: end\n\n")) as server:
        source = EventSource(server.url, total_timeout=DEADLINE, until="end")
        assert data(source) == ["a"]
        assert source.completed


@every_client
def test_close_comes_first() -> None:
    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url, total_timeout=SOON)
        assert next(source).data == "a"
        source.close()
        time.sleep(SOON)
        assert data(source) == []


def test_time_passes_for_a_source_that_is_not_iterated() -> None:
    with SSEServer(one_and_silence) as server, EventSource(server.url, total_timeout=SOON) as source:
        assert next(source).data == "a"
        # The watchdog closes the connection without waiting for the iteration.
        until_all_gone(server)
        assert source.ready_state is ReadyState.CLOSED
        source.reconnect()
        source.resume()
        with pytest.raises(TotalTimeout):
            next(source)
        assert len(server.calls) == 1


def test_a_source_that_was_dropped_leaves_no_watchdog() -> None:
    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url, total_timeout=DEADLINE)
        next(source)
        with pytest.warns(ResourceWarning, match="unclosed"):
            del source
        eventually(lambda: threading.active_count() < 10, "the timer ends")
        until_all_gone(server)


SCRIPTS: dict[str, Steps] = {
    "no answer": [NoAnswer()],
    "refused": [Refuse()],
    "silence": [Event("a"), Stall()],
    "slow": [Event("a"), Sleep(40), Event("b"), Sleep(40), Event("c")],
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_is_measured_on_the_clock_of_the_source(name: str) -> None:
    transport = ScriptedTransport([SCRIPTS[name]] * 20)
    errors: list[SSEError] = []
    with (
        EventSource(
            "https://feed.test/", total_timeout=60, timeout=None, transport=transport, on_error=errors.append
        ) as source,
        pytest.raises(TotalTimeout) as caught,
    ):
        list(source)
    assert transport.clock.monotonic() in {60, 80}
    assert TotalTimeout not in map(type, errors)
    assert str(caught.value) == "not at its end within 60 seconds (total_timeout)"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_interrupts_an_async_hook(backend: str) -> None:
    async def on_error(_error: SSEError) -> None:
        await anyio.sleep_forever()

    async def run() -> None:
        transport = AsyncScriptedTransport([[Refuse()]])
        async with AsyncEventSource(
            "https://feed.test/", total_timeout=SOON, transport=transport, on_error=on_error
        ) as source:
            with pytest.raises(TotalTimeout):
                await anext(source)
            assert source.ready_state is ReadyState.CLOSED

    anyio.run(run, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancellation_is_no_timeout(backend: str) -> None:
    async def run(url: str) -> None:
        async with AsyncEventSource(url, total_timeout=DEADLINE) as source:
            await anext(source)
            with anyio.move_on_after(0.01) as scope:
                await anext(source)
            assert scope.cancelled_caught

    with SSEServer(one_and_silence) as server:
        anyio.run(run, server.url, backend=backend)


@pytest.mark.parametrize("error", [IdleTimeout(1.5), TotalTimeout(1.5)])
def test_the_errors_are_timeout_errors_that_can_be_pickled(error: IdleTimeout) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.seconds, str(again)) == (type(error), 1.5, str(error))
    assert isinstance(error, TimeoutError)
    assert isinstance(error, SSEError)
    assert error.errno is None


def test_an_idle_timeout_is_still_retried() -> None:
    transport = ScriptedTransport([[Event("a", id="1"), Stall()], [204]])
    errors: list[SSEError] = []
    policy = RetryPolicy()
    with EventSource(
        "https://feed.test/", idle_timeout=5, retry=policy, transport=transport, on_error=errors.append
    ) as source:
        assert data(source) == ["a"]
    assert list(map(type, errors)) == [IdleTimeout]
    assert transport.requests[1].header("Last-Event-ID") == "1"
