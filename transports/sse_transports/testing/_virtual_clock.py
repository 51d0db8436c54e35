"""Time that passes at once, and chance that is known beforehand."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Iterable

from sse_core import InvalidArgument

START = 1_767_225_600.0
"""The first second of 2026, UTC."""


class VirtualClock:
    """A clock for tests: whoever waits on it goes on at once, and finds that the time has passed.

    Give it to an event source as `clock`: its waits between attempts, its limits on their number and
    time, Retry-After (also as a date) and jitter are then the same in every run, and take no time.
    `ScriptedTransport` measures its pauses and its limits on it too. A real socket knows nothing of it:
    what a socket waits for takes its time, and no time passes here meanwhile.

    Args:
        random: what `random()` returns, from 0 up to, but without, 1: always the same number, some
            numbers over and over, or what a function returns.
        start: seconds since 1970, UTC, when the clock begins.

    Raises:
        sse_core.InvalidArgument: naming the argument.

    Attributes:
        waits: seconds of each wait between attempts, in order.
    """

    def __init__(
        self, *, random: float | Iterable[float] | Callable[[], float] = 0.5, start: float = START
    ) -> None:
        self._random = _source_of(random)
        # Written so that NaN fails too.
        if isinstance(start, bool) or not isinstance(start, (int, float)) or not abs(start) < math.inf:
            raise InvalidArgument("start", f"expected seconds since 1970, not {start!r}")
        self._start = start
        self._elapsed = 0.0
        # Sources in several threads may share it.
        self._lock = threading.Lock()
        self.waits: list[float] = []

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self._elapsed

    def epoch(self) -> float:
        """Return seconds since 1970, UTC: `start` and what has passed."""
        return self._start + self._elapsed

    def random(self) -> float:
        """Return the next of the numbers that were given."""
        return _checked(self._random())

    def pass_time(self, seconds: float) -> float:
        """Note a wait, move on by it, and return 0.0: nothing is to be waited."""
        # A source's first connection is begun as after a wait of no time.
        if seconds:
            self.waits.append(seconds)
        self.advance(seconds)
        return 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass that nobody waits for, such as a pause of a server.

        Raises:
            sse_core.InvalidArgument: time does not go back.
        """
        # Written so that NaN fails too.
        if not seconds >= 0:
            raise InvalidArgument("seconds", f"expected 0 or more, not {seconds!r}")
        with self._lock:
            self._elapsed += seconds

    def __repr__(self) -> str:
        return f"<VirtualClock at {self._elapsed:g} s>"


def _source_of(random: float | Iterable[float] | Callable[[], float]) -> Callable[[], float]:
    if isinstance(random, (int, float)):
        random = [random]
    if isinstance(random, Iterable):
        numbers = [_checked(number) for number in random]
        if not numbers:
            raise InvalidArgument("random", "expected one number at least")
        return itertools.cycle(numbers).__next__
    if not callable(random):
        raise InvalidArgument("random", f"expected numbers or a function, not {random!r}")
    return random


def _checked(number: float) -> float:
    if not isinstance(number, (int, float)) or not 0 <= number < 1:
        raise InvalidArgument("random", f"expected numbers from 0 up to, but without, 1, not {number!r}")
    return number
