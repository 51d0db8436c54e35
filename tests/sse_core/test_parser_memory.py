"""A hostile stream costs memory in proportion to the limit and the chunk, and to nothing else.

Run with `-s` to see the measured factors: peak memory over (limit + chunk).
"""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, replace

import pytest

from sse_core import EventTooLarge, Parser

LIMIT = 2**18
SMALL, LARGE = 1460, LIMIT

# The dearest thing that is done to a line: its pieces are joined (2 times its size), the value is cut off (2)
# and decoded to four bytes a character (4), and a little more.
FACTOR = 12

# A chunk is split into its lines: one of two bytes and its end is an object of 35 and a place in a list of 8,
# beside the chunk and its copies.
FACTOR_OF_LINES = 20

# A line that comes byte by byte is gathered into batches, not held as so many objects.
FACTOR_OF_DRIPS = 3


@dataclass(frozen=True)
class Shape:
    """`head`, then `unit` over and over up to `size` bytes, then `tail`."""

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
    "an endless comment that was asked for": Shape(b":", b"x", 2 * LIMIT, comments=True),
    "tiny data lines": Shape(b"", b"data\n", 2 * LIMIT),
    "data lines of two bytes": Shape(b"", b"data:ab\n", 2 * LIMIT),
    "tiny id lines": Shape(b"", b"id\n", 2 * LIMIT),
    "lines of every kind": Shape(b"", b"data\rid:1\r\nevent:a\nretry:5\nx\n:\n", 4 * LIMIT),
}

JUST_PASSING = {
    "a huge id": Shape("id: 😀".encode(), b"x", LIMIT, b"\n\n"),
    "a huge event type": Shape("event: 😀".encode(), b"x", LIMIT, b"\n\n"),
    "a huge data line": Shape("data: 😀".encode(), b"x", LIMIT, b"\n\n"),
    "a huge data line of malformed UTF-8": Shape(b"data: ", b"\xff", LIMIT, b"\n\n"),
    "one event of 50,000 data lines": Shape("data: 😀\n".encode(), b"data\n", LIMIT, b"\n"),
    "a huge comment that was asked for": Shape(": 😀".encode(), b"x", LIMIT, b"\n", comments=True),
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
    """Return the bytes that parsing took at most, the chunk at hand included, and whether it failed."""
    parser = Parser(max_event_size=limit, comments=shape.comments)
    stream = memoryview(shape.stream())
    failed = False
    tracemalloc.start()
    try:
        for start in range(0, len(stream), chunk):
            # A new object each, as from a socket, and dropped at once but for what the parser keeps.
            parser.feed(bytes(stream[start : start + chunk]))
    except EventTooLarge:
        failed = True
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most, failed


def told(name: str, chunk: int, most: int, limit: int = LIMIT) -> float:
    factor = most / (limit + chunk)
    print(f"\n{factor:6.2f} times (limit {limit} + chunk {chunk}): {name}")
    return factor


@pytest.mark.parametrize("chunk", [64, SMALL, LARGE])
@pytest.mark.parametrize("name", TOO_LARGE)
def test_an_event_that_outgrows_the_limit_takes_little_more_than_the_limit(name: str, chunk: int) -> None:
    most, failed = peak(TOO_LARGE[name], chunk)
    assert failed
    assert told(name, chunk, most) < FACTOR


@pytest.mark.parametrize("chunk", [64, SMALL, LARGE])
@pytest.mark.parametrize("name", JUST_PASSING)
def test_an_event_of_almost_the_limit_takes_little_more_than_the_limit(name: str, chunk: int) -> None:
    most, failed = peak(JUST_PASSING[name], chunk)
    assert not failed
    assert told(name, chunk, most) < FACTOR


@pytest.mark.parametrize("chunk", [SMALL, LARGE])
@pytest.mark.parametrize("name", ENDLESS)
def test_what_gives_no_event_may_be_endless_and_takes_a_few_chunks(name: str, chunk: int) -> None:
    # A limit of next to nothing: only the chunk may count.
    most, failed = peak(ENDLESS[name], chunk, limit=10)
    assert not failed
    # Some kilobytes beside: what Python itself takes, once.
    assert told(name, chunk, max(0, most - 8192), limit=10) < FACTOR_OF_LINES


@pytest.mark.parametrize("chunk", [1, 2])
def test_a_line_in_drips_takes_little_more_than_the_line(chunk: int) -> None:
    name = "an endless line"
    most, failed = peak(TOO_LARGE[name], chunk)
    assert failed
    assert told(name, chunk, most) < FACTOR_OF_DRIPS


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_many_data_lines_in_drips_take_little_more_than_the_event(chunk: int) -> None:
    shape = Shape(b"", b"data: x\n", 2 * LIMIT)
    most, failed = peak(shape, chunk)
    assert failed
    assert told("data lines", chunk, most) < FACTOR_OF_DRIPS


@pytest.mark.parametrize("name", ["a comment", "tiny unknown fields", "blank lines", "CR"])
def test_a_chunk_far_larger_than_the_limit_takes_little_more_than_itself(name: str) -> None:
    # A chunk is taken in parts, so that what it is split into never stands in memory all at once.
    shape = replace(ENDLESS[name], size=8 * LIMIT)
    most, failed = peak(shape, shape.size, limit=10)
    assert not failed
    assert told(name, shape.size, most, limit=10) < 4
