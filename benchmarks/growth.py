"""Whether time grows with the bytes and no faster: a giant event beside one of half its size."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.ours import ours
from benchmarks.rounds import Figure, Runner, alternate, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.fixtures import Fixture

CUT = 1460


def growth(make: Callable[[int], Fixture], size: int, rounds: int) -> float:
    """Return the time of the whole over twice the time of the half: 1 if it is linear, 2 if quadratic."""
    streams = {"whole": make(size).streams(CUT), "half": make(size // 2).streams(CUT)}
    runners = [
        Runner(name, partial(seconds_of, ours, chunks), Figure(0.0), 1) for name, chunks in streams.items()
    ]
    figures = alternate(runners, rounds)
    return figures["whole"].seconds / figures["half"].seconds / 2
