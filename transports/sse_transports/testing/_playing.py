"""One connection of a script being played, without waiting: whoever plays it waits as threads or tasks do."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import TypeVar
from urllib.parse import urlsplit

from sse_core import ConnectError, IdleTimeout, ReadError, Request, Response

from .._clock import Clock
from ._plan import Plan
from ._script import Cut, NoAnswer, Refuse, Reset, Stall
from ._virtual_clock import VirtualClock

Result = TypeVar("Result")

Work = Generator[float | None, None, Result]
"""Something that takes time: yields how many seconds are to be waited, None for ever; then returns."""

PATIENCE = 10.0
"""Seconds that a wait without end really takes, in a time in which no other wait takes any."""


class Playing:
    """What the client of one connection gets.

    Args:
        plan: what is to happen.
        request: what was asked.
        timeout: seconds in which the answer must come; None for no limit.
        clock: what pauses and limits are measured on.
    """

    def __init__(self, plan: Plan, request: Request, timeout: float | None, clock: Clock) -> None:
        self._plan = plan
        self._request = request
        self._timeout = timeout
        self._clock = clock
        self._parts = deque(plan.body)

    def opening(self) -> Work[Response]:
        """Return the answer's head.

        Raises:
            sse_core.ConnectError: there is none, or not in time.
        """
        plan, timeout = self._plan, self._timeout
        if timeout is not None and (plan.before >= timeout or isinstance(plan.ending, NoAnswer)):
            yield self._passed(timeout)
            raise self._failure(f"no response within {timeout:g} seconds (timeout)")
        yield self._passed(plan.before)
        if isinstance(plan.ending, Refuse):
            raise self._failure("the connection was refused")
        while plan.status is None:
            yield None
        return Response(plan.status, plan.headers, self._request.url)

    def reading(self, timeout: float | None) -> Work[bytes]:
        """Return the next chunk; `b""` at the proper end.

        Raises:
            sse_core.ReadError: the connection is lost.
            sse_core.IdleTimeout: nothing came for `timeout` seconds.
        """
        waited = 0.0
        while self._parts:
            part = self._parts.popleft()
            if isinstance(part, bytes):
                return part
            if timeout is not None and waited + part.seconds >= timeout:
                yield self._passed(timeout - waited)
                raise IdleTimeout(timeout)
            waited += part.seconds
            yield self._passed(part.seconds)
        ending = self._plan.ending
        if isinstance(ending, Reset):
            raise ReadError("the connection was reset")
        if isinstance(ending, Cut):
            raise ReadError("the connection ended before the body did")
        if isinstance(ending, Stall):
            if timeout is not None:
                yield self._passed(timeout - waited)
                raise IdleTimeout(timeout)
            while True:
                yield None
        return b""

    @property
    def patience(self) -> float | None:
        """Seconds that a wait without end takes; None for ever, where time is real."""
        return PATIENCE if isinstance(self._clock, VirtualClock) else None

    def hung(self) -> AssertionError:
        """Return what is told to whoever would wait for ever. No `SSEError`: nothing retries it."""
        if isinstance(self._plan.ending, NoAnswer):
            told = "NoAnswer(): no answer comes, the source has no timeout"
        else:
            told = "Stall(): nothing more comes, the source has no idle_timeout"
        return AssertionError(f"{told}, and nobody closed it for {PATIENCE:g} seconds")

    def _passed(self, seconds: float) -> float:
        if isinstance(self._clock, VirtualClock):
            # No wait of a client, which are what a virtual clock counts.
            self._clock.advance(seconds)
            return 0.0
        return self._clock.pass_time(seconds)

    def _failure(self, reason: str) -> ConnectError:
        return ConnectError(f"{urlsplit(self._request.url).netloc}: {reason}")
