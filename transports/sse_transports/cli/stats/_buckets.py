"""The buckets of a histogram: their width grows with the values, and there are few enough to draw."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from ._distribution import RESOLUTION, Distribution

MAX_BUCKETS = 14
"""If there were more, wider buckets are used."""

STEPS: tuple[tuple[int, ...], ...] = ((1, 2, 5), (1, 3), (1,))
"""Where buckets begin within a power of ten, the finest division first."""


class Bucket(NamedTuple):
    """One bar of the histogram.

    Attributes:
        low: the lowest value in it.
        high: the end of the bucket, exclusive. 0 in the bucket of zeros.
        frequency: how many numbers are in it.
    """

    low: float
    high: float
    frequency: int


def buckets(values: Distribution) -> list[Bucket]:
    """Return the buckets in ascending order; none if there are no values."""
    if not values.count:
        return []
    edges = _edges(values)
    zeros, *counts = values.counts([0.0, *edges])
    if counts and values.minimum >= RESOLUTION:
        # Approximated values may fall below the first edge; they are not zeros.
        counts[0], zeros = counts[0] + zeros, 0
    bars = [Bucket(low, high, count) for (low, high), count in zip(pairwise(edges), counts, strict=True)]
    return [Bucket(0.0, 0.0, zeros), *bars] if zeros else bars


def _edges(values: Distribution) -> list[float]:
    if not values.min_positive:
        return [RESOLUTION]
    for steps in STEPS:
        edges = _edges_around(values.min_positive, values.maximum, steps)
        if len(edges) - 1 <= MAX_BUCKETS:
            break
    return edges


def _edges_around(minimum: float, maximum: float, steps: tuple[int, ...]) -> list[float]:
    # One power more at either end, because the logarithm is rounded.
    first = math.floor(math.log10(minimum)) - 1
    last = math.floor(math.log10(maximum)) + 2
    edges = [_edge(step, power) for power in range(first, last + 1) for step in steps]
    begin = max(index for index, edge in enumerate(edges) if edge <= minimum)
    end = min(index for index, edge in enumerate(edges) if edge > maximum)
    return edges[begin : end + 1]


def _edge(step: int, power: int) -> float:
    # Parsed from text: 5 * 10**-3 is not 0.005.
    return float(f"{step}e{power}")
