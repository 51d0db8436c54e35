"""The async transport that plays a script: the twin of `ScriptedTransport`."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import anyio
import anyio.lowlevel

from sse_core import Event, Request, Response

from .._clock import Clock, check_clock
from .._exchanges import closed, not_open
from ._playing import Playing, Result, Work
from ._requests import Scripted
from ._script import Script
from ._virtual_clock import VirtualClock


class AsyncScriptedTransport(Scripted):
    """Answers the requests of an `AsyncEventSource` as a script says: the first by its first connection.

    There is no socket and, on a virtual clock, no waiting. An `AsyncEventSource` that is given this
    transport, and no clock, takes this one's.

    Args:
        script: a list of connections, each a list of steps: a status, headers, bytes, an `Event`, a
            `Comment`, a `Sleep`, ... Each ends with `End`, `Cut`, `Reset`, `Stall`, `NoAnswer` or `Refuse`,
            or properly.
        history: the events for steps that say `History`; each has an ID.
        clock: what pauses, timeouts and idle timeouts are measured on. Not given, a new `VirtualClock`.

    Raises:
        sse_core.InvalidArgument: a step that cannot be played; says which. Also a history or a clock
            that is none.

    Iterating a source raises:
        UnexpectedRequest: it asked for more connections than there are.

    Attributes:
        requests: the requests it got, in order.
        clock: its clock.
    """

    def __init__(self, script: Script, *, history: Sequence[Event] = (), clock: Clock | None = None) -> None:
        super().__init__(script, history)
        self.clock: Clock = VirtualClock() if clock is None else clock
        check_clock(self.clock)

    def exchange(self, request: Request, *, timeout: float | None) -> AsyncScriptedExchange:
        """Return an exchange for `request`. See `AsyncTransport`."""
        return AsyncScriptedExchange(self, request, timeout)

    async def close(self) -> None:
        """Nothing is kept between exchanges."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class AsyncScriptedExchange:
    """One request and its scripted response. See `AsyncExchange`."""

    def __init__(self, transport: AsyncScriptedTransport, request: Request, timeout: float | None) -> None:
        self._transport = transport
        self._request = request
        self._timeout = timeout
        self._playing: Playing | None = None
        self._closed = False
        self._knock: anyio.Event | None = None

    async def open(self) -> Response:
        """Note the request and return the response's head. See `AsyncExchange.open`."""
        self._check()
        plan = self._transport.asked(self._request)
        self._playing = Playing(plan, self._request, self._timeout, self._transport.clock)
        return await self._done(self._playing, self._playing.opening())

    async def read(self, timeout: float | None) -> bytes:
        """Return the next chunk. See `AsyncExchange.read`."""
        self._check()
        if self._playing is None:
            raise not_open()
        return await self._done(self._playing, self._playing.reading(timeout))

    async def close(self) -> None:
        """End it, at any moment, from any task. See `AsyncExchange.close`."""
        self._closed = True
        if self._knock is not None:
            self._knock.set()

    def _check(self) -> None:
        if self._closed:
            raise closed()

    async def _done(self, playing: Playing, work: Work[Result]) -> Result:
        # Others have their turn, and a cancellation is heard, also where nothing is waited for.
        await self._wait(0.0)
        self._check()
        while True:
            try:
                seconds = next(work)
            except StopIteration as end:
                result: Result = end.value
                return result
            await self._wait(playing.patience if seconds is None else seconds)
            self._check()
            if seconds is None:
                raise playing.hung()

    async def _wait(self, seconds: float | None) -> None:
        if not seconds and seconds is not None:
            await anyio.lowlevel.checkpoint()
            return
        self._knock = anyio.Event()
        with anyio.move_on_after(seconds):
            await self._knock.wait()
        self._knock = None
