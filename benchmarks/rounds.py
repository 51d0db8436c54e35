"""Time parsers fairly: check their events first, then run them in turn, with the same chunks, in rounds.

The times are CPU time of this process, so that other work on the machine is not measured. Each reading uses a
new parser, counts the events and drops them. The garbage collector is off while the rounds run.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.compare_events import compare_events, event_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.compare_events import EventValues
    from benchmarks.peers import Read

SLOW_SECONDS = 1.0
"""A parser that takes longer for one reading does not run in the rounds.

Its figure is then the time of the check, which keeps the events and has the garbage collector on. That makes
no difference that matters at such times.
"""

TIME_LIMIT = 3.0
"""Seconds after which the check of a parser is stopped, at the start of the next chunk."""


@dataclass
class Timing:
    """The time that one parser took for one fixture.

    Attributes:
        seconds: for one reading, the median of the rounds; a lower bound if `stopped`.
        wrong: how its events differ from the expected ones; "" if they are right.
        stopped: whether it was stopped at the time limit.
    """

    seconds: float
    wrong: str = ""
    stopped: bool = False


@dataclass
class Runner:
    """One parser in the rounds.

    Attributes:
        run: reads once, and returns the seconds.
        every: 1 to run in every round, 3 in every third, 0 in none.
    """

    name: str
    run: Callable[[], float]
    timing: Timing
    every: int
    times: list[float] = field(default_factory=list)


class _TimeLimitReached(Exception):
    """Stops a parser that takes too long."""


def cpu_seconds(read: Read, streams: list[list[bytes]]) -> float:
    """Return the CPU time of one reading."""
    start = time.process_time()
    for chunks in streams:
        deque(read(chunks), maxlen=0)
    return time.process_time() - start


def until_deadline(chunks: list[bytes], deadline: float, consumed: list[int]) -> Iterator[bytes]:
    """Yield the chunks and count their bytes in `consumed[0]`; raise at the first one after the deadline."""
    for chunk in chunks:
        if time.process_time() > deadline:
            raise _TimeLimitReached
        consumed[0] += len(chunk)
        yield chunk


def check_and_time(read: Read, streams: list[list[bytes]], expected: list[EventValues]) -> Timing:
    """Read once, compare the events, and return the time of that reading."""
    total = sum(len(chunk) for chunks in streams for chunk in chunks)
    consumed = [0]
    events: list[object] = []
    start = time.process_time()
    try:
        for chunks in streams:
            events += read(until_deadline(chunks, start + TIME_LIMIT, consumed))
    except _TimeLimitReached:
        seconds = time.process_time() - start
        # Scale up to the whole stream. This is a lower bound: a parser this slow is at least linear.
        return Timing(seconds * total / consumed[0], stopped=True)
    except Exception as error:  # noqa: BLE001  # any error of a peer is reported as a wrong result
        return Timing(time.process_time() - start, wrong=f"raised {error!r:.80}")
    seconds = time.process_time() - start
    found = [values for event in events if (values := event_values(event))]
    return Timing(seconds, wrong=compare_events(found, expected))


def run_rounds(runners: list[Runner], rounds: int) -> dict[str, Timing]:
    """Run all parsers in turn, round after round, and return their timings by name."""
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            for index, runner in enumerate(runners):
                # Adding the index spreads the parsers of every third round over all rounds.
                if runner.every and (number + index) % runner.every == 0:
                    runner.times.append(runner.run())
    finally:
        gc.enable()
    for runner in runners:
        if runner.times:
            runner.timing.seconds = median(runner.times)
    return {runner.name: runner.timing for runner in runners}
