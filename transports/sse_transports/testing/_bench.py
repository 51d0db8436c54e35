"""Where a transport is checked: the same rules for blocking ones and for async ones."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from sse_core import InvalidArgument, Request, Response

from .._driver import check_transport as check_kind
from .._interface import AsyncExchange, Exchange, Transport
from ._call import Call
from ._server import SSEServer

Value = TypeVar("Value")

DEADLINE = 10.0
"""Seconds in which anything that is to happen has happened, on a busy machine too."""

PATIENCE = 15.0
"""Seconds that a rule may take, all in all. Who waits longer has missed a timeout, or a close."""

MOMENT = 0.05
"""Seconds after which something else happens to whoever waits."""


class Broken(AssertionError):
    """A rule is not kept."""


class Bench(ABC):
    """A transport at work. Its exchanges are async, whatever the transport is."""

    def __init__(self) -> None:
        self._servers: list[SSEServer] = []
        self._stopped = False

    @asynccontextmanager
    async def serving(self, handler: Callable[[Call], None]) -> AsyncIterator[SSEServer]:
        """Run a server; at the end, all that the transport made must be closed by its `close`."""
        with SSEServer(handler) as server:
            self._servers.append(server)
            try:
                yield server
            finally:
                await self.close()
            deadline = time.monotonic() + DEADLINE
            while server.open_connections:
                if time.monotonic() > deadline:
                    raise Broken("a connection is open after everything was closed")
                await self.sleep(0.005)

    def stop(self) -> None:
        """Cut every connection: who waits for one waits no longer, whatever else it does not hear."""
        self._stopped = True
        for server in self._servers:
            server.stop()

    @abstractmethod
    async def tell(self, story: Callable[[Bench], Awaitable[None]]) -> None:
        """Run a story, for a limited time.

        Raises:
            Broken: it did not return in that time.
        """

    @abstractmethod
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

    @abstractmethod
    def meanwhile(self, action: Callable[[], Awaitable[object]]) -> AbstractAsyncContextManager[None]:
        """Run this beside what happens inside, a moment later."""

    @abstractmethod
    async def cancelled(self, action: Callable[[], Awaitable[object]]) -> bool:
        """Run this, cancel it after a moment, and return whether that was heard."""

    @abstractmethod
    async def sleep(self, seconds: float) -> None:
        """Let time pass."""

    @abstractmethod
    async def close(self) -> None:
        """Close the exchanges, then the transport."""


class BlockingBench(Bench):
    """A blocking transport: nothing is ever awaited, and what happens beside happens in a thread."""

    def __init__(self, make: Callable[[], Transport]) -> None:
        super().__init__()
        self._transport: Transport = made(make, is_async=False)
        self._exchanges: list[AsyncExchange] = []

    async def tell(self, story: Callable[[Bench], Awaitable[None]]) -> None:
        """Run a story in a thread: one that is not to be woken is left behind."""
        errors: list[BaseException] = []

        def run() -> None:
            try:
                at_once(_awaited(lambda: story(self)))
            except BaseException as error:  # noqa: BLE001  # raised where the check is called
                errors.append(error)

        thread = threading.Thread(target=run, name="check_transport", daemon=True)
        thread.start()
        thread.join(PATIENCE)
        if thread.is_alive():
            self.stop()
            thread.join(DEADLINE)
            raise too_late() from next(iter(errors), None)
        if errors:
            raise errors[0]

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
        exchange = _Unawaited(self._transport.exchange(request, timeout=timeout))
        self._exchanges.append(exchange)
        return exchange

    @asynccontextmanager
    async def meanwhile(self, action: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
        """Run this in a thread, a moment later."""

        def run() -> None:
            time.sleep(MOMENT)
            at_once(_awaited(action))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    async def cancelled(self, action: Callable[[], Awaitable[object]]) -> bool:
        """Say yes: there is no cancelling here."""
        return True

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)  # noqa: ASYNC251  # nothing else runs in this thread

    async def close(self) -> None:
        """Close the exchanges, then the transport."""
        for exchange in self._exchanges:
            await exchange.close()
        self._transport.close()


class _Unawaited:
    """A blocking exchange in the form of an async one."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def open(self) -> Response:
        return self._exchange.open()

    async def read(self, timeout: float | None) -> bytes:
        return self._exchange.read(timeout)

    async def close(self) -> None:
        self._exchange.close()


def made(make: object, *, is_async: bool) -> Any:
    """Return a new transport of the kind that is to be checked.

    Raises:
        sse_core.InvalidArgument: it is another kind, or none.
    """
    if not callable(make):
        kind = type(make).__name__
        raise InvalidArgument(
            "make", f"expected a function that returns a new transport, not an instance of {kind}"
        )
    transport = make()
    if transport is None:
        raise InvalidArgument("make", "expected a function that returns a new transport, not None")
    check_kind(transport, is_async=is_async)
    return transport


def too_late() -> Broken:
    """Return the verdict on a story that took too long."""
    return Broken(f"did not return within {PATIENCE:g} seconds")


def at_once(work: Coroutine[object, object, Value]) -> Value:
    """Run a coroutine that never waits for an event loop."""
    try:
        work.send(None)
    except StopIteration as end:
        result: Value = end.value
        return result
    raise RuntimeError("it waits for an event loop")


async def _awaited(action: Callable[[], Awaitable[object]]) -> None:
    await action()
