"""A long stream of small events takes no more memory than one chunk of it.

Run with `-s` to see the peaks.
"""

from __future__ import annotations

import pytest

from benchmarks.fixtures import ANTHROPIC, CRLF, FOUR_FIELDS, HEARTBEATS, OPENAI, OPENAI_CJK, STREAMS
from benchmarks.parse_memory import CHUNK, chunks_of, object_peaks

MAX_PEAK = 2**20
SIZE = 3 * 2**20


@pytest.mark.parametrize("name", [OPENAI, OPENAI_CJK, ANTHROPIC, HEARTBEATS, CRLF, FOUR_FIELDS])
def test_long_stream_takes_less_than_a_mebibyte(name: str) -> None:
    fixture = STREAMS[name](1009)
    points = list(object_peaks(b"".join(fixture.chunks), SIZE, 4))
    print(f"\n{name}: {[f'{peak / 1024:.0f} KiB' for _, _, peak in points]}")
    assert all(peak < MAX_PEAK for _, _, peak in points)
    # It does not grow: the peak of the first quarter is that of the whole, except for where the chunks end.
    assert points[-1][2] < points[0][2] * 1.1 + CHUNK
    # The stream was parsed: about as many events as its bytes contain.
    assert points[-1][1] == pytest.approx(SIZE / len(b"".join(fixture.chunks)) * 1009, rel=0.01)


def test_chunks_repeat_the_pattern() -> None:
    pattern = bytes(range(256)) * 1000
    size = 3 * len(pattern) + 7
    chunks = list(chunks_of(pattern, size))
    assert b"".join(chunks) == (pattern * 4)[:size]
    assert {len(chunk) for chunk in chunks[:-1]} == {CHUNK}
