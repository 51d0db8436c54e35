"""Read the feed of `soak_server.py` over one transport, and count what is wrong: one column of `soak.py`.

`soak_reader.py TRANSPORT URL EVENTS` prints lines of JSON: the number of events so far, a hundred times; the
result at the end. Each transport has a process of its own, whose memory, descriptors and threads are those of
the one event source.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio

import sse_transports
from benchmarks.soak_events import Tally
from sse_core import Disconnected, Event, RetryPolicy, StateChange
from sse_transports import AsyncEventSource, EventSource

IDLE_TIMEOUT = 0.25
STUCK = 120.0
"""Seconds without a hundredth of the events after which the process prints its stacks and exits."""

POLICY = RetryPolicy(initial_delay=0.01, min_delay=0.0, max_delay=2.0)

BLOCKING = {"urllib": "UrllibTransport", "httpx2": "Httpx2Transport"}
ASYNC = {
    "aiohttp": ("AiohttpTransport", "asyncio"),
    "httpx2-asyncio": ("AsyncHttpx2Transport", "asyncio"),
    "httpx2-trio": ("AsyncHttpx2Transport", "trio"),
}
if hasattr(sse_transports, "AnyioTransport"):
    ASYNC |= {f"anyio-{backend}": ("AnyioTransport", backend) for backend in ("asyncio", "trio")}
TRANSPORTS = (*BLOCKING, *ASYNC)


@dataclass
class Resources:
    """What a process uses. `rss` is its resident size in bytes."""

    rss: int = 0
    descriptors: int = 0
    threads: int = 0

    def grow_to_now(self) -> None:
        """Raise each figure to what is used now."""
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        self.rss = max(self.rss, pages * os.sysconf("SC_PAGE_SIZE"))
        # One of them is the listing's own.
        self.descriptors = max(self.descriptors, sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1)
        self.threads = max(self.threads, threading.active_count())


class Log:
    """Counts events and how connections ended; measures the resources a hundred times."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._step = max(1, events // 100)
        self._ends: Counter[str] = Counter()
        self._start = time.monotonic()
        self.tally = Tally()
        # The peaks of the first tenth of the events and of the last.
        self._first, self._last = Resources(), Resources()

    def received(self, event: Event) -> None:
        """Count an event."""
        self.tally.count(event)
        if self.tally.received % self._step == 0:
            self._progress()

    def _progress(self) -> None:
        faulthandler.dump_traceback_later(STUCK, exit=True)
        if self.tally.received <= self._events / 10:
            self._first.grow_to_now()
        elif self.tally.received > self._events * 0.9:
            self._last.grow_to_now()
        print(json.dumps({"events": self.tally.received}), flush=True)

    def changed(self, change: StateChange) -> None:
        """Count how a connection ended."""
        if isinstance(change, Disconnected):
            inside = " inside an event" if change.pending else ""
            cause = "end of stream" if change.cause is None else type(change.cause).__name__
            self._ends[f"{cause}{inside}"] += 1

    def result(self) -> dict[str, Any]:
        """Return the result, for JSON."""
        self.tally.finish(self._events)
        return {
            "tally": asdict(self.tally),
            "first": asdict(self._first),
            "last": asdict(self._last),
            "ends": dict(self._ends),
            "seconds": time.monotonic() - self._start,
        }


def read(transport: str, url: str, log: Log) -> None:
    """Read the feed to its end with an `EventSource`."""
    with (
        closing(getattr(sse_transports, BLOCKING[transport])()) as carrier,
        EventSource(
            url, transport=carrier, retry=POLICY, idle_timeout=IDLE_TIMEOUT, on_state=log.changed
        ) as source,
    ):
        for event in source:
            log.received(event)
            if log.tally.is_hopeless():
                break


async def read_async(transport: str, url: str, log: Log) -> None:
    """Read the feed to its end with an `AsyncEventSource`."""
    async with (
        getattr(sse_transports, ASYNC[transport][0])() as carrier,
        AsyncEventSource(
            url, transport=carrier, retry=POLICY, idle_timeout=IDLE_TIMEOUT, on_state=log.changed
        ) as source,
    ):
        async for event in source:
            log.received(event)
            if log.tally.is_hopeless():
                break


def main() -> None:
    """Read, and print the result."""
    transport, url, events = sys.argv[1:]
    # Each fault would be a line.
    logging.getLogger("sse_transports").setLevel(logging.ERROR)
    faulthandler.dump_traceback_later(STUCK, exit=True)
    log = Log(int(events))
    if transport in BLOCKING:
        read(transport, url, log)
    else:
        anyio.run(read_async, transport, url, log, backend=ASYNC[transport][1])
    print(json.dumps(log.result()), flush=True)


if __name__ == "__main__":
    main()
