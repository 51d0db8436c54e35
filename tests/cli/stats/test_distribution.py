"""Percentiles are those of the definition, exactly as long as that is promised, and nearly so afterwards."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_transports.cli.stats._buckets import MOST, buckets
from sse_transports.cli.stats._distribution import EXACT, PRECISION, Distribution

numbers = st.lists(st.floats(0, 1e9).map(lambda number: number if number >= 1e-9 else 0.0), min_size=1)
percents = st.integers(1, 100)


def nearest_rank(numbers: list[float], percent: int) -> float:
    """Return what the definition says, written as it is written."""
    return sorted(numbers)[math.ceil(percent * len(numbers) / 100) - 1]


def spread_of(numbers: list[float], *, exact: int = EXACT) -> Distribution:
    spread = Distribution(exact=exact)
    for number in numbers:
        spread.add(number)
    return spread


@given(numbers, percents)
def test_a_percentile_of_few_numbers_is_the_one_of_nearest_rank(numbers: list[float], percent: int) -> None:
    spread = spread_of(numbers)
    assert spread.is_exact
    assert spread.percentile(percent) == nearest_rank(numbers, percent)


@given(numbers, percents, st.integers(0, 5))
def test_a_percentile_of_many_numbers_is_off_by_a_hundredth_at_most(
    numbers: list[float], percent: int, exact: int
) -> None:
    spread = spread_of(numbers, exact=exact)
    assert spread.is_exact is (len(numbers) <= exact)
    assert spread.percentile(percent) == pytest.approx(nearest_rank(numbers, percent), rel=PRECISION + 1e-9)


@given(numbers, st.integers(0, 5))
def test_ends_and_sum_are_exact_always(numbers: list[float], exact: int) -> None:
    spread = spread_of(numbers, exact=exact)
    assert (spread.count, spread.least, spread.most) == (len(numbers), min(numbers), max(numbers))
    assert spread.total == pytest.approx(sum(numbers))
    assert spread.percentile(100) == pytest.approx(max(numbers), rel=PRECISION)


@pytest.mark.parametrize("percent", [1, 50, 99, 100])
def test_a_percentile_of_nothing_is_zero(percent: int) -> None:
    assert Distribution().percentile(percent) == 0


def test_memory_is_flat_however_many_numbers_come() -> None:
    chance = random.Random(1)
    spread = spread_of([10 ** chance.uniform(-6, 9) for _ in range(20_000)])
    kept = len(spread._numbers) + len(spread._buckets)
    for _ in range(20_000):
        spread.add(10 ** chance.uniform(-6, 9))
    assert not spread._numbers
    assert len(spread._buckets) <= kept + 5
    assert kept < 1750


@given(numbers, st.sampled_from([0, 3, EXACT]))
def test_a_histogram_has_every_number_in_a_bar_and_never_too_many_bars(
    numbers: list[float], exact: int
) -> None:
    bars = buckets(spread_of(numbers, exact=exact))
    assert sum(bar.holds for bar in bars) == len(numbers)
    assert len(bars) <= max(MOST, 21) + 1
    assert all(first.high == second.low for first, second in itertools.pairwise(bars[1:]))


@given(numbers)
def test_a_number_is_in_the_bar_between_whose_ends_it_lies(numbers: list[float]) -> None:
    for bar in buckets(spread_of(numbers)):
        within = [n for n in numbers if (bar.low <= n < bar.high if bar.high else n == 0)]
        assert bar.holds == len(within)


def test_bars_begin_and_end_at_round_numbers() -> None:
    bars = buckets(spread_of([0.0, 0.004, 0.005, 0.3]))
    assert [(bar.low, bar.high, bar.holds) for bar in bars] == [
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
def test_few_numbers_make_few_bars(numbers: list[float]) -> None:
    assert len(buckets(spread_of(numbers))) == min(len(numbers), 1)
