"""The time to parse grows linearly with the bytes, whatever they are and however they are cut.

Four times the bytes take a linear parser about four times as long, and a quadratic one sixteen times. The
tests compare two processor times with each other, never one with a fixed limit.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

import pytest

from sse_core import Comment, Event, Parser
from tests.sse_core.feeding import in_pieces

if TYPE_CHECKING:
    from collections.abc import Callable

PACKET = 1460
"""Bytes of a full TCP segment on Ethernet."""

BOUND = 8
"""How much longer four times the bytes may take: the geometric mean of 4 (linear) and 16 (quadratic)."""

ATTEMPTS = 4
"""Comparisons per shape. Other load on the machine may spoil one of them, but not all."""

Chunks = list[bytes]


def in_packets(head: bytes, unit: bytes, size: int, tail: bytes = b"") -> Chunks:
    return in_pieces(head + unit * (size // len(unit)) + tail, PACKET)


def in_one_chunk(head: bytes, unit: bytes, size: int, tail: bytes = b"") -> Chunks:
    return [head + unit * (size // len(unit)) + tail]


def per_unit(unit: bytes, size: int) -> Chunks:
    return [unit] * (size // len(unit))


# For each shape: a function from a size to its chunks, and the smaller of the two sizes to compare. It is
# large enough for quadratic work to dominate, and small enough for four times as much to fit in the
# processor's cache, because copying is slower outside of it. Shapes whose bytes are hardly more than copied
# are larger than the cache in both sizes.
SHAPES: dict[str, tuple[Callable[[int], Chunks], int]] = {
    "one line in packets": (lambda size: in_packets(b"data: ", b"x", size, b"\n\n"), 2**21),
    "one line byte by byte": (lambda size: per_unit(b"x", size), 2**15),
    "one data line byte by byte": (lambda size: [b"data: ", *per_unit(b"x", size), b"\n", b"\n"], 2**16),
    "data lines in packets": (lambda size: in_packets(b"", b"data: x\n", size, b"\n"), 2**18),
    "data lines in one chunk": (lambda size: in_one_chunk(b"", b"data: x\n", size, b"\n"), 2**18),
    "lines without a space in packets": (lambda size: in_packets(b"", b"data:x\n", size, b"\n"), 2**18),
    "lines without a space in one chunk": (lambda size: in_one_chunk(b"", b"data:x\n", size, b"\n"), 2**18),
    "large lines without a space in packets": (
        lambda size: in_packets(b"", b"data:" + b"x" * 100 + b"\n", size, b"\n"),
        2**19,
    ),
    "large lines without a space in one chunk": (
        lambda size: in_one_chunk(b"", b"data:" + b"x" * 100 + b"\n", size, b"\n"),
        2**19,
    ),
    "data lines of a hundred bytes in packets": (
        lambda size: in_packets(b"", b"data: " + b"x" * 100 + b"\n", size, b"\n"),
        2**21,
    ),
    "two kinds of data lines in packets": (
        lambda size: in_packets(b"", b"data: x\ndata: y\ndata:z\n", size, b"\n"),
        2**18,
    ),
    "data lines, one per chunk": (lambda size: per_unit(b"data: x\n", size), 2**17),
    "large data lines": (lambda size: in_packets(b"", b"data:" + b"x" * 20_000 + b"\n", size, b"\n"), 2**20),
    "CR in packets": (lambda size: in_packets(b"", b"\r", size), 2**17),
    "CR in one chunk": (lambda size: in_one_chunk(b"", b"\r", size), 2**17),
    "CR byte by byte": (lambda size: per_unit(b"\r", size), 2**15),
    "one CR in a large chunk": (lambda size: in_one_chunk(b"data: a\r", b"data: x\n\n", size), 2**17),
    "one CR before a long line in packets": (
        lambda size: in_packets(b"\rdata: ", b"x", size, b"\n\n"),
        2**19,
    ),
    "CRLF events in one chunk": (lambda size: in_one_chunk(b"", b"data: x\r\n\r\n", size), 2**17),
    "CRLF events in packets": (lambda size: in_packets(b"", b"data: x\r\n\r\n", size), 2**17),
    "CRLF byte by byte": (lambda size: [b"\r", b"\n"] * (size // 2), 2**15),
    "colons in packets": (lambda size: in_packets(b"", b":", size), 2**19),
    "colons in one chunk": (lambda size: in_one_chunk(b"", b":", size), 2**19),
    "colons within data": (lambda size: in_packets(b"data", b":", size, b"\n\n"), 2**21),
    "blank lines in one chunk": (lambda size: in_one_chunk(b"", b"\n", size), 2**17),
    "blank lines within an event": (lambda size: per_unit(b"data\n\n\n\n", size), 2**17),
    "an unknown field in packets": (lambda size: in_packets(b"unknown: ", b"x", size, b"\n"), 2**19),
    "unknown lines within an event": (lambda size: in_packets(b"data\n", b"ab\n", size), 2**17),
    "a comment in packets": (lambda size: in_packets(b": ", b"x", size, b"\n"), 2**19),
    "comments within an event": (lambda size: in_packets(b"data\n", b":\n", size), 2**17),
    "id lines": (lambda size: in_packets(b"", b"id: 1\n", size), 2**17),
    "retry lines of many digits": (lambda size: in_one_chunk(b"retry: ", b"9", size, b"\n\n"), 2**19),
    "retry lines of many zeros": (lambda size: in_one_chunk(b"retry: ", b"0", size, b"\n\n"), 2**19),
    "many events in one chunk": (lambda size: in_one_chunk(b"", b"data: x\n\n", size), 2**18),
    "many events in packets": (lambda size: in_packets(b"", b"event: a\ndata: x\n\n", size), 2**18),
    "many events, one per chunk": (lambda size: per_unit(b"data: x\n\n", size), 2**17),
    "events with an ID in one chunk": (lambda size: in_one_chunk(b"", b"id: 1\ndata: x\n\n", size), 2**18),
    "events with an ID in packets": (lambda size: in_packets(b"", b"id: 1\ndata: x\n\n", size), 2**18),
    "events of two types in packets": (
        lambda size: in_packets(b"", b"event: a\ndata: x\n\nevent: b\ndata: x\n\n", size),
        2**18,
    ),
    "frames of the greatest length": (
        lambda size: per_unit(b"event: " + b"a" * 900 + b"\ndata: x\n\nevent: b\ndata: x\n\n", size),
        2**18,
    ),
    "byte by byte": (lambda size: [b"d", b"a", b"t", b"a", b":", b"x", b"\n", b"\n"] * (size // 8), 2**15),
    "malformed UTF-8": (lambda size: in_packets(b"data: ", b"\xe2\x82", size, b"\n\n"), 2**18),
}


def cost(parser: Parser[Event], chunks: Chunks) -> float:
    # A garbage collection visits all objects of the process, also those of the test.
    gc.disable()
    try:
        start = time.thread_time()
        for chunk in chunks:
            parser.feed(chunk)
        return time.thread_time() - start
    finally:
        gc.enable()


def growth(
    new_parser: Callable[[], Parser[Event]], chunks_of: Callable[[int], Chunks], size: int, runs: int
) -> float:
    """Return how many times longer four times `size` takes, by the fastest of several alternating runs."""
    small, large = chunks_of(size), chunks_of(4 * size)
    costs = [(cost(new_parser(), small), cost(new_parser(), large)) for _ in range(runs)]
    return min(of_large for _, of_large in costs) / min(of_small for of_small, _ in costs)


@pytest.mark.parametrize("name", SHAPES)
def test_cost_grows_linearly(name: str) -> None:
    chunks_of, size = SHAPES[name]
    measured: list[float] = []
    while not measured or (measured[-1] >= BOUND and len(measured) < ATTEMPTS):
        measured.append(growth(Parser, chunks_of, size, runs=3))
    print(f"\n{name}: {measured}")
    assert min(measured) < BOUND


# Naive parsers, for which the test must fail. They override private methods, because no public option makes a
# parser slow.


class JoinsLineAtEachChunk(Parser[Event]):
    """Joins the pieces of an unfinished line at each chunk, as a naive parser does."""

    def _buffer_middle_of_line(self, data: bytes) -> bool:
        held = super()._buffer_middle_of_line(data)
        self._line = [b"".join(self._line)]
        return held


class JoinsDataAtEachLine(Parser[Event]):
    """Joins the data of an unfinished event at each line, as a naive parser does."""

    def _parse_lines(self, lines: list[str], events: list[Event]) -> None:  # type: ignore[override]
        for line in lines:
            super()._parse_lines([line], events)  # type: ignore[arg-type]
            if isinstance(self._data, list):
                self._data = "\n".join(self._data)


class JoinsDataAtEachChunk(Parser[Event]):
    """Joins the data lines of an unfinished event at each chunk, as a naive parser does."""

    def _parse_data_lines(self, data: bytes, end: int) -> bool:
        taken = super()._parse_data_lines(data, end)
        if isinstance(self._data, list):
            self._data = "\n".join(self._data)
        return taken


class KeepsAllUnparsed(Parser[Event]):
    """Keeps an unfinished event unparsed, whatever its size, and copies it at each chunk."""

    def _store_unfinished(self, data: bytes, events: list[Event | Comment]) -> None:
        self._unparsed.append(data)


@pytest.mark.parametrize(
    ("parser", "shape"),
    [
        (JoinsLineAtEachChunk, "one line in packets"),
        (KeepsAllUnparsed, "one line in packets"),
        (JoinsDataAtEachLine, "large lines without a space in packets"),
        (JoinsDataAtEachLine, "large lines without a space in one chunk"),
        (JoinsDataAtEachChunk, "data lines of a hundred bytes in packets"),
    ],
    ids=[
        "line joined at each packet",
        "all unparsed in packets",
        "data joined at each line in packets",
        "data joined at each line in one chunk",
        "data joined at each packet",
    ],
)
def test_the_measure_detects_quadratic_work(parser: Callable[[], Parser[Event]], shape: str) -> None:
    chunks_of, size = SHAPES[shape]
    assert any(growth(parser, chunks_of, size, runs=1) >= BOUND for _ in range(ATTEMPTS))
