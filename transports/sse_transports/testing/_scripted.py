# Generated from _async_scripted.py by tests/generate_blocking.py: do not edit.
"""A blocking transport that plays a script, without a socket."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import NoReturn, Self
from urllib.parse import urlsplit

from sse_core import ConnectError, Event, IdleTimeout, ReadError, Request, Response

from .._clock import Clock, check_clock
from .._exchanges import closed, not_open
from ._plan import Plan
from ._requests import ScriptedTransportBase
from ._script import Cut, NoAnswer, Refuse, Reset, Script, Sleep, Stall
from ._virtual_clock import VirtualClock
from ._wakeup import Wakeup

HANG_TIMEOUT = 10.0
"""Real seconds after which an endless wait on a `VirtualClock` is an error. Its other waits take no time."""


class ScriptedTransport(ScriptedTransportBase):
    """Answers each request of an `EventSource` with the next connection of a script.

    There is no socket and, on a virtual clock, no waiting. An `EventSource` that is given this
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

    def exchange(self, request: Request, *, timeout: float | None) -> ScriptedExchange:
        """Return an exchange for `request`. See `Transport`."""
        return ScriptedExchange(self, request, timeout)

    def close(self) -> None:
        """Do nothing: nothing is kept between exchanges."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class ScriptedExchange:
    """One request and its scripted response. See `Exchange`."""

    def __init__(self, transport: ScriptedTransport, request: Request, timeout: float | None) -> None:
        self._transport = transport
        self._request = request
        self._timeout = timeout
        # None before `open`.
        self._plan: Plan | None = None
        # The chunks and sleeps of the body that are left to play.
        self._body: deque[bytes | Sleep] = deque()
        self._closed = Wakeup()

    def open(self) -> Response:
        """Record the request and return the response headers. See `Exchange.open`."""
        self._require_not_closed()
        plan = self._plan = self._transport.next_plan(self._request)
        self._body = deque(plan.body)
        self._sleep(0.0)
        timeout = self._timeout
        if timeout is not None and (plan.delay >= timeout or isinstance(plan.ending, NoAnswer)):
            self._sleep(timeout)
            raise self._connect_error(f"no response within {timeout:g} seconds (timeout)")
        self._sleep(plan.delay)
        if isinstance(plan.ending, Refuse):
            raise self._connect_error("the connection was refused")
        if plan.status is None:
            self._hang("NoAnswer(): the response never comes, the source has no timeout")
        return Response(plan.status, plan.headers, self._request.url)

    def read(self, timeout: float | None) -> bytes:
        """Return the next chunk. See `Exchange.read`."""
        self._require_not_closed()
        if self._plan is None:
            raise not_open()
        self._sleep(0.0)
        slept = 0.0
        while self._body:
            part = self._body.popleft()
            if isinstance(part, bytes):
                return part
            if timeout is not None and slept + part.seconds >= timeout:
                self._sleep(timeout - slept)
                raise IdleTimeout(timeout)
            slept += part.seconds
            self._sleep(part.seconds)
        ending = self._plan.ending
        if isinstance(ending, Reset):
            raise ReadError("the connection was reset")
        if isinstance(ending, Cut):
            raise ReadError("the connection ended before the body did")
        if isinstance(ending, Stall):
            if timeout is None:
                self._hang("Stall(): no more bytes come, the source has no idle_timeout")
            self._sleep(timeout - slept)
            raise IdleTimeout(timeout)
        return b""

    def close(self) -> None:
        """End the exchange, at any moment, from any thread. See `Exchange.close`."""
        self._closed.set()

    def _require_not_closed(self) -> None:
        if self._closed.is_set:
            raise closed()

    def _sleep(self, seconds: float) -> None:
        """Let so many seconds pass on the transport's clock, and raise if the exchange was closed.

        Async code also sleeps for 0 seconds: other threads run, and a cancellation is noticed.
        """
        clock = self._transport.clock
        if isinstance(clock, VirtualClock):
            # Not `pass_time`, which would record it among the waits between attempts.
            clock.advance(seconds)
            seconds = 0.0
        else:
            seconds = clock.pass_time(seconds)
        self._closed.sleep(seconds)
        self._require_not_closed()

    def _hang(self, reason: str) -> NoReturn:
        """Wait until the exchange is closed, which raises.

        On a virtual clock this is limited, so that a test fails instead of hanging. The error is not an
        `SSEError`, so that no source retries it.
        """
        is_virtual = isinstance(self._transport.clock, VirtualClock)
        self._closed.sleep(HANG_TIMEOUT if is_virtual else None)
        self._require_not_closed()
        raise AssertionError(f"{reason}, and it was not closed within {HANG_TIMEOUT:g} seconds")

    def _connect_error(self, reason: str) -> ConnectError:
        return ConnectError(f"{urlsplit(self._request.url).netloc}: {reason}")
