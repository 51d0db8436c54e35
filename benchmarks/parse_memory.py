"""How much memory a long stream takes: 1 GB of small events, read and not kept. `make bench-memory`.

Two measures, each at several points of the stream: the most that Python objects took beyond the chunk at
hand (tracemalloc), and the most that the process grew by (its peak resident size), in a process of its own.
Both must be flat: a stream takes what a chunk of it takes.

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

# What repeats is long, and no multiple of a chunk: the cuts fall elsewhere each time.
PATTERN_EVENTS = 9973


def chunks_of(pattern: bytes, size: int) -> Iterator[bytes]:
    """Give a stream of `size` bytes in chunks, each a new object, as from a socket."""
    place = 0
    for start in range(0, size, CHUNK):
        wanted = min(CHUNK, size - start)
        piece = pattern[place : place + wanted]
        place = (place + wanted) % len(pattern)
        yield piece if len(piece) == wanted else piece + pattern[:place]


def peaks(pattern: bytes, size: int, points: int, peak: Callable[[], int]) -> Iterator[tuple[int, int, int]]:
    """Read the stream, and give at each point: the bytes read, the events, and the peak so far."""
    parser = Parser()
    read = events = 0
    step = size / points
    due = step
    for chunk in chunks_of(pattern, size):
        returned = parser.feed(chunk)
        events += len(returned)
        # Looked at and dropped, as a reader does that keeps nothing.
        deque(returned, maxlen=0)
        del returned
        read += len(chunk)
        if read >= due:
            yield read, events, peak()
            due += step


def object_peaks(pattern: bytes, size: int, points: int) -> Iterator[tuple[int, int, int]]:
    """Give the peaks of what Python objects take beyond the chunk."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield from peaks(pattern, size, points, lambda: tracemalloc.get_traced_memory()[1] - before - CHUNK)
    finally:
        tracemalloc.stop()


def resident_peaks(pattern: bytes, size: int, points: int) -> Iterator[tuple[int, int, int]]:
    """Give the peaks of what this process grew by. For Linux, which tells."""
    # What was there before, such as the making of the pattern, is no peak of the reading.
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_resident()
    yield from peaks(pattern, size, points, lambda: peak_resident() - before)


def peak_resident() -> int:
    """Return the most bytes that this process had in memory since that was last forgotten."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


def pattern_of_small_events() -> bytes:
    """Return what the stream repeats."""
    return b"".join(STREAMS[ANTHROPIC](PATTERN_EVENTS).chunks)


def show(title: str, points: Iterator[tuple[int, int, int]]) -> None:
    """Print each point as it comes."""
    print(title)
    for read, events, peak in points:
        print(f"  {read / 1e6:8,.0f} MB  {events:12,} events  {peak / 1024:8,.0f} KiB", flush=True)


def main() -> None:
    """Measure both ways, print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bytes", type=int, default=10**9)
    arguments.add_argument("--resident", action="store_true", help="this process measures its own size")
    chosen = arguments.parse_args()
    pattern = pattern_of_small_events()
    if chosen.resident:
        show(
            "Peak growth of the process, which first takes again what it had freed:",
            resident_peaks(pattern, chosen.bytes, POINTS),
        )
        return
    average = len(pattern) // PATTERN_EVENTS
    print(f"Events of {average} bytes on average, in chunks of {CHUNK // 1024} KiB\n")
    show(
        "Peak of Python's objects beyond the chunk, its events among them:",
        object_peaks(pattern, chosen.bytes, POINTS),
    )
    print(flush=True)
    subprocess.run([sys.executable, __file__, "--resident", "--bytes", str(chosen.bytes)], check=True)


if __name__ == "__main__":
    main()
