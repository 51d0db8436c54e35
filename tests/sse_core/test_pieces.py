"""Pieces of a line: joined in order, whatever their sizes, and small in memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from sse_core._pieces import BATCH, SMALL, Pieces

SIZES = st.lists(
    st.sampled_from([0, 1, SMALL - 1, SMALL, BATCH, BATCH + 1]) | st.integers(0, 600), max_size=60
)


@given(SIZES)
def test_pieces_of_any_sizes_are_joined_in_order(sizes: list[int]) -> None:
    pieces = Pieces()
    expected = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    for piece in expected:
        pieces.append(piece)
    assert pieces.join() == b"".join(expected)


def test_single_bytes_take_little_more_memory_than_their_number() -> None:
    number = 2**18
    tracemalloc.start()
    try:
        pieces = Pieces()
        for _ in range(number):
            pieces.append(b"x")
        held, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A batch is an object, and a bytearray may have an eighth to spare.
    assert held < 1.25 * number
