"""A transport raises an SSEError if a connection fails. Any other error is its own fault, and surfaces."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from sse_core import Event, Request, Response
from sse_transports import AsyncEventSource, EventSource


class Faulty:
    """A transport, and its exchanges, with a fault in one of the calls."""

    def __init__(self, call: str) -> None:
        self.call = call
        self.closed = False

    def run(self, call: str) -> None:
        if call == self.call:
            raise ValueError(f"a fault in {call}")


class BlockingTransport(Faulty):
    def exchange(self, _request: Request, *, timeout: float | None) -> BlockingTransport:
        self.run("exchange")
        return self

    def open(self) -> Response:
        self.run("open")
        return Response(200, [("Content-Type", "text/event-stream")])

    def read(self, timeout: float | None) -> bytes:
        self.run("read")
        return b""

    def close(self) -> None:
        self.closed = True


class AsyncFaultyTransport(Faulty):
    def exchange(self, _request: Request, *, timeout: float | None) -> AsyncFaultyTransport:
        self.run("exchange")
        return self

    async def open(self) -> Response:
        self.run("open")
        return Response(200, [("Content-Type", "text/event-stream")])

    async def read(self, timeout: float | None) -> bytes:
        self.run("read")
        return b""

    async def close(self) -> None:
        self.closed = True


def blocking(call: str) -> list[Event]:
    transport = BlockingTransport(call)
    source = EventSource("http://a.example/", transport=transport)
    try:
        return list(source)
    finally:
        # Closed before the error surfaces. Without an exchange there is nothing to close.
        assert transport.closed or call == "exchange"


def asynchronous(call: str) -> list[Event]:
    async def main() -> list[Event]:
        async with AsyncEventSource("http://a.example/", transport=transport) as source:
            try:
                return [event async for event in source]
            finally:
                assert transport.closed or call == "exchange"

    transport = AsyncFaultyTransport(call)
    return anyio.run(main)


@pytest.mark.parametrize("call", ["exchange", "open", "read"])
@pytest.mark.parametrize("run", [blocking, asynchronous])
def test_an_error_of_another_kind_surfaces_and_closes(run: Callable[[str], object], call: str) -> None:
    with pytest.raises(ValueError, match=f"a fault in {call}"):
        run(call)
