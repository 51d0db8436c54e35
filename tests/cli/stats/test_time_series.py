"""A time series loses no counts, and its memory is bounded for any length of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sse_transports.cli.stats._time_series import SLOTS, TimeSeries

times = st.lists(st.floats(0, 1e7), min_size=1, max_size=50)


@given(times, st.integers(1, 200))
def test_every_count_is_in_its_column_or_next_to_it(times: list[float], columns: int) -> None:
    counts = TimeSeries()
    for seconds in times:
        counts.add(seconds)
    duration = max(times) or 1.0
    found = counts.columns(columns, duration)
    assert sum(found) == len(times)
    assert len(counts) == SLOTS
    # To the precision of a slot, the columns up to each time hold what happened up to that time.
    for column in range(columns):
        end = (column + 1) * duration / columns
        before = sum(found[: column + 1])
        assert sum(t < end - counts.width for t in times) <= before
        if column + 1 < columns:
            assert before <= sum(t < end + counts.width for t in times)


@given(st.floats(1, 1e7))
def test_slot_is_a_small_part_of_the_whole_time(seconds: float) -> None:
    counts = TimeSeries()
    counts.add(seconds)
    assert counts.width <= seconds / (SLOTS // 2) * 1.0001


def test_columns_can_be_limited_to_a_part_of_the_time() -> None:
    counts = TimeSeries()
    for seconds in (0.1, 0.2, 5.0, 9.9):
        counts.add(seconds, 2)
    assert counts.columns(10, 10.0) == [4, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert counts.columns(10, 10.0, since=4.0, until=6.0) == [0, 0, 0, 0, 0, 2, 0, 0, 0, 0]
