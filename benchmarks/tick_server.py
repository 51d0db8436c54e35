"""Serve many slow streams: one event per second to each, with its number and the time it was sent.

`tick_server.py STREAMS SECONDS` prints its port. It starts to send when that many streams are connected and
`QUIET_SECONDS` have passed, in which the client measures its memory. The streams' events are spread over each
second, so that they do not wait for each other. The time is that of CLOCK_MONOTONIC, which on Linux is the
same in all processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

from benchmarks.feed_server import HEAD, LAST_CHUNK, chunk
from benchmarks.open_files import allow_open_files

QUIET_SECONDS = 2.0
"""Seconds without an event after all streams are connected."""


class Streams:
    """Collect the connections, and serve them once all are there."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._writers: list[asyncio.StreamWriter] = []
        self.complete = asyncio.Event()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a request, and answer with the response headers."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD)
            self._writers.append(writer)
            if len(self._writers) == self._expected:
                self.complete.set()

    async def tick(self, seconds: int) -> None:
        """Send each stream its events, then end it."""
        start = time.monotonic() + QUIET_SECONDS
        for number in range(seconds):
            for index, writer in enumerate(self._writers):
                left = start + number + index / self._expected - time.monotonic()
                if left > 0:
                    await asyncio.sleep(left)
                writer.write(chunk(b"data: %d %d\n\n" % (number, time.monotonic_ns())))
        for writer in self._writers:
            writer.write(LAST_CHUNK)
            writer.close()


async def main() -> None:
    """Print the port, wait for the streams, serve them, and wait until killed."""
    streams = Streams(int(sys.argv[1]))
    allow_open_files(int(sys.argv[1]))
    server = await asyncio.start_server(streams.connected, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await streams.complete.wait()
    await streams.tick(int(sys.argv[2]))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
