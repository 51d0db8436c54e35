"""Serves many streams slowly: an event a second to each, with its number and the time it was sent.

`tick_server.py STREAMS SECONDS` prints its port. It begins when that many streams are connected, and a
moment for the client to look at its memory has passed. The streams' turns are spread over the second, so
that an event has the server, and the client, to itself. The time is CLOCK_MONOTONIC's, which on Linux is
the same in all processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

from benchmarks.feed_server import HEAD, LAST_CHUNK, chunk
from benchmarks.open_files import allow_open_files

# How long the client's streams are left alone before the first event.
CALM_SECONDS = 2.0


class Streams:
    """Collects the connections, and serves them when they are complete."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._writers: list[asyncio.StreamWriter] = []
        self.complete = asyncio.Event()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a request, and answer with the head of a stream."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD)
            self._writers.append(writer)
            if len(self._writers) == self._expected:
                self.complete.set()

    async def tick(self, seconds: int) -> None:
        """Send each stream its events, then its end."""
        start = time.monotonic() + CALM_SECONDS
        for number in range(seconds):
            for turn, writer in enumerate(self._writers):
                left = start + number + turn / self._expected - time.monotonic()
                if left > 0:
                    await asyncio.sleep(left)
                writer.write(chunk(b"data: %d %d\n\n" % (number, time.monotonic_ns())))
        for writer in self._writers:
            writer.write(LAST_CHUNK)
            writer.close()


async def main() -> None:
    """Say where it is, wait for the streams, serve them, and wait to be killed."""
    streams = Streams(int(sys.argv[1]))
    allow_open_files(int(sys.argv[1]))
    server = await asyncio.start_server(streams.connected, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await streams.complete.wait()
    await streams.tick(int(sys.argv[2]))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
