"""How many numbers are spread: percentiles and counts, in memory that does not grow with them."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Sequence

EXACT = 10_000
"""So many numbers are kept as they are."""

PRECISION = 0.01
"""Of more numbers than that, a percentile is off by at most this share of itself."""

NOTHING = 1e-9
"""What is less counts as nothing: clocks do not tell it."""

# Each bucket ends at this multiple of where it begins, so that what stands for its numbers, between the
# two, is off by PRECISION at most.
_STEP = (1 + PRECISION) / (1 - PRECISION)
_LOG_STEP = math.log(_STEP)


class Distribution:
    """Numbers from 0 up, of which only their spread is kept.

    Percentiles go by nearest rank: the least number that so many per cent of all do not exceed. They are
    exact up to `EXACT` numbers. Then the numbers are counted in buckets that grow by a constant factor,
    some 1,700 between a microsecond and thirty years.

    Args:
        exact: how many numbers are kept as they are.

    Attributes:
        count: how many there were.
        total: their sum.
        least: the least of them, 0 if there were none.
        least_above: the least of those above 0 (`NOTHING`), 0 if there were none.
        most: the largest, likewise.
    """

    def __init__(self, *, exact: int = EXACT) -> None:
        self.count = 0
        self.total = 0.0
        self.least = 0.0
        self.least_above = 0.0
        self.most = 0.0
        self._exact = exact
        self._numbers: list[float] = []
        self._buckets: dict[int, int] = {}
        self._nothings = 0

    @property
    def is_exact(self) -> bool:
        """Whether percentiles are exact."""
        return self.count <= self._exact

    def add(self, number: float) -> None:
        """Count one more."""
        self.least = number if not self.count else min(self.least, number)
        self.most = max(self.most, number)
        if number >= NOTHING and (number < self.least_above or not self.least_above):
            self.least_above = number
        self.count += 1
        self.total += number
        if self.count <= self._exact:
            self._numbers.append(number)
            return
        for each in self._numbers:
            self._put(each)
        self._numbers.clear()
        self._put(number)

    def percentile(self, percent: int) -> float:
        """Return the least number that `percent` per cent of all do not exceed; 0 if there are none."""
        rank = max(1, -(-percent * self.count // 100))
        passed = 0
        for number, count in self._sorted():
            passed += count
            if passed >= rank:
                return number
        return 0.0

    def counts(self, edges: Sequence[float]) -> list[int]:
        """Return how many lie between each edge and the next, that one left out.

        Args:
            edges: rising. What lies outside them counts at the nearest end.
        """
        counts = [0] * (len(edges) - 1)
        for number, count in self._sorted():
            place = bisect.bisect_right(edges, number) - 1
            counts[min(max(place, 0), len(counts) - 1)] += count
        return counts

    def _put(self, number: float) -> None:
        if number < NOTHING:
            self._nothings += 1
        else:
            bucket = math.ceil(math.log(number) / _LOG_STEP)
            self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def _sorted(self) -> Iterator[tuple[float, int]]:
        """Give each number, or what stands for some, with how many they are, from the least on."""
        if self.is_exact:
            for number in sorted(self._numbers):
                yield number, 1
            return
        if self._nothings:
            yield self.least, self._nothings
        for bucket, count in sorted(self._buckets.items()):
            # The place between both ends that is off by the same share of either.
            number = 2 * _STEP**bucket / (_STEP + 1)
            yield min(max(number, self.least), self.most), count
