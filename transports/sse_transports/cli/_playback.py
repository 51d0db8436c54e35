"""Play a file to standard output as one event stream, with its recorded timing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from threading import Event
from typing import BinaryIO

from ._blocks import BOM, BlockSplitter, split_blocks
from ._files import StreamFile

TimedBytes = tuple[float, bytes]
"""Seconds since the beginning, and the bytes to write then."""


def play(file: StreamFile, output: BinaryIO, *, speed: float, pace: float, stop: Event) -> None:
    """Write the stream in a file, each part of it at its time.

    Args:
        file: a recording or a raw body.
        output: where to write; flushed after each write.
        speed: how many times faster than recorded, for a recording.
        pace: seconds between the events of a raw body.
        stop: set it to end early, also during a wait.

    Raises:
        OSError: a recording has no event stream in it, or reading or writing fails.
    """
    if file.is_recording:
        _write(joined_streams(file), output, speed, stop)
    elif pace:
        blocks = split_blocks(chunk.data for connection in file for chunk in connection)
        _write(((number * pace, block) for number, block in enumerate(blocks)), output, 1.0, stop)
    else:
        _write(((0.0, chunk.data) for connection in file for chunk in connection), output, 1.0, stop)


def joined_streams(file: StreamFile) -> Iterator[TimedBytes]:
    """Yield the event streams of a recording as one stream, with the seconds since the first request.

    If a connection ended inside an event, that part of an event is dropped, as every client drops it: in the
    joined stream it would become the beginning of the next event. So an event is held back until it is
    complete. Only the last connection's incomplete event is yielded. The time between two connections, in
    which the client waited, is left out.

    Raises:
        OSError: there is no event stream in it.
    """
    now = 0.0
    streams = 0
    unfinished = b""
    for connection in file:
        if connection.head is None or not connection.is_stream:
            continue
        opened = now + connection.head.seconds
        # A byte order mark is ignored at the beginning of a stream only. In the middle of the joined stream
        # it would become part of a field's name, so drop it from all connections but the first.
        bom = BOM if streams else b""
        splitter = BlockSplitter()
        for chunk in connection:
            now = opened + (chunk.seconds or 0.0)
            complete = b"".join(splitter.feed(chunk.data))
            if complete:
                yield now, complete.removeprefix(bom)
                bom = b""
        unfinished = bytes(splitter.rest)
        # If the client closed the connection, this is not the time at which the stream ended.
        if connection.end is not None and connection.end.end != "left":
            now = opened + connection.end.seconds
        streams += 1
    if not streams:
        raise OSError(f"{file.name}: there is no event stream in it")
    # Also if it is empty, so that the output ends when the stream ended.
    yield now, unfinished


def _write(parts: Iterable[TimedBytes], output: BinaryIO, speed: float, stop: Event) -> None:
    start = time.monotonic()
    for moment, data in parts:
        # Times count from the start, so that a slow reader delays no later part.
        wait = start + moment / speed - time.monotonic()
        if wait > 0 and stop.wait(wait):
            return
        output.write(data)
        output.flush()
