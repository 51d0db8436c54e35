"""Where an async transport is checked, on asyncio or trio."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import anyio

from sse_core import Request

from .._interface import AsyncExchange, AsyncTransport
from . import _bench
from ._bench import DEADLINE, MOMENT, Bench, made, too_late


class AsyncBench(Bench):
    """An async transport: what happens beside happens in a task."""

    def __init__(self, make: Callable[[], AsyncTransport]) -> None:
        super().__init__()
        self._transport: AsyncTransport = made(make, is_async=True)
        self._exchanges: list[AsyncExchange] = []

    async def tell(self, story: Callable[[Bench], Awaitable[None]]) -> None:
        """Run a story, and cancel it; the connections are cut too, for who hears no cancellation."""
        cut = threading.Timer(_bench.PATIENCE, self.stop)
        cut.daemon = True
        cut.start()
        error = None
        try:
            with anyio.move_on_after(_bench.PATIENCE) as scope:
                await story(self)
        except Exception as raised:  # noqa: BLE001  # what it is worth depends on the time
            error = raised
        finally:
            cut.cancel()
        if scope.cancel_called or self._stopped:
            raise too_late() from error
        if error is not None:
            raise error

    def exchange(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        timeout: float | None = DEADLINE,
        withheld: Iterable[str] = (),
    ) -> AsyncExchange:
        """Return an exchange, which is closed at the end."""
        request = Request(method, url, tuple(headers), body, frozenset(withheld))
        exchange = self._transport.exchange(request, timeout=timeout)
        self._exchanges.append(exchange)
        return exchange

    @asynccontextmanager
    async def meanwhile(self, action: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
        """Run this in a task, a moment later."""

        async def run() -> None:
            await anyio.sleep(MOMENT)
            await action()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            yield

    async def cancelled(self, action: Callable[[], Awaitable[object]]) -> bool:
        """Run this, cancel it after a moment, and return whether that was heard."""
        with anyio.move_on_after(MOMENT) as scope:
            await action()
        return scope.cancelled_caught

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await anyio.sleep(seconds)

    async def close(self) -> None:
        """Close the exchanges, then the transport."""
        with anyio.move_on_after(DEADLINE, shield=True):
            for exchange in self._exchanges:
                await exchange.close()
            await self._transport.close()
