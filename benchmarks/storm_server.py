"""Drop many streams at once, and serve them again when they come back: the server of `reconnect_storm.py`.

`storm_server.py STREAMS` prints its port. Each stream gets event 1. When all are connected, each gets event
2, and is dropped inside its body. A request with Last-Event-ID gets the events after that one, up to `LAST`,
each with the time of the drop, then `END`. The time is that of CLOCK_MONOTONIC, which on Linux is the same in
all processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import time

from benchmarks.feed_server import HEAD, LAST_CHUNK, chunk
from benchmarks.open_files import allow_open_files

LAST = 4
"""The number of the last event."""

END = "end"
"""What the data after the last event is."""

QUIET_SECONDS = 1.0
"""Seconds between the last connection and the drop."""

find_id = re.compile(rb"\r\nlast-event-id: *(\d+)\r\n", re.IGNORECASE).search


def event(number: int, dropped: int) -> bytes:
    """Return an event: its number, and the time of the drop in nanoseconds; 0 before the drop."""
    return chunk(b"id: %d\ndata: %d %d\n\n" % (number, number, dropped))


class Streams:
    """The connections that will be dropped, and those that have come back."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._writers: list[asyncio.StreamWriter] = []
        self._dropped = 0
        self.complete = asyncio.Event()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a request, and answer with the events that it asks for."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            last_id = find_id(await reader.readuntil(b"\r\n\r\n"))
            if last_id is None:
                writer.write(HEAD + event(1, 0))
                self._writers.append(writer)
                if len(self._writers) == self._expected:
                    self.complete.set()
                return
            events = [event(number, self._dropped) for number in range(int(last_id[1]) + 1, LAST + 1)]
            writer.write(b"".join([HEAD, *events, chunk(f"data: {END}\n\n".encode()), LAST_CHUNK]))
            writer.close()

    async def drop(self) -> None:
        """Drop all streams at once."""
        await asyncio.sleep(QUIET_SECONDS)
        self._dropped = time.monotonic_ns()
        for writer in self._writers:
            writer.write(event(2, self._dropped))
            writer.close()


async def main() -> None:
    """Print the port, wait for the streams, drop them, and serve those that come back until killed."""
    count = int(sys.argv[1])
    # A client may connect again before the old connection is closed.
    allow_open_files(2 * count)
    streams = Streams(count)
    server = await asyncio.start_server(streams.connected, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await streams.complete.wait()
    await streams.drop()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
