"""Runs the check of a rule on an async transport, on asyncio or trio."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from sse_core import Request

from .._interface import AsyncExchange, AsyncTransport
from ._call import Call
from ._harness_base import (
    DEADLINE,
    RULE_TIMEOUT,
    SHORT_DELAY,
    HarnessBase,
    RuleBroken,
    make_transport,
)
from ._server import SSEServer


class AsyncHarness(HarnessBase):
    """A new async transport and what a check does with it. The twin of `Harness`."""

    def __init__(self, make: Callable[[], AsyncTransport]) -> None:
        super().__init__()
        self._transport: AsyncTransport = make_transport(make, is_async=True)
        self._exchanges: list[AsyncExchange] = []

    async def run(self, check: Callable[[AsyncHarness], Awaitable[None]]) -> None:
        """Run a check. After `RULE_TIMEOUT`, cancel it, and drop its connections in case it ignores that.

        Raises:
            RuleBroken: the rule is broken, or the check took longer than `RULE_TIMEOUT`.
        """
        timer = threading.Timer(RULE_TIMEOUT, self.stop)
        timer.daemon = True
        timer.start()
        error = None
        try:
            with anyio.move_on_after(RULE_TIMEOUT) as scope:
                await check(self)
        except Exception as raised:  # noqa: BLE001  # after a timeout, it is only the cause of another error
            error = raised
        finally:
            timer.cancel()
        if scope.cancel_called or self._stopped:
            raise RuleBroken(f"did not return within {RULE_TIMEOUT:g} seconds") from error
        if error is not None:
            raise error

    @asynccontextmanager
    async def serving(self, handler: Callable[[Call], None]) -> AsyncIterator[SSEServer]:
        """Run a server; at the end, close the transport and check that no connection stays open."""
        with SSEServer(handler) as server:
            self._servers.append(server)
            try:
                yield server
            finally:
                await self.close()
            deadline = time.monotonic() + DEADLINE
            while server.open_connections:
                if time.monotonic() > deadline:
                    raise RuleBroken("a connection is open after everything was closed")
                await self.sleep(0.005)

    def exchange(self, request: Request, *, timeout: float | None = DEADLINE) -> AsyncExchange:
        """Return an exchange, which `close` closes."""
        exchange = self._transport.exchange(request, timeout=timeout)
        self._exchanges.append(exchange)
        return exchange

    @asynccontextmanager
    async def after_short_delay(self, action: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
        """Run `action` in another task after `SHORT_DELAY`, at the same time as the block."""

        async def work() -> None:
            await anyio.sleep(SHORT_DELAY)
            await action()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            yield

    async def can_cancel(self, action: Callable[[], Awaitable[object]]) -> bool:
        """Run `action`, cancel it after `SHORT_DELAY`, and return whether that ended it."""
        with anyio.move_on_after(SHORT_DELAY) as scope:
            await action()
        return scope.cancelled_caught

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await anyio.sleep(seconds)

    async def close(self) -> None:
        """Close the exchanges, then the transport."""
        with anyio.move_on_after(DEADLINE, shield=True):
            for exchange in self._exchanges:
                await exchange.close()
            await self._transport.close()
