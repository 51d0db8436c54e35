"""Percentiles follow their definition: exact for few numbers, within the precision for many."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_transports.cli.stats._buckets import MAX_BUCKETS, buckets
from sse_transports.cli.stats._distribution import EXACT, PRECISION, Distribution

numbers = st.lists(st.floats(0, 1e9).map(lambda number: number if number >= 1e-9 else 0.0), min_size=1)
percents = st.integers(1, 100)


def nearest_rank(numbers: list[float], percent: int) -> float:
    """Return a percentile by the definition of nearest rank."""
    return sorted(numbers)[math.ceil(percent * len(numbers) / 100) - 1]


def distribution_of(numbers: list[float], *, exact: int = EXACT) -> Distribution:
    values = Distribution(exact=exact)
    for number in numbers:
        values.add(number)
    return values


@given(numbers, percents)
def test_percentile_of_few_numbers_is_exact(numbers: list[float], percent: int) -> None:
    values = distribution_of(numbers)
    assert values.is_exact
    assert values.percentile(percent) == nearest_rank(numbers, percent)


@given(numbers, percents, st.integers(0, 5))
def test_percentile_of_many_numbers_is_within_precision(
    numbers: list[float], percent: int, exact: int
) -> None:
    values = distribution_of(numbers, exact=exact)
    assert values.is_exact is (len(numbers) <= exact)
    assert values.percentile(percent) == pytest.approx(nearest_rank(numbers, percent), rel=PRECISION + 1e-9)


@given(numbers, st.integers(0, 5))
def test_minimum_maximum_and_sum_are_always_exact(numbers: list[float], exact: int) -> None:
    values = distribution_of(numbers, exact=exact)
    assert (values.count, values.minimum, values.maximum) == (len(numbers), min(numbers), max(numbers))
    assert values.total == pytest.approx(sum(numbers))
    assert values.percentile(100) == pytest.approx(max(numbers), rel=PRECISION)


@pytest.mark.parametrize("percent", [1, 50, 99, 100])
def test_percentile_without_numbers_is_zero(percent: int) -> None:
    assert Distribution().percentile(percent) == 0


def test_memory_is_bounded() -> None:
    chance = random.Random(1)
    values = distribution_of([10 ** chance.uniform(-6, 9) for _ in range(20_000)])
    stored = values.stored
    for _ in range(20_000):
        values.add(10 ** chance.uniform(-6, 9))
    assert values.stored <= stored + 5
    assert stored < 1750


@given(numbers, st.sampled_from([0, 3, EXACT]))
def test_histogram_counts_every_number_in_few_buckets(numbers: list[float], exact: int) -> None:
    bars = buckets(distribution_of(numbers, exact=exact))
    assert sum(bar.frequency for bar in bars) == len(numbers)
    assert len(bars) <= max(MAX_BUCKETS, 21) + 1
    assert all(first.high == second.low for first, second in itertools.pairwise(bars[1:]))


@given(numbers)
def test_each_bucket_counts_the_numbers_between_its_ends(numbers: list[float]) -> None:
    for bar in buckets(distribution_of(numbers)):
        within = [n for n in numbers if (bar.low <= n < bar.high if bar.high else n == 0)]
        assert bar.frequency == len(within)


def test_buckets_begin_and_end_at_round_numbers() -> None:
    bars = buckets(distribution_of([0.0, 0.004, 0.005, 0.3]))
    assert [(bar.low, bar.high, bar.frequency) for bar in bars] == [
        (0.0, 0.0, 1),
        (0.002, 0.005, 1),
        (0.005, 0.01, 1),
        (0.01, 0.02, 0),
        (0.02, 0.05, 0),
        (0.05, 0.1, 0),
        (0.1, 0.2, 0),
        (0.2, 0.5, 1),
    ]


@pytest.mark.parametrize("numbers", [[], [0.0], [0.0, 0.0], [1.0], [0.5]])
def test_few_numbers_make_few_buckets(numbers: list[float]) -> None:
    assert len(buckets(distribution_of(numbers))) == min(len(numbers), 1)
