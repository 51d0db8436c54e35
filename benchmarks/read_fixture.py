"""Read a fixture a given number of times, and do nothing else: the process that `instructions.py` counts.

`read_fixture.py FIXTURE CHUNK_SIZE EVENTS READINGS`, where CHUNK_SIZE is 0 for one event per chunk.
"""

from __future__ import annotations

import gc
import sys
from collections import deque

from benchmarks.fixtures import PER_EVENT, STREAMS
from benchmarks.this_library import this_library


def main() -> None:
    """Read once, so that the interpreter has specialized the code; then as often as asked."""
    fixture, size, events, readings = sys.argv[1:]
    chunk_size = int(size) or PER_EVENT
    chunks = STREAMS[fixture](int(events)).split(chunk_size)
    gc.collect()
    gc.disable()
    for _ in range(1 + int(readings)):
        deque(this_library(chunks), maxlen=0)


if __name__ == "__main__":
    main()
