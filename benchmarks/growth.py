"""Check that time grows linearly with the bytes: a giant event compared with one of half its size."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.rounds import Runner, Timing, cpu_seconds, run_rounds
from benchmarks.this_library import this_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.fixtures import Fixture

CHUNK_SIZE = 1460


def growth(make: Callable[[int], Fixture], size: int, rounds: int) -> float:
    """Return the time of the whole over twice the time of the half: 1 if it is linear, 2 if quadratic."""
    streams = {"whole": make(size).streams(CHUNK_SIZE), "half": make(size // 2).streams(CHUNK_SIZE)}
    runners = [
        Runner(name, partial(cpu_seconds, this_library, chunks), Timing(0.0), 1)
        for name, chunks in streams.items()
    ]
    timings = run_rounds(runners, rounds)
    return timings["whole"].seconds / timings["half"].seconds / 2
