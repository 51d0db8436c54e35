"""What event sources take from the world besides bytes: the time, a wait, and chance."""

from __future__ import annotations

import random
import time
from typing import Protocol

from sse_core import InvalidArgument


class Clock(Protocol):
    """Tells the time, lets it pass, and rolls the dice.

    A program needs none but the system's. A test takes `sse_transports.testing.VirtualClock`, whose waits
    are over at once.
    """

    def monotonic(self) -> float:
        """Return seconds since some moment in the past; they never go back."""
        ...

    def epoch(self) -> float:
        """Return seconds since 1970, UTC: what the dates of servers are compared with."""
        ...

    def random(self) -> float:
        """Return a number from 0 up to, but without, 1: what spreads the waits of many clients."""
        ...

    def pass_time(self, seconds: float) -> float:
        """Let time pass, and return how many seconds of it are really to be waited.

        The waiting is left to the caller, who may be a thread or a task and may be woken meanwhile. So
        the system's clock returns `seconds`, and a virtual one moves on and returns 0.
        """
        ...


class SystemClock:
    """The clock of this machine. See `Clock`."""

    def monotonic(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    def epoch(self) -> float:
        """Return `time.time()`."""
        return time.time()

    def random(self) -> float:
        """Return `random.random()`."""
        return random.random()

    def pass_time(self, seconds: float) -> float:
        """Return `seconds`: they are to be waited."""
        return seconds


SYSTEM_CLOCK = SystemClock()


def clock_for(clock: Clock | None, transport: object) -> Clock:
    """Return this clock; without one, the transport's own if it has one, else the system's.

    A transport without sockets lives in a time of its own. A source in another one would really wait, or
    see nothing of a pause.

    Raises:
        InvalidArgument: it is no clock, or another one than the transport's.
    """
    of_transport: Clock | None = getattr(transport, "clock", None)
    if clock is None:
        return of_transport or SYSTEM_CLOCK
    check_clock(clock)
    if of_transport is not None and of_transport is not clock:
        raise InvalidArgument("clock", "the transport has another one: leave one out, or give both the same")
    return clock


def check_clock(clock: Clock) -> None:
    """Refuse what is no clock.

    Raises:
        InvalidArgument: says what it has not.
    """
    if isinstance(clock, type):
        raise InvalidArgument("clock", f"expected an instance: {clock.__name__}()")
    for name in ("monotonic", "epoch", "random", "pass_time"):
        if not callable(getattr(clock, name, None)):
            raise InvalidArgument("clock", f"expected {name}(), which {type(clock).__name__} has not")
