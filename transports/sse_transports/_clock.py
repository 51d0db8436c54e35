"""Time, sleeping and randomness of event sources: one object, which tests can replace."""

from __future__ import annotations

import time
from typing import Protocol

from sse_core import InvalidArgument


class Clock(Protocol):
    """Where an event source gets the time and random numbers, and asks how long to sleep.

    A program uses the default, the system's. A test passes `sse_transports.testing.VirtualClock`, which
    makes every wait end at once.
    """

    def monotonic(self) -> float:
        """Return seconds since an arbitrary moment in the past; they never decrease."""
        ...

    def epoch(self) -> float:
        """Return seconds since 1970, UTC; dates in response headers are compared with it."""
        ...

    def random(self) -> float:
        """Return a random number >= 0 and < 1: the jitter that spreads the retries of many clients."""
        ...

    def pass_time(self, seconds: float) -> float:
        """Let time pass, and return how many seconds the caller must really sleep.

        The source sleeps, because it may be a thread or a task, and a command may wake it early. So the
        system's clock returns `seconds`, and a virtual clock advances and returns 0.
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
        # Imported when a connection has ended, because it takes a millisecond.
        import random

        return random.random()

    def pass_time(self, seconds: float) -> float:
        """Return `seconds`: the caller must sleep all of them."""
        return seconds


SYSTEM_CLOCK = SystemClock()


def clock_for(clock: Clock | None, transport: object) -> Clock:
    """Return `clock`; if it is None, the transport's own clock if it has one, else the system's.

    A transport without sockets has a virtual clock. A source with another one would really sleep, or
    would not notice the pauses in the script.

    Raises:
        InvalidArgument: `clock` is no clock, or another one than the transport's.
    """
    transport_clock: Clock | None = getattr(transport, "clock", None)
    if clock is None:
        return transport_clock or SYSTEM_CLOCK
    check_clock(clock)
    if transport_clock is not None and transport_clock is not clock:
        raise InvalidArgument("clock", "the transport has another one: leave one out, or give both the same")
    return clock


def check_clock(clock: Clock) -> None:
    """Check that `clock` has the methods of a `Clock`.

    Raises:
        InvalidArgument: naming the method that is missing.
    """
    if isinstance(clock, type):
        raise InvalidArgument("clock", f"expected an instance: {clock.__name__}()")
    for name in ("monotonic", "epoch", "random", "pass_time"):
        if not callable(getattr(clock, name, None)):
            raise InvalidArgument("clock", f"expected {name}(), which {type(clock).__name__} does not have")
