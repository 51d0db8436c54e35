"""Peak memory is proportional to the size limit plus the chunk, whatever a hostile server sends.

Run with `-s` to see the measured factors: peak memory divided by (limit + chunk).
"""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, replace

import pytest

from sse_core import EventTooLarge, Parser

LIMIT = 2**18
SMALL, LARGE = 1460, LIMIT

# What takes the most memory is a long line: its pieces are joined (2 times its size), the value is copied out
# of it (2) and decoded to four bytes a character (4), and a little more.
FACTOR = 12

# A chunk is split into its lines: a line of two bytes and its line end becomes an object of 35 bytes and a
# list slot of 8, in addition to the chunk and its copies.
SPLIT_FACTOR = 20

# Single bytes are gathered in batches, because each would otherwise be an object of its own.
TINY_CHUNKS_FACTOR = 3


@dataclass(frozen=True)
class Shape:
    """A stream of `size` bytes: `head`, then `unit` repeated, then `tail`."""

    head: bytes
    unit: bytes
    size: int
    tail: bytes = b""
    comments: bool = False

    def stream(self) -> bytes:
        times = (self.size - len(self.head) - len(self.tail)) // len(self.unit)
        return self.head + self.unit * times + self.tail


TOO_LARGE = {
    "an endless line": Shape(b"data: ", b"x", 2 * LIMIT),
    "an endless line of wide characters": Shape(b"data: ", "😀".encode(), 2 * LIMIT),
    "an endless line of malformed UTF-8": Shape(b"data: ", b"\xff", 2 * LIMIT),
    "an endless id": Shape(b"id: ", b"x", 2 * LIMIT),
    "an endless event type": Shape(b"event: ", b"x", 2 * LIMIT),
    "an endless returned comment": Shape(b":", b"x", 2 * LIMIT, comments=True),
    "tiny data lines": Shape(b"", b"data\n", 2 * LIMIT),
    "data lines of two bytes": Shape(b"", b"data:ab\n", 2 * LIMIT),
    "tiny id lines": Shape(b"", b"id\n", 2 * LIMIT),
    "lines of every kind": Shape(b"", b"data\rid:1\r\nevent:a\nretry:5\nx\n:\n", 4 * LIMIT),
}

WITHIN_LIMIT = {
    "a huge id": Shape("id: 😀".encode(), b"x", LIMIT, b"\n\n"),
    "a huge event type": Shape("event: 😀".encode(), b"x", LIMIT, b"\n\n"),
    "a huge data line": Shape("data: 😀".encode(), b"x", LIMIT, b"\n\n"),
    "a huge data line of malformed UTF-8": Shape(b"data: ", b"\xff", LIMIT, b"\n\n"),
    "one event of 50,000 data lines": Shape("data: 😀\n".encode(), b"data\n", LIMIT, b"\n"),
    "a huge returned comment": Shape(": 😀".encode(), b"x", LIMIT, b"\n", comments=True),
}

ENDLESS = {
    "a comment": Shape(b":", b"x", 4 * LIMIT),
    "an unknown field": Shape(b"unknown: ", b"x", 4 * LIMIT),
    "an unknown field without a colon": Shape(b"", b"data", 4 * LIMIT),
    "tiny unknown fields": Shape(b"", b"ab\n", 4 * LIMIT),
    "tiny unknown fields within an event": Shape(b"data\n", b"ab\n", 4 * LIMIT),
    "tiny unknown blocks": Shape(b"", b"a\n\n", 4 * LIMIT),
    "tiny comments": Shape(b"", b":\n", 4 * LIMIT),
    "colons": Shape(b"", b":", 4 * LIMIT),
    "blank lines": Shape(b"", b"\n", 4 * LIMIT),
    "CR": Shape(b"", b"\r", 4 * LIMIT),
    "CRLF": Shape(b"", b"\r\n", 4 * LIMIT),
    "events without data": Shape(b"", b"id:1\n\n", 4 * LIMIT),
}


def peak(shape: Shape, chunk: int, limit: int = LIMIT) -> tuple[int, bool]:
    """Parse the stream. Return the peak memory in bytes, chunk included, and whether it failed."""
    parser = Parser(max_event_size=limit, comments=shape.comments)
    stream = memoryview(shape.stream())
    failed = False
    tracemalloc.start()
    try:
        for start in range(0, len(stream), chunk):
            # A new object for each chunk, as from a socket. Only the parser keeps a reference to it.
            parser.feed(bytes(stream[start : start + chunk]))
    except EventTooLarge:
        failed = True
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most, failed


def memory_factor(name: str, chunk: int, most: int, limit: int = LIMIT) -> float:
    """Return and print peak memory divided by (limit + chunk)."""
    factor = most / (limit + chunk)
    print(f"\n{factor:6.2f} times (limit {limit} + chunk {chunk}): {name}")
    return factor


@pytest.mark.parametrize("chunk", [64, SMALL, LARGE])
@pytest.mark.parametrize("name", TOO_LARGE)
def test_memory_of_an_event_over_the_limit_is_bounded(name: str, chunk: int) -> None:
    most, failed = peak(TOO_LARGE[name], chunk)
    assert failed
    assert memory_factor(name, chunk, most) < FACTOR


@pytest.mark.parametrize("chunk", [64, SMALL, LARGE])
@pytest.mark.parametrize("name", WITHIN_LIMIT)
def test_memory_of_an_event_within_the_limit_is_bounded(name: str, chunk: int) -> None:
    most, failed = peak(WITHIN_LIMIT[name], chunk)
    assert not failed
    assert memory_factor(name, chunk, most) < FACTOR


@pytest.mark.parametrize("chunk", [SMALL, LARGE])
@pytest.mark.parametrize("name", ENDLESS)
def test_memory_of_endless_ignored_bytes_is_bounded(name: str, chunk: int) -> None:
    # With a tiny limit, so that only the chunk counts.
    most, failed = peak(ENDLESS[name], chunk, limit=10)
    assert not failed
    # Minus some kilobytes that Python allocates once.
    assert memory_factor(name, chunk, max(0, most - 8192), limit=10) < SPLIT_FACTOR


@pytest.mark.parametrize("chunk", [1, 2])
def test_memory_of_a_line_in_tiny_chunks_is_bounded(chunk: int) -> None:
    name = "an endless line"
    most, failed = peak(TOO_LARGE[name], chunk)
    assert failed
    assert memory_factor(name, chunk, most) < TINY_CHUNKS_FACTOR


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_memory_of_data_lines_in_tiny_chunks_is_bounded(chunk: int) -> None:
    shape = Shape(b"", b"data: x\n", 2 * LIMIT)
    most, failed = peak(shape, chunk)
    assert failed
    assert memory_factor("data lines", chunk, most) < TINY_CHUNKS_FACTOR


@pytest.mark.parametrize("name", ["a comment", "tiny unknown fields", "blank lines", "CR"])
def test_memory_of_a_huge_chunk_is_bounded(name: str) -> None:
    # The parser takes a chunk in slices, so that only the lines of one slice are in memory at a time.
    shape = replace(ENDLESS[name], size=8 * LIMIT)
    most, failed = peak(shape, shape.size, limit=10)
    assert not failed
    assert memory_factor(name, shape.size, most, limit=10) < 4
