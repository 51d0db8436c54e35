"""Measure how many streams come back that a server has dropped at once. `make bench-scale`.

Each stream of one process is an `AsyncEventSource`; all share an `AnyioTransport`, on asyncio and on trio,
with its default `connect_limit` and with none. The server is another process. It drops all of them, and
serves those that come back as fast as it can.

- first, median, last: seconds from the drop until a stream has the events that it has missed.
- failed: attempts to connect that failed.

    reconnect_storm.py [--streams 2000 4000]

Exit code 1 if an event is missing, repeated or out of order. Linux only.
"""

from __future__ import annotations

import argparse
import logging
import platform
import sys
import time
from itertools import product
from statistics import median

import anyio

from benchmarks.open_files import allow_open_files
from benchmarks.server_process import run_server
from benchmarks.storm_server import END, LAST
from benchmarks.stream_holder import MAX_CONNECTING
from sse_core import ConnectError, Disconnected, RetryPolicy, StateChange
from sse_transports import AnyioTransport, AsyncEventSource
from sse_transports._anyio import CONNECT_LIMIT

POLICY = RetryPolicy(initial_delay=0.05, min_delay=0.0)
"""Hardly a pause before the first attempt: all streams are back at once."""


class Storm:
    """Records when each stream is back, and what is wrong."""

    def __init__(self) -> None:
        self._connecting = anyio.Semaphore(MAX_CONNECTING)
        # Seconds from the drop.
        self.resumed: list[float] = []
        self.failed = 0
        self.wrong = 0

    async def hold(self, url: str, transport: AnyioTransport) -> None:
        """Read one stream to its end."""
        numbers: list[int] = []
        await self._connecting.acquire()
        async with AsyncEventSource(
            url, transport=transport, retry=POLICY, timeout=None, until=END, on_state=self._changed
        ) as source:
            async for event in source:
                number, dropped = map(int, event.data.split())
                if number == 1:
                    self._connecting.release()
                elif number == LAST:
                    self.resumed.append((time.monotonic_ns() - dropped) / 1e9)
                numbers.append(number)
        self.wrong += numbers != list(range(1, LAST + 1))

    def _changed(self, change: StateChange) -> None:
        self.failed += isinstance(change, Disconnected) and isinstance(change.cause, ConnectError)


async def measure(url: str, streams: int, limit: int | None) -> Storm:
    """Hold the streams until they have been dropped and have come back."""
    storm = Storm()
    async with AnyioTransport(connect_limit=limit) as transport, anyio.create_task_group() as tasks:
        for _ in range(streams):
            tasks.start_soon(storm.hold, url, transport)
    return storm


def main() -> int:
    """Measure and print; return 1 if events are missing, repeated or out of order."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--streams", type=int, nargs="+", default=[2000, 4000])
    options = arguments.parse_args()
    # A stream may connect again before its old connection is closed.
    allow_open_files(2 * max(options.streams))
    # Each drop would be a line.
    logging.getLogger("sse_transports").setLevel(logging.ERROR)
    print(f"CPython {platform.python_version()}, seconds until dropped streams have what they missed\n")
    print(f"{'streams':>7}  backend  connect_limit   first  median    last  failed")
    wrong = 0
    for streams, backend, limit in product(options.streams, ("asyncio", "trio"), (CONNECT_LIMIT, None)):
        with run_server("storm_server.py", streams) as url:
            storm = anyio.run(measure, url, streams, limit, backend=backend)
        first, last = min(storm.resumed), max(storm.resumed)
        print(
            f"{streams:7}  {backend:7}  {limit or 'None':>13}"
            f"{first:8.2f}{median(storm.resumed):8.2f}{last:8.2f}{storm.failed:8}"
        )
        wrong += storm.wrong
    print(f"\n{wrong} streams with events missing, repeated or out of order")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
