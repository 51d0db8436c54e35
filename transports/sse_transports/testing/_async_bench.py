"""Where an async transport is checked, on asyncio or trio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import anyio

from sse_core import Request

from .._interface import AsyncExchange, AsyncTransport
from ._bench import DEADLINE, MOMENT, Bench


class AsyncBench(Bench):
    """An async transport: what happens beside happens in a task."""

    def __init__(self, make: Callable[[], AsyncTransport]) -> None:
        self._transport = make()
        self._exchanges: list[AsyncExchange] = []

    def exchange(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        timeout: float | None = DEADLINE,
    ) -> AsyncExchange:
        """Return an exchange, which is closed at the end."""
        exchange = self._transport.exchange(Request(method, url, tuple(headers), body), timeout=timeout)
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
        for exchange in self._exchanges:
            await exchange.close()
        await self._transport.close()
