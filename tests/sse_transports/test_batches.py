"""batches(): lists of what has arrived, and an empty one after max_wait seconds without an event."""

from __future__ import annotations

import threading

import anyio
import pytest

from sse_core import (
    Comment,
    Event,
    HTTPStatusError,
    IllegalState,
    InvalidArgument,
    ReadyState,
    SSEError,
    TotalTimeout,
)
from sse_transports import AsyncEventSource, EventSource
from sse_transports.testing import (
    AsyncScriptedTransport,
    Call,
    Cut,
    Script,
    ScriptedTransport,
    Sleep,
    SSEServer,
    Stall,
)
from tests.sse_transports.small_servers import QUICK, one_and_silence, three_and_silence, until_all_gone
from tests.sse_transports.waiting import DEADLINE, until_set

URL = "https://feed.test/"
SHORT = 0.05
"""Seconds in which nothing can arrive, because the server sends nothing before it is told to."""

every_client = pytest.mark.usefixtures("every_client")
backends = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def data(events: list[Event]) -> list[str]:
    return [event.data for event in events]


@every_client
def test_a_list_has_what_has_arrived() -> None:
    with SSEServer(three_and_silence) as server, EventSource(server.url) as source:
        events = next(source.batches())
        assert data(events) == ["a", "b", "c"]
        assert source.last_event_id == "3"


@pytest.mark.parametrize("max_wait", [None, DEADLINE])
def test_there_is_one_list_for_each_read(max_wait: float | None) -> None:
    events = [Event(str(number), id=str(number)) for number in range(6)]
    script: Script = [
        [b"data: x\n\n" * 100, b"id: 7\n\n", Comment("ping"), *events[:2], Cut()],
        events[2:4],
        [204],
    ]
    with EventSource(URL, transport=ScriptedTransport(script)) as source:
        batches = [data(batch) for batch in source.batches(max_wait)]
    assert batches == [["x"] * 100, *([number] for number in "0123")]
    assert source.completed


@every_client
def test_after_max_wait_the_list_is_empty_and_the_connection_stays() -> None:
    go_on = threading.Event()

    def paused(call: Call) -> None:
        call.respond(body=b"data: a\n\n")
        until_set(go_on, "the client has waited")
        call.send(b"data: b\n\n")
        call.wait_until_gone()

    with SSEServer(paused) as server, EventSource(server.url) as source:
        batches = source.batches(SHORT)
        received = [data(batch) for batch in (next(batches), next(batches), next(batches))]
        while ["a"] not in received:
            received.append(data(next(batches)))
        assert received[-1] == []
        go_on.set()
        while (batch := next(batches)) == []:
            pass
        assert data(batch) == ["b"]
        assert len(server.calls) == 1


@every_client
def test_max_wait_bounds_connecting_and_waits_between_attempts_too() -> None:
    go_on = threading.Event()

    def slow(call: Call) -> None:
        if call.number == 0:
            until_set(go_on, "the client has waited")
            call.respond(503, [("Content-Length", "0")])
        else:
            one_and_silence(call)

    with SSEServer(slow) as server, EventSource(server.url, retry=QUICK) as source:
        batches = source.batches(SHORT)
        assert next(batches) == []
        go_on.set()
        while (batch := next(batches)) == []:
            pass
        assert data(batch) == ["a"]


@every_client
def test_close_ends_it_while_it_waits() -> None:
    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url)
        batches = source.batches(SHORT)
        received = [batch for batch in (next(batches), next(batches)) if batch]
        source.close()
        received += list(batches)
        assert all(data(batch) == ["a"] for batch in received)
        assert source.ready_state is ReadyState.CLOSED
        until_all_gone(server)


@every_client
def test_an_error_is_raised_once_the_events_before_it_are_returned() -> None:
    def missing(call: Call) -> None:
        if call.number == 0:
            call.respond(body=b"data: a\n\n")
        else:
            call.respond(404, [("Content-Length", "0")])

    with SSEServer(missing) as server, EventSource(server.url, retry=QUICK) as source:
        batches = source.batches(DEADLINE)
        assert data(next(batches)) == ["a"]
        for _ in range(2):
            with pytest.raises(HTTPStatusError):
                next(source.batches(DEADLINE))


@every_client
def test_a_batch_and_single_events_can_be_mixed() -> None:
    with SSEServer(three_and_silence) as server, EventSource(server.url) as source:
        assert next(source).data == "a"
        assert data(next(source.batches(DEADLINE))) == ["b", "c"]
        assert source.last_event_id == "3"


def test_an_error_of_a_hook_surfaces_at_the_next_list() -> None:
    def on_error(_error: SSEError) -> None:
        raise LookupError("stop")

    transport = ScriptedTransport([[Event("a"), Cut()]])
    with EventSource(URL, transport=transport, on_error=on_error) as source:
        batches = source.batches(DEADLINE)
        assert data(next(batches)) == ["a"]
        with pytest.raises(LookupError, match="stop"):
            next(batches)


def test_a_list_is_saved_when_the_next_is_asked_for() -> None:
    class Store:
        def __init__(self) -> None:
            self.saved: list[str] = []

        def load(self) -> str:
            return ""

        def save(self, last_event_id: str) -> None:
            self.saved.append(last_event_id)

    for max_wait in (None, DEADLINE):
        store = Store()
        transport = ScriptedTransport([[b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n", Event("c", id="3")], [204]])
        with EventSource(URL, transport=transport, store=store) as source:
            saved = [list(store.saved) for _ in source.batches(max_wait)]
        assert saved == [[], ["2"]]
        assert store.saved == ["2", "3"]


def test_on_a_virtual_clock_an_event_that_comes_late_is_in_the_list_after() -> None:
    transport = ScriptedTransport([[Event("a"), Sleep(5), Event("b"), Sleep(0.5), Event("c")], [204]])
    with EventSource(URL, transport=transport, retry=QUICK) as source:
        assert [data(batch) for batch in source.batches(DEADLINE)] == [["a"], ["b"], ["c"]]
    transport = ScriptedTransport([[Event("a"), Sleep(500), Event("b"), Sleep(0.5), Event("c")], [204]])
    with EventSource(URL, transport=transport, retry=QUICK) as source:
        assert [data(batch) for batch in source.batches(DEADLINE)] == [["a"], [], ["b"], ["c"]]


def test_the_total_timeout_ends_it() -> None:
    with (
        SSEServer(one_and_silence) as server,
        EventSource(server.url, total_timeout=0.3) as source,
        pytest.raises(TotalTimeout),
    ):
        for _ in source.batches(SHORT):
            pass


@pytest.mark.parametrize("max_wait", [0, -1, "5", True])
def test_an_invalid_max_wait_is_refused_at_once(max_wait: float) -> None:
    with EventSource(URL) as source, pytest.raises(InvalidArgument, match="max_wait"):
        source.batches(max_wait)


def test_while_it_waits_another_iteration_is_refused() -> None:
    with SSEServer(one_and_silence) as server, EventSource(server.url) as source:
        batches = source.batches(SHORT)
        received = [next(batches)]
        while received[-1]:
            received.append(next(batches))
        if ["a"] in map(data, received):
            with pytest.raises(IllegalState, match="another iteration"):
                next(source)


def test_an_interrupt_while_it_waits_closes_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_thread: threading.Thread, _timeout: float | None = None) -> None:
        raise KeyboardInterrupt

    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url)
        assert data(next(source.batches())) == ["a"]
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "join", interrupted)
            with pytest.raises(KeyboardInterrupt):
                next(source.batches(DEADLINE))
        until_all_gone(server)
        assert source.ready_state is ReadyState.CLOSED
        assert list(source.batches(DEADLINE)) == []


@backends
def test_a_cancellation_with_max_wait_loses_nothing(backend: str) -> None:
    go_on = threading.Event()

    def paused(call: Call) -> None:
        call.respond(body=b"id: 1\ndata: a\n\n")
        until_set(go_on, "the client was cancelled")
        call.send(b"id: 2\ndata: b\n\n")
        call.wait_until_gone()

    async def run(url: str) -> None:
        async with AsyncEventSource(url) as source:
            batches = source.batches(DEADLINE)
            assert data(await anext(batches)) == ["a"]
            with anyio.move_on_after(SHORT) as scope:
                await anext(batches)
            assert scope.cancelled_caught
            assert source.last_event_id == "1"
            go_on.set()
            assert data(await anext(batches)) == ["b"]

    with SSEServer(paused) as server:
        anyio.run(run, server.url, backend=backend)
        assert len(server.calls) == 1


@backends
def test_a_cancellation_without_max_wait_closes_after_what_was_returned(backend: str) -> None:
    async def run(url: str) -> None:
        async with AsyncEventSource(url) as source:
            batches = source.batches()
            assert data(await anext(batches)) == ["a"]
            with anyio.move_on_after(SHORT):
                await anext(batches)
            assert source.last_event_id == "1"
            with pytest.raises(IllegalState, match="interrupted"):
                await anext(batches)

    with SSEServer(one_and_silence) as server:
        anyio.run(run, server.url, backend=backend)


@backends
def test_many_events_in_one_read_are_one_list(backend: str) -> None:
    async def run() -> None:
        transport = AsyncScriptedTransport([[b"data: x\n\n" * 500, Event("y"), Stall()]])
        async with AsyncEventSource(URL, transport=transport) as source:
            assert len(await anext(source.batches())) == 500
            assert data(await anext(source.batches(DEADLINE))) == ["y"]
            assert await anext(source.batches(SHORT)) == []

    anyio.run(run, backend=backend)


def test_without_async_with_it_is_refused() -> None:
    async def run() -> None:
        with pytest.raises(IllegalState, match="async with"):
            await anext(AsyncEventSource(URL).batches(DEADLINE))

    anyio.run(run)
