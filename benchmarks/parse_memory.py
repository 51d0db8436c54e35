"""Measure the memory that a long stream takes: 1 GB of small events, read and dropped. `make bench-memory`.

There are two measures, each at several points of the stream: the peak size of Python's objects apart from the
current chunk (tracemalloc), and the peak growth of the resident size, in a separate process. Both must stay
constant: a long stream takes no more memory than one chunk of it.

    parse_memory.py [--bytes 1000000000]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tracemalloc
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.fixtures import ANTHROPIC, STREAMS
from sse_core import Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 65536
POINTS = 8

PATTERN_EVENTS = 9973
"""Events in the bytes that the stream repeats: no multiple of a chunk, so that the chunks always differ."""


def chunks_of(pattern: bytes, size: int) -> Iterator[bytes]:
    """Yield a stream of `size` bytes in chunks. Each is a new object, as from a socket."""
    offset = 0
    for start in range(0, size, CHUNK):
        wanted = min(CHUNK, size - start)
        piece = pattern[offset : offset + wanted]
        offset = (offset + wanted) % len(pattern)
        yield piece if len(piece) == wanted else piece + pattern[:offset]


def peaks(pattern: bytes, size: int, points: int, peak: Callable[[], int]) -> Iterator[tuple[int, int, int]]:
    """Read the stream, and yield at each point the bytes and the events so far, and the peak."""
    parser = Parser()
    read = events = 0
    step = size / points
    due = step
    for chunk in chunks_of(pattern, size):
        returned = parser.feed(chunk)
        events += len(returned)
        # Iterate and drop the events, as a reader does that keeps nothing.
        deque(returned, maxlen=0)
        del returned
        read += len(chunk)
        if read >= due:
            yield read, events, peak()
            due += step


def object_peaks(pattern: bytes, size: int, points: int) -> Iterator[tuple[int, int, int]]:
    """Yield the peaks of the size of Python's objects without the chunk."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield from peaks(pattern, size, points, lambda: tracemalloc.get_traced_memory()[1] - before - CHUNK)
    finally:
        tracemalloc.stop()


def resident_peaks(pattern: bytes, size: int, points: int) -> Iterator[tuple[int, int, int]]:
    """Yield the peaks of the growth of this process. Linux only."""
    # Reset the peak, which building the pattern has raised.
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_resident()
    yield from peaks(pattern, size, points, lambda: peak_resident() - before)


def peak_resident() -> int:
    """Return the peak resident size of this process in bytes, since the last reset."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


def pattern_of_small_events() -> bytes:
    """Return the bytes that the stream repeats."""
    return b"".join(STREAMS[ANTHROPIC](PATTERN_EVENTS).chunks)


def show(title: str, points: Iterator[tuple[int, int, int]]) -> None:
    """Print each point as it comes."""
    print(title)
    for read, events, peak in points:
        print(f"  {read / 1e6:8,.0f} MB  {events:12,} events  {peak / 1024:8,.0f} KiB", flush=True)


def main() -> None:
    """Measure both, and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bytes", type=int, default=10**9)
    arguments.add_argument(
        "--resident", action="store_true", help="measure the resident size of this process only"
    )
    options = arguments.parse_args()
    pattern = pattern_of_small_events()
    if options.resident:
        show(
            "Peak growth of the process, which first reuses memory it had freed:",
            resident_peaks(pattern, options.bytes, POINTS),
        )
        return
    average = len(pattern) // PATTERN_EVENTS
    print(f"Events of {average} bytes on average, in chunks of {CHUNK // 1024} KiB\n")
    show(
        "Peak size of Python's objects without the chunk, with its events:",
        object_peaks(pattern, options.bytes, POINTS),
    )
    print(flush=True)
    subprocess.run([sys.executable, __file__, "--resident", "--bytes", str(options.bytes)], check=True)


if __name__ == "__main__":
    main()
