"""`ByteBuffer` joins the pieces of a line in order, and single bytes in it take little memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from sse_core._parser import ByteBuffer

SMALL, BATCH = ByteBuffer.SMALL_PIECE, ByteBuffer.BATCH

SIZES = st.lists(
    st.sampled_from([0, 1, SMALL - 1, SMALL, BATCH, BATCH + 1]) | st.integers(0, 600), max_size=60
)


@given(SIZES)
def test_pieces_of_any_size_are_joined_in_order(sizes: list[int]) -> None:
    buffer = ByteBuffer()
    pieces = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    for piece in pieces:
        buffer.append(piece)
    assert buffer.join() == b"".join(pieces)


def test_single_bytes_take_little_memory() -> None:
    number = 2**18
    tracemalloc.start()
    try:
        buffer = ByteBuffer()
        for _ in range(number):
            buffer.append(b"x")
        held, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Each batch is an object, and a bytearray may allocate an eighth more than it holds.
    assert held < 1.25 * number
