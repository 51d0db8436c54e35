"""The async client in the blocking one's clothes, so that one test of a behaviour is a test of both."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self

import trio
from anyio.from_thread import BlockingPortal

from sse_core import Comment, Event, ReadyState
from sse_transports import AsyncEventSource
from sse_transports._interface import AsyncTransport

HOOKS = ("headers", "on_open", "on_error", "on_state")


class Awaited:
    """An `AsyncEventSource` that lives in an event loop in another thread, and is used from this one.

    A hook may call `close` and the like, as a blocking client's hook may: what that leads to is awaited
    when the hook has returned, as if the hook were async and had awaited it last.
    """

    def __init__(
        self,
        portal: BlockingPortal,
        loop_thread: int,
        transport: AsyncTransport,
        url: str,
        **options: Any,
    ) -> None:
        self._portal = portal
        self._loop_thread = loop_thread
        self._pending: list[Callable[[], Awaitable[None]]] = []
        self._in_hook = False
        self._tasks: list[asyncio.Future[None]] = []
        for name in HOOKS:
            if callable(options.get(name)):
                options[name] = self._awaiting(options[name])
        options.setdefault("transport", transport)
        self.source = AsyncEventSource(url, **options)
        self._transport = transport
        self._asking: Coroutine[object, object, Event | Comment] | None = None

    def _awaiting(self, hook: Callable[..., object]) -> Callable[..., Awaitable[object]]:
        async def run(*arguments: object) -> object:
            self._in_hook = True
            try:
                result = hook(*arguments)
            finally:
                self._in_hook = False
            await self._catch_up()
            return result

        return run

    async def _catch_up(self) -> None:
        while self._pending:
            await self._pending.pop(0)()

    def _do(self, method: Callable[[], Awaitable[None]]) -> None:
        if self._in_hook and threading.get_ident() == self._loop_thread:
            self._pending.append(method)
        elif threading.get_ident() == self._loop_thread:
            # In `until`, which is a plain function: another task does it, as it would have to there.
            self._pending.append(method)
            if trio.lowlevel.in_trio_task():
                trio.lowlevel.spawn_system_task(self._catch_up)
            else:
                self._tasks.append(asyncio.ensure_future(self._catch_up()))
        else:
            self._portal.call(method)

    def close(self) -> None:
        self._do(self.source.close)

    def reconnect(self) -> None:
        self._do(self.source.reconnect)

    def pause(self) -> None:
        self._do(self.source.pause)

    def resume(self) -> None:
        self._do(self.source.resume)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event | Comment:
        async def ask() -> Event | Comment | None:
            await self.source.__aenter__()
            asking = self.source.__anext__()
            # A second iteration at the same time is refused at once, and not to be looked at.
            if self._asking is None or inspect.getcoroutinestate(self._asking) == inspect.CORO_CLOSED:
                self._asking = asking
            try:
                event: Event | Comment = await asking
            except StopAsyncIteration:
                return None
            return event

        event = self._portal.call(ask)
        if event is None:
            raise StopIteration
        return event

    @property
    def last_event_id(self) -> str:
        return self.source.last_event_id

    @property
    def reconnection_time(self) -> int | None:
        return self.source.reconnection_time

    @property
    def ready_state(self) -> ReadyState:
        return self.source.ready_state

    @property
    def url(self) -> str:
        return self.source.url

    def __repr__(self) -> str:
        return repr(self.source).replace("AsyncEventSource", "EventSource")

    def is_blocked_in(self, name: str) -> bool:
        """Return whether the iteration waits inside this method, and not only for its turn to run."""
        place = self._place(name)
        if not place:
            return False
        time.sleep(0.005)
        return place == self._place(name)

    def _place(self, name: str) -> list[tuple[object, int]]:
        code = getattr(AsyncEventSource, name).__code__
        place: list[tuple[object, int]] = []
        found = False
        inner: Any = self._asking
        while inspect.iscoroutine(inner) and inner.cr_frame is not None:
            found = found or inner.cr_code is code
            place.append((inner, inner.cr_frame.f_lasti))
            inner = inner.cr_await
        return place if found else []

    def finish(self) -> None:
        """Leave `async with`, and close the transport."""

        async def finish() -> None:
            await self.source.__aenter__()
            await self.source.__aexit__(None, None, None)
            await self._transport.close()

        self._portal.call(finish)
