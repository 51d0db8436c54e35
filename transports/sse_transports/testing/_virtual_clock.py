"""A clock without real waiting and with predictable random numbers."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Iterable

from sse_core import InvalidArgument

START = 1_767_225_600.0
"""The first second of 2026, UTC."""


class VirtualClock:
    """A clock for tests: a wait on it returns at once, and the clock has moved on by that time.

    Give it to an event source as `clock`: its backoff, its limits on attempts and time, Retry-After (also
    as a date) and jitter are then the same in every run, and take no time. `ScriptedTransport` measures
    its sleeps and timeouts on it too. A real socket does not use it: waiting for a socket takes real time,
    during which this clock does not move.

    Args:
        random: what `random()` returns, at least 0 and less than 1: a number, always the same; several
            numbers, over and over; or a function that returns one.
        start: seconds since 1970, UTC, at which the clock starts.

    Raises:
        sse_core.InvalidArgument: naming the argument.

    Attributes:
        waits: the seconds of each wait between attempts, in order.
    """

    def __init__(
        self, *, random: float | Iterable[float] | Callable[[], float] = 0.5, start: float = START
    ) -> None:
        self._random = _random_function(random)
        # `not ... <`, so that NaN is rejected too.
        if isinstance(start, bool) or not isinstance(start, (int, float)) or not abs(start) < math.inf:
            raise InvalidArgument("start", f"expected seconds since 1970, not {start!r}")
        self._start = start
        self._elapsed = 0.0
        # Sources in several threads may share the clock.
        self._lock = threading.Lock()
        self.waits: list[float] = []

    def monotonic(self) -> float:
        """Return the seconds since the clock was made."""
        return self._elapsed

    def epoch(self) -> float:
        """Return seconds since 1970, UTC: `start` plus `monotonic()`."""
        return self._start + self._elapsed

    def random(self) -> float:
        """Return the next of the given numbers."""
        return _checked(self._random())

    def pass_time(self, seconds: float) -> float:
        """Record a wait, move the clock, and return 0.0: the seconds that the caller must really wait."""
        # A source begins its first connection with a wait of 0 seconds.
        if seconds:
            self.waits.append(seconds)
        self.advance(seconds)
        return 0.0

    def advance(self, seconds: float) -> None:
        """Move the clock without recording a wait, for instance for a sleep of the server.

        Raises:
            sse_core.InvalidArgument: `seconds` is negative.
        """
        # `not ... >=`, so that NaN is rejected too.
        if not seconds >= 0:
            raise InvalidArgument("seconds", f"expected 0 or more, not {seconds!r}")
        with self._lock:
            self._elapsed += seconds

    def __repr__(self) -> str:
        return f"<VirtualClock at {self._elapsed:g} s>"


def _random_function(random: float | Iterable[float] | Callable[[], float]) -> Callable[[], float]:
    if isinstance(random, (int, float)):
        random = [random]
    if isinstance(random, Iterable):
        numbers = [_checked(number) for number in random]
        if not numbers:
            raise InvalidArgument("random", "expected at least one number")
        return itertools.cycle(numbers).__next__
    if not callable(random):
        raise InvalidArgument("random", f"expected numbers or a function, not {random!r}")
    return random


def _checked(number: float) -> float:
    if not isinstance(number, (int, float)) or not 0 <= number < 1:
        raise InvalidArgument("random", f"expected numbers of at least 0 and less than 1, not {number!r}")
    return number
