"""A command that comes while a read is about to return bytes: what becomes of the events in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import anyio
import pytest

from sse_core import Event, Request, Response
from sse_transports import AsyncEventSource, EventSource

URL = "http://example.com/"
FIRST, SECOND, REST = b"id: 1\ndata: a\n\n", b"id: 2\ndata: b\n\n", b"id: 3\ndata: c\n\n"

on_both = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def response() -> Response:
    return Response(200, [("Content-Type", "text/event-stream")], URL)


class CommandTransport:
    """A transport, and its exchange. The second read gives a command and returns."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.command: Callable[[], None]
        self._reads: Iterator[bytes]

    def exchange(self, request: Request, *, timeout: float | None) -> CommandTransport:
        self.requests.append(request)
        self._reads = iter([FIRST, SECOND] if len(self.requests) == 1 else [REST])
        return self

    def open(self) -> Response:
        return response()

    def read(self, timeout: float | None) -> bytes:
        data = next(self._reads, b"")
        if data == SECOND:
            self.command()
        return data

    def close(self) -> None:
        pass


class AsyncCommandTransport:
    """The async twin of `CommandTransport`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.command: Callable[[], Awaitable[None]]
        self._reads: Iterator[bytes]

    def exchange(self, request: Request, *, timeout: float | None) -> AsyncCommandTransport:
        self.requests.append(request)
        self._reads = iter([FIRST, SECOND] if len(self.requests) == 1 else [REST])
        return self

    async def open(self) -> Response:
        return response()

    async def read(self, timeout: float | None) -> bytes:
        data = next(self._reads, b"")
        if data == SECOND:
            await self.command()
        return data

    async def close(self) -> None:
        pass


def test_close_drops_the_events_of_the_read() -> None:
    transport = CommandTransport()
    with EventSource(URL, transport=transport) as source:
        transport.command = source.close
        assert [event.data for event in source] == ["a"]
        assert source.last_event_id == "1"
        assert next(source, None) is None
        assert source.last_event_id == "1"


@on_both
def test_close_drops_the_events_of_an_async_read(backend: str) -> None:
    async def main() -> None:
        transport = AsyncCommandTransport()
        async with AsyncEventSource(URL, transport=transport) as source:
            transport.command = source.close
            assert [event.data async for event in source] == ["a"]
            assert source.last_event_id == "1"
            assert await anext(source, None) is None
            assert source.last_event_id == "1"

    anyio.run(main, backend=backend)


def is_resumed(requests: list[Request]) -> bool:
    """Return whether the second request resumes after the second event."""
    return len(requests) == 2 and requests[1].headers.get("Last-Event-ID") == "2"


def test_reconnect_yields_the_events_of_the_read_first() -> None:
    transport = CommandTransport()
    seen: list[Event] = []
    with EventSource(URL, transport=transport) as source:
        transport.command = source.reconnect
        seen += [next(source), next(source)]
        assert (source.last_event_id, len(transport.requests)) == ("2", 1)
        seen.append(next(source))
        assert is_resumed(transport.requests)
    assert [event.data for event in seen] == ["a", "b", "c"]


@on_both
def test_reconnect_yields_the_events_of_an_async_read_first(backend: str) -> None:
    async def main() -> None:
        transport = AsyncCommandTransport()
        seen: list[Event] = []
        async with AsyncEventSource(URL, transport=transport) as source:
            transport.command = source.reconnect
            seen += [await anext(source), await anext(source)]
            assert (source.last_event_id, len(transport.requests)) == ("2", 1)
            seen.append(await anext(source))
            assert is_resumed(transport.requests)
        assert [event.data for event in seen] == ["a", "b", "c"]

    anyio.run(main, backend=backend)
