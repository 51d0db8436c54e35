"""Playing a file to standard output, as one stream, with the timing that it has."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from threading import Event
from typing import BinaryIO

from ._blocks import BOM, Blocks, blocks_of
from ._files import StreamFile

Timed = tuple[float, bytes]
"""Seconds since the beginning, and what comes then."""


def play(file: StreamFile, output: BinaryIO, *, speed: float, pace: float, stop: Event) -> None:
    """Write the stream in a file, each part of it at its time.

    Args:
        file: a recording or a raw body.
        output: where to; flushed whenever something was written.
        speed: how many times faster than it was, for a recording.
        pace: seconds between the events of a raw body.
        stop: set to end it early, also while it waits.

    Raises:
        OSError: a recording has no event stream in it, or something cannot be read or written.
    """
    if file.is_recording:
        _write(as_it_came(file), output, speed, stop)
    elif pace:
        blocks = blocks_of(piece.data for connection in file for piece in connection)
        _write(((number * pace, block) for number, block in enumerate(blocks)), output, 1.0, stop)
    else:
        _write(((0.0, piece.data) for connection in file for piece in connection), output, 1.0, stop)


def as_it_came(file: StreamFile) -> Iterator[Timed]:
    """Yield the event streams of a recording as one, with the seconds since the first request.

    What a connection left unfinished is dropped where another one comes behind it, as every client drops
    it: in one stream it would become the beginning of the next event. So a part of an event is held
    until the rest has come. The time between two connections was a wait of the client, and is left out.

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
        # At the beginning of a stream it is nothing, and in the middle it would be a part of a name.
        opening = BOM if streams else b""
        blocks = Blocks()
        for piece in connection:
            now = opened + (piece.seconds or 0.0)
            whole = b"".join(blocks.feed(piece.data))
            if whole:
                yield now, whole.removeprefix(opening)
                opening = b""
        unfinished = bytes(blocks.rest)
        if connection.end is not None and connection.end.end != "left":
            now = opened + connection.end.seconds
        streams += 1
    if not streams:
        raise OSError(f"{file.name}: there is no event stream in it")
    # Nothing, too, comes when the stream ended.
    yield now, unfinished


def _write(parts: Iterable[Timed], output: BinaryIO, speed: float, stop: Event) -> None:
    begun = time.monotonic()
    for moment, data in parts:
        # Late is made up for: who reads slowly, or not at all for a while, shifts nothing.
        left = begun + moment / speed - time.monotonic()
        if left > 0 and stop.wait(left):
            return
        output.write(data)
        output.flush()
