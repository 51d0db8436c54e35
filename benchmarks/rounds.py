"""How parsers are timed: the same chunks for all, in rounds that alternate, after their answers were checked.

Times are CPU time of this process, so that other work on the machine is not measured. A fresh parser reads
each stream; its events are counted and not kept; the garbage collector rests.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.answers import difference, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.answers import Said
    from benchmarks.peers import Read

# Who is slower in one reading is not read again in rounds. That reading is the figure, which was made to
# check the answers: its events are kept, and the garbage collector works. Nothing turns on it at such times.
SLOW_SECONDS = 1.0

# Who has not finished by then is stopped, if there is another chunk to stop at.
PATIENCE_SECONDS = 3.0


@dataclass
class Figure:
    """What was measured of one parser on one stream.

    Attributes:
        seconds: the median of the rounds, for one reading; a lower bound if `stopped`.
        wrong: what it answered otherwise than expected, or nothing.
        stopped: whether it was stopped before the end.
    """

    seconds: float
    wrong: str = ""
    stopped: bool = False


@dataclass
class Runner:
    """One who takes part in the rounds: in each of them, in every third, in none if `every` is 0."""

    name: str
    run: Callable[[], float]
    figure: Figure
    every: int
    times: list[float] = field(default_factory=list)


class _Stopped(Exception):
    """Patience ended."""


def seconds_of(read: Read, streams: list[list[bytes]]) -> float:
    """Return the CPU time of one reading."""
    start = time.process_time()
    for chunks in streams:
        deque(read(chunks), maxlen=0)
    return time.process_time() - start


def with_patience(chunks: list[bytes], deadline: float, taken: list[int]) -> Iterator[bytes]:
    """Give the chunks, but none after the deadline."""
    for chunk in chunks:
        if time.process_time() > deadline:
            raise _Stopped
        taken[0] += len(chunk)
        yield chunk


def checked(read: Read, streams: list[list[bytes]], expected: list[Said]) -> Figure:
    """Read once, compare the answers, and return that reading's time."""
    total = sum(len(chunk) for chunks in streams for chunk in chunks)
    taken = [0]
    events: list[object] = []
    start = time.process_time()
    try:
        for chunks in streams:
            events += read(with_patience(chunks, start + PATIENCE_SECONDS, taken))
    except _Stopped:
        seconds = time.process_time() - start
        # It would have taken at least in proportion, and those who are this slow do not slow down less.
        return Figure(seconds * total / taken[0], stopped=True)
    except Exception as error:  # noqa: BLE001  # whatever a peer raises is its answer
        return Figure(time.process_time() - start, wrong=f"raised {error!r:.80}")
    seconds = time.process_time() - start
    return Figure(seconds, wrong=difference([say for event in events if (say := said(event))], expected))


def alternate(runners: list[Runner], rounds: int) -> dict[str, Figure]:
    """Let all take their rounds in turn, and return their figures."""
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            for place, runner in enumerate(runners):
                # Those of every third round are spread over all of them.
                if runner.every and (number + place) % runner.every == 0:
                    runner.times.append(runner.run())
    finally:
        gc.enable()
    for runner in runners:
        if runner.times:
            runner.figure.seconds = median(runner.times)
    return {runner.name: runner.figure for runner in runners}
