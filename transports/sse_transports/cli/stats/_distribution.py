"""The distribution of many numbers: percentiles and counts, in bounded memory."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Sequence

EXACT = 10_000
"""Up to so many numbers are stored exactly."""

PRECISION = 0.01
"""With more numbers, the largest relative error of a percentile."""

RESOLUTION = 1e-9
"""Smaller numbers count as zero: clocks cannot measure them."""

# Each bucket ends at this multiple of its beginning, so that one number between the two represents all
# numbers in the bucket with an error of PRECISION at most.
_STEP = (1 + PRECISION) / (1 - PRECISION)
_LOG_STEP = math.log(_STEP)


class Distribution:
    """The distribution of numbers from 0 up.

    Percentiles are nearest-rank: the smallest number such that the given percentage of all numbers are not
    greater. They are exact up to `EXACT` numbers. After that, numbers are counted in buckets that grow by a
    constant factor: some 1,700 between a microsecond and thirty years.

    Args:
        exact: how many numbers are stored exactly.

    Attributes:
        count: how many numbers were added.
        total: their sum.
        minimum: the smallest number, 0 if there are none.
        min_positive: the smallest number that is not zero (see `RESOLUTION`), 0 if there are none.
        maximum: the largest number, 0 if there are none.
    """

    def __init__(self, *, exact: int = EXACT) -> None:
        self.count = 0
        self.total = 0.0
        self.minimum = 0.0
        self.min_positive = 0.0
        self.maximum = 0.0
        self._exact = exact
        # All numbers while `is_exact`, then empty.
        self._numbers: list[float] = []
        # How many numbers are in each bucket and how many are zero, once `is_exact` is false.
        self._buckets: dict[int, int] = {}
        self._zeros = 0

    @property
    def is_exact(self) -> bool:
        """Whether percentiles are exact."""
        return self.count <= self._exact

    @property
    def stored(self) -> int:
        """How many numbers and buckets are stored."""
        return len(self._numbers) + len(self._buckets)

    def add(self, number: float) -> None:
        """Add one number."""
        self.minimum = number if not self.count else min(self.minimum, number)
        self.maximum = max(self.maximum, number)
        if number >= RESOLUTION and (number < self.min_positive or not self.min_positive):
            self.min_positive = number
        self.count += 1
        self.total += number
        if self.count <= self._exact:
            self._numbers.append(number)
            return
        for each in self._numbers:
            self._add_to_bucket(each)
        self._numbers.clear()
        self._add_to_bucket(number)

    def percentile(self, percent: int) -> float:
        """Return the smallest number such that `percent` per cent are not greater; 0 if there are none."""
        rank = max(1, -(-percent * self.count // 100))
        passed = 0
        for number, count in self._sorted():
            passed += count
            if passed >= rank:
                return number
        return 0.0

    def counts(self, edges: Sequence[float]) -> list[int]:
        """Return how many numbers are between each edge and the next, the next excluded.

        Args:
            edges: ascending. Numbers outside are counted at the nearest end.
        """
        counts = [0] * (len(edges) - 1)
        for number, count in self._sorted():
            index = bisect.bisect_right(edges, number) - 1
            counts[min(max(index, 0), len(counts) - 1)] += count
        return counts

    def _add_to_bucket(self, number: float) -> None:
        if number < RESOLUTION:
            self._zeros += 1
        else:
            bucket = math.ceil(math.log(number) / _LOG_STEP)
            self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def _sorted(self) -> Iterator[tuple[float, int]]:
        """Yield numbers in ascending order, or one for each bucket, with how many it represents."""
        if self.is_exact:
            for number in sorted(self._numbers):
                yield number, 1
            return
        if self._zeros:
            yield self.minimum, self._zeros
        for bucket, count in sorted(self._buckets.items()):
            # The number with the same relative error to both ends of the bucket.
            number = 2 * _STEP**bucket / (_STEP + 1)
            yield min(max(number, self.minimum), self.maximum), count
