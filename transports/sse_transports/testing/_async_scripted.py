"""An async transport that plays a script, without a socket."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import NoReturn, Self
from urllib.parse import urlsplit

from sse_core import ConnectError, Event, IdleTimeout, ReadError, Request, Response

from .._clock import Clock, check_clock
from .._exchanges import closed, not_open
from ._async_wakeup import AsyncWakeup
from ._plan import Plan
from ._requests import ScriptedTransportBase
from ._script import Cut, NoAnswer, Refuse, Reset, Script, Sleep, Stall
from ._virtual_clock import VirtualClock

HANG_TIMEOUT = 10.0
"""Real seconds after which an endless wait on a `VirtualClock` is an error. Its other waits take no time."""


class AsyncScriptedTransport(ScriptedTransportBase):
    """Answers each request of an `AsyncEventSource` with the next connection of a script.

    There is no socket and, on a virtual clock, no waiting. An `AsyncEventSource` that is given this
    transport, and no clock, uses the clock of this transport.

    Args:
        script: a list of connections, each a list of steps: a status, headers, bytes, an `Event`, a
            `Comment`, a `Sleep`, ... Each ends with `End`, `Cut`, `Reset`, `Stall`, `NoAnswer` or
            `Refuse`; without one of these, it ends cleanly.
        history: the events for `History` steps; each has an ID.
        clock: measures sleeps, timeouts and idle timeouts. Default: a new `VirtualClock`.

    Raises:
        sse_core.InvalidArgument: a step cannot be played, and the message names it; or `history` or
            `clock` is not valid.

    Iterating a source raises:
        UnexpectedRequest: it made more requests than the script has connections.

    Attributes:
        requests: the requests received, in order.
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
        """Do nothing: nothing is kept between exchanges."""

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
        # None before `open`.
        self._plan: Plan | None = None
        # The chunks and sleeps of the body that are left to play.
        self._body: deque[bytes | Sleep] = deque()
        self._closed = AsyncWakeup()

    async def open(self) -> Response:
        """Record the request and return the response headers. See `AsyncExchange.open`."""
        self._require_not_closed()
        plan = self._plan = self._transport.next_plan(self._request)
        self._body = deque(plan.body)
        await self._sleep(0.0)
        timeout = self._timeout
        if timeout is not None and (plan.delay >= timeout or isinstance(plan.ending, NoAnswer)):
            await self._sleep(timeout)
            raise self._connect_error(f"no response within {timeout:g} seconds (timeout)")
        await self._sleep(plan.delay)
        if isinstance(plan.ending, Refuse):
            raise self._connect_error("the connection was refused")
        if plan.status is None:
            await self._hang("NoAnswer(): the response never comes, the source has no timeout")
        return Response(plan.status, plan.headers, self._request.url)

    async def read(self, timeout: float | None) -> bytes:
        """Return the next chunk. See `AsyncExchange.read`."""
        self._require_not_closed()
        if self._plan is None:
            raise not_open()
        await self._sleep(0.0)
        slept = 0.0
        while self._body:
            part = self._body.popleft()
            if isinstance(part, bytes):
                return part
            if timeout is not None and slept + part.seconds >= timeout:
                await self._sleep(timeout - slept)
                raise IdleTimeout(timeout)
            slept += part.seconds
            await self._sleep(part.seconds)
        ending = self._plan.ending
        if isinstance(ending, Reset):
            raise ReadError("the connection was reset")
        if isinstance(ending, Cut):
            raise ReadError("the connection ended before the body did")
        if isinstance(ending, Stall):
            if timeout is None:
                await self._hang("Stall(): no more bytes come, the source has no idle_timeout")
            await self._sleep(timeout - slept)
            raise IdleTimeout(timeout)
        return b""

    async def close(self) -> None:
        """End the exchange, at any moment, from any task. See `AsyncExchange.close`."""
        self._closed.set()

    def _require_not_closed(self) -> None:
        if self._closed.is_set:
            raise closed()

    async def _sleep(self, seconds: float) -> None:
        """Let so many seconds pass on the transport's clock, and raise if the exchange was closed.

        Async code also sleeps for 0 seconds: other tasks run, and a cancellation is noticed.
        """
        clock = self._transport.clock
        if isinstance(clock, VirtualClock):
            # Not `pass_time`, which would record it among the waits between attempts.
            clock.advance(seconds)
            seconds = 0.0
        else:
            seconds = clock.pass_time(seconds)
        await self._closed.sleep(seconds)
        self._require_not_closed()

    async def _hang(self, reason: str) -> NoReturn:
        """Wait until the exchange is closed, which raises.

        On a virtual clock this is limited, so that a test fails instead of hanging. The error is not an
        `SSEError`, so that no source retries it.
        """
        is_virtual = isinstance(self._transport.clock, VirtualClock)
        await self._closed.sleep(HANG_TIMEOUT if is_virtual else None)
        self._require_not_closed()
        raise AssertionError(f"{reason}, and it was not closed within {HANG_TIMEOUT:g} seconds")

    def _connect_error(self, reason: str) -> ConnectError:
        return ConnectError(f"{urlsplit(self._request.url).netloc}: {reason}")
