"""Gives the async client the interface of the blocking one, so that one test covers both."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Self

import trio
from anyio.from_thread import BlockingPortal

from sse_core import Comment, Event, ReadyState, Response
from sse_transports import AsyncEventSource
from sse_transports._interface import AsyncTransport

HOOKS = ("headers", "prepare", "on_open", "on_error", "on_state")


class Awaited:
    """An `AsyncEventSource` in an event loop of another thread, used from this thread.

    A hook may call `close` and the other commands, as a blocking client's hook may. They are awaited when
    the hook has returned, as if it were async and its last statement awaited them.
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
                options[name] = self._with_commands_awaited(options[name])
        options.setdefault("transport", transport)
        self.source = AsyncEventSource(url, **options)
        self._transport = transport
        self._iteration: Coroutine[object, object, Event | Comment] | None = None

    def _with_commands_awaited(self, hook: Callable[..., object]) -> Callable[..., Awaitable[object]]:
        async def run(*arguments: object) -> object:
            self._in_hook = True
            try:
                result = hook(*arguments)
            finally:
                self._in_hook = False
            await self._run_pending()
            return result

        return run

    async def _run_pending(self) -> None:
        while self._pending:
            await self._pending.pop(0)()

    def _command(self, method: Callable[[], Awaitable[None]]) -> None:
        if self._in_hook and threading.get_ident() == self._loop_thread:
            self._pending.append(method)
        elif threading.get_ident() == self._loop_thread:
            # Called by `until`, which is a plain function: another task must await the command.
            self._pending.append(method)
            if trio.lowlevel.in_trio_task():
                trio.lowlevel.spawn_system_task(self._run_pending)
            else:
                self._tasks.append(asyncio.ensure_future(self._run_pending()))
        else:
            self._portal.call(method)

    def close(self) -> None:
        self._command(self.source.close)

    def reconnect(self) -> None:
        self._command(self.source.reconnect)

    def pause(self) -> None:
        self._command(self.source.pause)

    def resume(self) -> None:
        self._command(self.source.resume)

    def open(self) -> None:
        self._enter_and_call(self.source.open)

    def batches(self, max_wait: float | None = None) -> Iterator[list[Event | Comment]]:
        batches = self.source.batches(max_wait)

        async def ask() -> list[Event | Comment] | None:
            return await anext(batches, None)

        while (events := self._enter_and_call(ask)) is not None:
            yield events

    def _enter_and_call(self, method: Callable[[], Awaitable[Any]]) -> Any:
        async def call() -> Any:
            await self.source.__aenter__()
            return await method()

        return self._portal.call(call)

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
            iteration = self.source.__anext__()
            # Ignore a second iteration at the same time: it is refused at once.
            if self._iteration is None or inspect.getcoroutinestate(self._iteration) == inspect.CORO_CLOSED:
                self._iteration = iteration
            try:
                event: Event | Comment = await iteration
            except StopAsyncIteration:
                return None
            return event

        event = self._portal.call(ask)
        if event is None:
            raise StopIteration
        return event

    @property
    def response(self) -> Response | None:
        return self.source.response

    @property
    def completed(self) -> bool:
        return self.source.completed

    @property
    def last_event_id(self) -> str:
        return self.source.last_event_id

    @last_event_id.setter
    def last_event_id(self, value: str | None) -> None:
        self.source.last_event_id = value

    @property
    def bytes_received(self) -> int:
        return self.source.bytes_received

    @property
    def events_received(self) -> int:
        return self.source.events_received

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

    def is_blocked_in(self, function: Callable[..., object]) -> bool:
        """Return whether the iteration is suspended inside this function, and stays so."""
        position = self._suspended_at(function)
        if not position:
            return False
        time.sleep(0.005)
        return position == self._suspended_at(function)

    def _suspended_at(self, function: Callable[..., object]) -> list[tuple[object, int]]:
        code = function.__code__
        position: list[tuple[object, int]] = []
        found = False
        inner: Any = self._iteration
        while inspect.iscoroutine(inner) and inner.cr_frame is not None:
            found = found or inner.cr_code is code
            position.append((inner, inner.cr_frame.f_lasti))
            inner = inner.cr_await
        return position if found else []

    def finish(self) -> None:
        """Leave `async with`, and close the transport."""

        async def finish() -> None:
            await self.source.__aenter__()
            await self.source.__aexit__(None, None, None)
            await self._transport.close()

        self._portal.call(finish)
