"""Counts over time: nothing is lost of them, and their memory stays as it is, however long it goes on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sse_transports.cli.stats._over_time import PLACES, OverTime

times = st.lists(st.floats(0, 1e7), min_size=1, max_size=50)


@given(times, st.integers(1, 200))
def test_every_count_is_in_a_column_and_not_far_from_its_own(times: list[float], columns: int) -> None:
    counts = OverTime()
    for seconds in times:
        counts.add(seconds)
    whole = max(times) or 1.0
    found = counts.columns(columns, whole)
    assert sum(found) == len(times)
    assert len(counts._counts) == PLACES
    # To a place, which is small beside a column: what lies before a column is what lies there in time.
    for column in range(columns):
        end = (column + 1) * whole / columns
        before = sum(found[: column + 1])
        assert sum(t < end - counts.width for t in times) <= before
        if column + 1 < columns:
            assert before <= sum(t < end + counts.width for t in times)


@given(st.floats(1, 1e7))
def test_a_place_is_a_small_part_of_the_whole(seconds: float) -> None:
    counts = OverTime()
    counts.add(seconds)
    assert counts.width <= seconds / (PLACES // 2) * 1.0001


def test_a_part_of_the_time_has_what_happened_in_it() -> None:
    counts = OverTime()
    for seconds in (0.1, 0.2, 5.0, 9.9):
        counts.add(seconds, 2)
    assert counts.columns(10, 10.0) == [4, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert counts.columns(10, 10.0, since=4.0, until=6.0) == [0, 0, 0, 0, 0, 2, 0, 0, 0, 0]
