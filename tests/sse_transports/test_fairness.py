"""However many events are buffered, other tasks run, and a cancellation takes effect and loses none."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from sse_core import ReadyState, Request, Response
from sse_transports import AiohttpTransport, AnyioTransport, AsyncEventSource, AsyncHttpx2Transport
from sse_transports.testing import Call, SSEServer

EVENTS = 2000
MAX_RUN = 200
"""Events that may be yielded in a row. trio may run one of two tasks twice in a row."""

EVENT = b"id: 1\ndata: 1\n\n"
COMMENT = b":" * 2**16
WITH_IDS = b"".join(b"id: %d\ndata: %d\n\n" % (number, number) for number in range(EVENTS))
READS = {
    "one read of many events": [EVENT * EVENTS],
    "many reads of one event": [EVENT] * EVENTS,
    "many reads of some events": [EVENT * 50] * (EVENTS // 50),
}

on_both = pytest.mark.parametrize("backend", ["asyncio", "trio"])


class ReadyTransport:
    """A transport, and its exchange, whose reads return at once and never suspend."""

    def __init__(self, reads: list[bytes]) -> None:
        self._reads = iter(reads)

    def exchange(self, _request: Request, *, timeout: float | None) -> ReadyTransport:
        return self

    async def open(self) -> Response:
        return Response(200, [("Content-Type", "text/event-stream")], "http://example.com/")

    async def read(self, timeout: float | None) -> bytes:
        return next(self._reads, b"")

    async def close(self) -> None:
        pass


class Counter:
    """A task that counts how often it runs."""

    def __init__(self) -> None:
        self.count = 0

    async def run(self) -> None:
        while True:
            self.count += 1
            await anyio.lowlevel.checkpoint()


async def longest_run(reads: list[bytes], until: str | None = None) -> int:
    """Return how many events are yielded in a row, at most, before another task runs."""
    counter = Counter()
    run_length = seen = longest = 0
    async with (
        AsyncEventSource(
            "http://example.com", transport=ReadyTransport(reads), retry=None, until=until
        ) as source,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(counter.run)
        async for _ in source:
            run_length = run_length + 1 if counter.count == seen else 1
            seen = counter.count
            longest = max(longest, run_length)
        tasks.cancel_scope.cancel()
    return longest


@on_both
@pytest.mark.parametrize("reads", READS.values(), ids=READS)
def test_other_tasks_run_between_buffered_events(reads: list[bytes], backend: str) -> None:
    assert anyio.run(longest_run, reads, backend=backend) <= MAX_RUN


@on_both
def test_other_tasks_run_between_the_last_events(backend: str) -> None:
    reads = [EVENT, EVENT * EVENTS + b"data: [DONE]\n\n"]
    assert anyio.run(longest_run, reads, "[DONE]", backend=backend) <= MAX_RUN


@on_both
@pytest.mark.parametrize(
    "options", [{}, {"until": lambda _: False}, {"comments": True}], ids=["plain", "until", "comments"]
)
def test_other_tasks_run_between_reads_without_events(options: dict[str, Any], backend: str) -> None:
    # The second event comes in more than 100 pieces.
    reads = [EVENT, b"data: ", *[COMMENT] * 100, b"\n\n", EVENT]

    async def main() -> None:
        counter = Counter()
        async with (
            AsyncEventSource(
                "http://example.com", transport=ReadyTransport(reads), retry=None, **options
            ) as source,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(counter.run)
            assert (await anext(source)).id == "1"
            assert len((await anext(source)).data) == 100 * len(COMMENT)
            tasks.cancel_scope.cancel()
        assert counter.count >= 100

    anyio.run(main, backend=backend)


@on_both
@pytest.mark.parametrize("taken", ["events", "lists"])
def test_other_tasks_run_however_often_a_loop_begins(taken: str, backend: str) -> None:
    async def main() -> int:
        counter = Counter()
        since = longest = seen = 0
        async with (
            AsyncEventSource(
                "http://example.com", transport=ReadyTransport([EVENT * 20] * 100), retry=None
            ) as source,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(counter.run)
            for _ in range(90):
                items: AsyncIterator[Any] = aiter(source.batches() if taken == "lists" else source)
                async for item in items:
                    since = since if counter.count == seen else 0
                    since, seen = since + (20 if taken == "lists" else 1), counter.count
                    longest = max(longest, since)
                    del item
                    break
            tasks.cancel_scope.cancel()
        return longest

    assert anyio.run(main, backend=backend) <= MAX_RUN


@on_both
def test_cancelling_between_buffered_events_loses_none(backend: str) -> None:
    async def main() -> None:
        seen: list[str] = []
        async with AsyncEventSource(
            "http://example.com", transport=ReadyTransport([WITH_IDS]), retry=None
        ) as source:
            with anyio.CancelScope() as scope:
                async for event in source:
                    seen.append(event.data)
                    scope.cancel()
            assert scope.cancelled_caught
            assert source.ready_state is ReadyState.CLOSED
            assert source.last_event_id == seen[-1]
        assert seen == [str(number) for number in range(len(seen))]
        assert len(seen) <= MAX_RUN

    anyio.run(main, backend=backend)


@on_both
def test_close_by_another_task_drops_buffered_events(backend: str) -> None:
    async def main() -> None:
        seen: list[str] = []
        async with (
            AsyncEventSource(
                "http://example.com", transport=ReadyTransport([WITH_IDS]), retry=None
            ) as source,
            anyio.create_task_group() as tasks,
        ):
            seen.append((await anext(source)).data)
            tasks.start_soon(source.close)
            seen.extend([event.data async for event in source])
            assert source.last_event_id == seen[-1]
        assert len(seen) <= MAX_RUN

    anyio.run(main, backend=backend)


@on_both
@pytest.mark.parametrize("command", ["pause", "reconnect"])
def test_buffered_events_come_before_a_command(command: str, backend: str) -> None:
    async def main() -> None:
        async with (
            AsyncEventSource("http://example.com", transport=ReadyTransport([WITH_IDS])) as source,
            anyio.create_task_group() as tasks,
        ):
            assert (await anext(source)).id == "0"
            tasks.start_soon(getattr(source, command))
            for number in range(1, EVENTS):
                assert (await anext(source)).id == str(number)

    anyio.run(main, backend=backend)


@pytest.mark.parametrize(
    ("backend", "transport"),
    [
        pytest.param("asyncio", AnyioTransport, id="anyio on asyncio"),
        pytest.param("trio", AnyioTransport, id="anyio on trio"),
        pytest.param("asyncio", AiohttpTransport, id="aiohttp on asyncio"),
        pytest.param("asyncio", AsyncHttpx2Transport, id="httpx2 on asyncio"),
        pytest.param("trio", AsyncHttpx2Transport, id="httpx2 on trio"),
    ],
)
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_fast_server_leaves_time_to_other_tasks(
    backend: str, transport: type[AnyioTransport | AiohttpTransport | AsyncHttpx2Transport], coding: str
) -> None:
    body = EVENT * 20 * EVENTS
    if coding:
        body = zlib.compress(body, wbits=16 + zlib.MAX_WBITS)

    def flood(call: Call) -> None:
        fields = [("Content-Type", "text/event-stream"), ("Content-Length", str(len(body)))]
        call.respond(200, [*fields, ("Content-Encoding", coding)] if coding else fields, body)

    async def main() -> None:
        counter = Counter()
        async with (
            transport() as http,
            AsyncEventSource(server.url, transport=http, retry=None) as source,
            anyio.create_task_group() as tasks,
        ):
            await anext(source)
            tasks.start_soon(counter.run)
            seen = 1
            async for _ in source:
                seen += 1
            tasks.cancel_scope.cancel()
        assert seen == 20 * EVENTS
        assert counter.count >= seen // MAX_RUN

    with SSEServer(flood) as server:
        anyio.run(main, backend=backend)
