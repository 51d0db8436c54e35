"""An async source that is cancelled at any moment closes everything, and the cancellation takes effect."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from sse_core import ConnectError, Event, ReadyState, Request, Response, RetryPolicy, StateChange
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    AsyncTransport,
)
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import one_and_silence
from tests.sse_transports.waiting import eventually, until_set

QUICK = RetryPolicy(initial_delay=0.001, min_delay=0.0, max_delay=0.001, jitter=0.0)
TRANSPORTS = [
    pytest.param("asyncio", AnyioTransport, id="anyio on asyncio"),
    pytest.param("trio", AnyioTransport, id="anyio on trio"),
    pytest.param("asyncio", AiohttpTransport, id="aiohttp on asyncio"),
    pytest.param("asyncio", AsyncHttpx2Transport, id="httpx2 on asyncio"),
    pytest.param("trio", AsyncHttpx2Transport, id="httpx2 on trio"),
]
each_transport = pytest.mark.parametrize(("backend", "transport"), TRANSPORTS)
TransportClass = type[AnyioTransport] | type[AiohttpTransport] | type[AsyncHttpx2Transport]


class Suspensions:
    """Runs a coroutine, counts how often it suspends, and calls `interfere` at one of these moments."""

    def __init__(self, work: Awaitable[object], at: int, interfere: Callable[[], object]) -> None:
        self._work = work
        self._at = at
        self._interfere = interfere
        self.count = 0

    def __await__(self) -> Generator[Any, Any, object]:
        steps: Any = self._work.__await__()
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                awaited = steps.throw(error) if error is not None else steps.send(answer)
            except StopIteration as end:
                return cast("object", end.value)
            self.count += 1
            if self.count == self._at:
                self._interfere()
            answer = error = None
            try:
                answer = yield awaited
            except BaseException as thrown:  # noqa: BLE001  # passed on to the coroutine
                error = thrown


def many_kinds_of_responses(call: Call) -> None:
    """Send a truncated stream in chunks; an error with a body; a redirect; a stream that stalls."""
    step = call.number
    if step == 0:
        call.respond(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])
        call.chunk(b"id: 1\ndata: 1\n\n")
        call.chunk(b"id: 2\ndata: 2\n\nid: 3\ndata: 3\n\ndata: half")
    elif step == 1:
        call.respond(503, [("Content-Length", "5")], b"later")
    elif step == 2:
        call.respond(307, [("Location", "/there"), ("Content-Length", "0")])
    else:
        call.respond(body=b"id: 4\ndata: 4\n\n")
        call.wait_until_gone()


class Session:
    """Two streams, an error, a redirect, waits, async hooks, a pause, the end."""

    def __init__(self, server: SSEServer, make: TransportClass, saved: list[str]) -> None:
        self.events: list[Event] = []
        self.transport = make()
        self.source = AsyncEventSource(
            server.url,
            retry=QUICK,
            transport=self.transport,
            headers=self.headers,
            on_open=self.hook,
            on_error=self.on_error,
            on_state=self.hook,
            store=MemoryStore(saved),
        )

    async def headers(self) -> dict[str, str]:
        await anyio.lowlevel.checkpoint()
        return {"Authorization": "Bearer fresh"}

    async def hook(self, _change: object) -> None:
        await anyio.lowlevel.checkpoint()

    async def on_error(self, _error: Exception) -> None:
        await anyio.lowlevel.checkpoint()

    async def run(self) -> None:
        async with self.source as source:
            async for event in source:
                self.events.append(event)
                await anyio.lowlevel.checkpoint()
                if event.data == "4":
                    await source.pause()
                    await source.resume()
                    if len(self.events) >= 5:
                        break


class MemoryStore:
    """Appends each ID to a list."""

    def __init__(self, saved: list[str]) -> None:
        self._saved = saved

    def load(self) -> str:
        return ""

    def save(self, last_event_id: str) -> None:
        self._saved.append(last_event_id)


def assert_closed(server: SSEServer, source: AsyncEventSource[Event]) -> None:
    eventually(lambda: server.open_connections == 0, "the client closes its connection")
    assert source.ready_state is ReadyState.CLOSED


async def cancel_session(
    server: SSEServer, make: TransportClass, at: int, saved: list[str]
) -> tuple[int, Session, bool]:
    """Cancel a session at one of its suspensions; return how many there were."""
    session = Session(server, make, saved)
    with anyio.CancelScope() as scope:
        work = Suspensions(session.run(), at, scope.cancel)
        await work
    await session.transport.close()
    return work.count, session, scope.cancelled_caught


@each_transport
def test_cancelling_at_any_checkpoint_closes_everything(backend: str, transport: TransportClass) -> None:
    def run(at: int) -> int:
        saved: list[str] = []
        with SSEServer(many_kinds_of_responses) as server:
            count, session, cancelled = anyio.run(
                cancel_session, server, transport, at, saved, backend=backend
            )
            assert_closed(server, session.source)
            data = [event.data for event in session.events]
            assert data == ["1", "2", "3", "4", "4"][: len(data)]
            assert cancelled == (at <= count), f"cancelled at {at} of {count}"
            # An event counts as processed when the next one is asked for.
            assert len(saved) <= len(data)
            return count

    whole = run(10**9)
    print(f"{whole} checkpoints")
    assert whole > 30
    at = 1
    while at <= run(at):
        at += 1


@pytest.mark.parametrize("transport", [AnyioTransport, AiohttpTransport])
def test_cancelling_an_asyncio_task_closes_everything(transport: TransportClass) -> None:
    """asyncio's own cancellation comes once, and ignores anyio's shields."""

    def run(at: int) -> int:
        async def main() -> tuple[int, Session, bool]:
            session = Session(server, transport, [])
            task: asyncio.Task[object]
            work = Suspensions(session.run(), at, lambda: task.cancel())

            async def body() -> None:
                await work

            task = asyncio.ensure_future(body())
            await asyncio.wait([task])
            await session.transport.close()
            return work.count, session, task.cancelled()

        with SSEServer(many_kinds_of_responses) as server:
            count, session, cancelled = asyncio.run(main())
            assert_closed(server, session.source)
            assert cancelled == (at <= count), f"cancelled at {at} of {count}"
            return count

    at = 1
    while at <= run(at):
        at += 1
    assert at > 30


@each_transport
def test_a_cancelled_wait_for_an_event_closes_the_source(backend: str, transport: TransportClass) -> None:
    async def main() -> None:
        async with transport() as one, AsyncEventSource(server.url, transport=one) as source:
            assert (await anext(source)).data == "a"
            with anyio.move_on_after(0.01) as scope:
                await anext(source)
            assert scope.cancelled_caught
            assert source.ready_state is ReadyState.CLOSED
            with pytest.raises(RuntimeError, match=r"interrupted, .* use batches\(max_wait=\.\.\.\)"):
                await anext(source)

    with SSEServer(one_and_silence) as server:
        anyio.run(main, backend=backend)
        eventually(lambda: server.open_connections == 0, "the client closes its connection")


@each_transport
def test_a_stuck_hook_delays_a_cancellation_briefly(
    backend: str, transport: TransportClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sse_transports._async_event_source.CLOSE_TIMEOUT", 0.05)
    stuck = threading.Event()

    async def on_state(change: StateChange) -> None:
        if type(change).__name__ == "Closed":
            stuck.set()
            await anyio.sleep_forever()

    async def main() -> None:
        async with transport() as one:
            with anyio.move_on_after(0.05) as scope:
                async with AsyncEventSource(server.url, transport=one, on_state=on_state) as source:
                    await anext(source)
            assert scope.cancelled_caught

    with SSEServer(Call.wait_until_gone) as server:
        anyio.run(main, backend=backend)
        eventually(lambda: server.open_connections == 0, "the client closes its connection")
    assert stuck.is_set()


@pytest.mark.parametrize("make", [AnyioTransport, AiohttpTransport])
def test_cancelling_during_an_idle_timeout_is_not_lost(make: TransportClass) -> None:
    async def main() -> bool:
        async with (
            make() as transport,
            AsyncEventSource(server.url, transport=transport, idle_timeout=0.06, retry=QUICK) as source,
        ):
            assert (await anext(source)).data == "a"
            loop = asyncio.get_running_loop()
            reading = asyncio.ensure_future(anext(source))
            # Both are due while the event loop is busy, so that it runs them together.
            loop.call_later(0.06, reading.cancel)
            loop.call_later(0.03, time.sleep, 0.05)
            await asyncio.wait([reading], timeout=60)
            return reading.cancelled()

    with SSEServer(one_and_silence) as server:
        assert asyncio.run(main())


@pytest.mark.parametrize("end", ["timeout", "cancel", "close"])
@each_transport
def test_an_interrupted_tls_handshake_is_closed(backend: str, transport: TransportClass, end: str) -> None:
    handshaking = threading.Event()
    gone = threading.Event()

    def accept() -> None:
        connection, _ = listener.accept()
        with connection:
            while connection.recv(2**16):
                # The client has begun the handshake, and waits for a reply that never comes.
                handshaking.set()
        gone.set()

    async def main() -> None:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        timeout = 0.2 if end == "timeout" else None
        async with (
            transport() as one,
            AsyncEventSource(url, transport=one, timeout=timeout, retry=None) as source,
            anyio.create_task_group() as tasks,
        ):

            async def ask() -> None:
                with contextlib.suppress(ConnectError, StopAsyncIteration):
                    await anext(source)

            tasks.start_soon(ask)
            await anyio.to_thread.run_sync(until_set, handshaking, "the client begins a handshake")
            if end == "close":
                await source.close()
            if end == "cancel":
                tasks.cancel_scope.cancel()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        anyio.run(main, backend=backend)
        until_set(gone, "the client closes its connection")
        thread.join()


class InterruptedClose:
    """A transport, and its exchange, whose first close is interrupted before it closes anything."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self._interrupted = False

    def exchange(self, request: Request, *, timeout: float | None) -> InterruptedClose:
        self._exchange = self._transport.exchange(request, timeout=timeout)
        return self

    async def open(self) -> Response:
        return await self._exchange.open()

    async def read(self, timeout: float | None) -> bytes:
        return await self._exchange.read(timeout)

    async def close(self) -> None:
        if not self._interrupted:
            self._interrupted = True
            raise KeyboardInterrupt
        await self._exchange.close()


@each_transport
def test_a_close_that_was_interrupted_can_be_repeated(backend: str, transport: TransportClass) -> None:
    async def main() -> None:
        async with transport() as one:
            source = AsyncEventSource(server.url, transport=InterruptedClose(one))
            await source.__aenter__()
            assert (await anext(source)).data == "a"
            with pytest.raises(KeyboardInterrupt):
                await source.close()
            await source.close()
            assert source.ready_state is ReadyState.CLOSED
            with pytest.raises(StopAsyncIteration):
                await anext(source)

    with SSEServer(one_and_silence) as server:
        anyio.run(main, backend=backend)
        eventually(lambda: server.open_connections == 0, "the client closes its connection")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_while_pausing_loses_no_event(backend: str) -> None:
    saving = threading.Event()
    paused = threading.Event()

    class SlowStore(MemoryStore):
        def save(self, last_event_id: str) -> None:
            saving.set()
            until_set(paused, "the other task pauses the source")
            super().save(last_event_id)

    stuck = True

    async def hook(change: StateChange) -> None:
        if stuck and type(change).__name__ == "Paused":
            await anyio.sleep_forever()

    def two_and_silence(call: Call) -> None:
        call.respond(body=b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n")
        call.wait_until_gone()

    async def main() -> None:
        nonlocal stuck
        async with AsyncEventSource(server.url, store=SlowStore([]), on_state=hook) as source:
            assert (await anext(source)).data == "1"
            event = None
            async with anyio.create_task_group() as tasks:
                with anyio.move_on_after(0.5):

                    async def pause() -> None:
                        await anyio.to_thread.run_sync(until_set, saving, "the store is busy")
                        await source.pause()
                        paused.set()

                    tasks.start_soon(pause)
                    event = await anext(source)
                tasks.cancel_scope.cancel()
            stuck = False
            assert source.last_event_id == ("1" if event is None else event.id)
            assert event is not None

    with SSEServer(two_and_silence) as server:
        anyio.run(main, backend=backend)
