"""Random streams in chunks, the same in every run, so that our parser and Chromium can read the same ones."""

from __future__ import annotations

import random
import re

from tests.sse_core.feeding import after_blank_lines, byte_by_byte, cut_at
from tests.sse_core.stream_parts import EVENTS, FIELDS, LINE_ENDS, NOT_TEXT, OTHERS

BOM = b"\xef\xbb\xbf"


def random_streams(count: int, seed: int) -> list[list[bytes]]:
    """Return that many streams, each as a list of chunks that are not empty."""
    chance = random.Random(seed)
    return [_random_stream(chance) for _ in range(count)]


def _random_stream(chance: random.Random) -> list[bytes]:
    # From nearly all whole events to none.
    odd_share = chance.choice((0.05, 0.2, 0.5, 1.0))
    parts = [
        _piece(chance) if chance.random() < odd_share else chance.choice(EVENTS)
        for _ in range(chance.randint(1, 40))
    ]
    stream = b"".join(parts)
    if chance.random() < 0.15:
        stream = BOM + stream
    if chance.random() < 0.3:
        # The same line ending everywhere; without this, the parts have different ones.
        stream = re.sub(b"\r\n|\r|\n", chance.choice((b"\r", b"\r\n")), stream)
    return [chunk for chunk in _cut(stream, chance) if chunk]


def _piece(chance: random.Random) -> bytes:
    table = chance.choice((FIELDS, FIELDS, LINE_ENDS, LINE_ENDS, OTHERS, NOT_TEXT, None))
    return chance.choice(table) if table else chance.randbytes(chance.randint(1, 3))


def _cut(stream: bytes, chance: random.Random) -> list[bytes]:
    match chance.randrange(5):
        case 0:
            return [stream]
        case 1:
            return after_blank_lines(stream)
        case 2:
            # After each CR, also within a CRLF.
            return re.split(b"(?<=\r)", stream)
        case 3 if len(stream) <= 200:
            return byte_by_byte(stream)
        case _:
            return cut_at(stream, [chance.randint(0, len(stream)) for _ in range(chance.randint(1, 12))])
