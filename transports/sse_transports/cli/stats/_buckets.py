"""The bars of a histogram: buckets that grow as what they count does, few enough to be looked at."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from ._distribution import NOTHING, Distribution

MOST = 14
"""Bars at most; then buckets are wider."""

STEPS: tuple[tuple[int, ...], ...] = ((1, 2, 5), (1, 3), (1,))
"""Where buckets begin within a power of ten, the finest first."""


class Bucket(NamedTuple):
    """One bar.

    Attributes:
        low: where it begins.
        high: where it ends, itself left out. 0 in the bucket of what is 0.
        holds: how many are in it.
    """

    low: float
    high: float
    holds: int


def buckets(spread: Distribution) -> list[Bucket]:
    """Return the bars for these numbers, from the least on; none if there are no numbers."""
    if not spread.count:
        return []
    edges = _edges(spread)
    zeros, *counts = spread.counts([0.0, *edges])
    if counts and spread.least >= NOTHING:
        # The precision has put them below the first edge; they are no zeros.
        counts[0], zeros = counts[0] + zeros, 0
    bars = [Bucket(low, high, count) for (low, high), count in zip(pairwise(edges), counts, strict=True)]
    return [Bucket(0.0, 0.0, zeros), *bars] if zeros else bars


def _edges(spread: Distribution) -> list[float]:
    if not spread.least_above:
        return [NOTHING]
    for steps in STEPS:
        edges = _around(spread.least_above, spread.most, steps)
        if len(edges) - 1 <= MOST:
            break
    return edges


def _around(least: float, most: float, steps: tuple[int, ...]) -> list[float]:
    # One more at either end: a logarithm is rounded.
    first = math.floor(math.log10(least)) - 1
    last = math.floor(math.log10(most)) + 2
    places = [_edge(step, power) for power in range(first, last + 1) for step in steps]
    begin = max(index for index, place in enumerate(places) if place <= least)
    end = min(index for index, place in enumerate(places) if place > most)
    return places[begin : end + 1]


def _edge(step: int, power: int) -> float:
    # Written and read: 5 * 10**-3 is not 0.005.
    return float(f"{step}e{power}")
