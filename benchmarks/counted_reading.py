"""Reads a fixture so many times and no more: what `instructions.py` counts.

`counted_reading.py FIXTURE CUT READER EVENTS READINGS`, where CUT is 0 for an event per chunk, and READER is
`sse-core` or the name of a way of the floor.
"""

from __future__ import annotations

import gc
import sys
from collections import deque

from benchmarks import floor
from benchmarks.fixtures import LIVE, STREAMS
from benchmarks.ours import OURS, ours


def main() -> None:
    """Read once before, so that the interpreter has adapted to the code; then as often as asked."""
    fixture, size, reader, events, readings = sys.argv[1:]
    cut = int(size) or LIVE
    chunks = STREAMS[fixture](int(events)).cut(cut)
    read = ours if reader == OURS else floor.ways(fixture, cut)[reader]
    gc.collect()
    gc.disable()
    for _ in range(1 + int(readings)):
        deque(read(chunks), maxlen=0)


if __name__ == "__main__":
    main()
