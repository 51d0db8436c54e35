"""A long stream over connections that are dropped again and again: every event once, in order, whole."""

from __future__ import annotations

import random

import pytest

from sse_core import RetryPolicy
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer

pytestmark = pytest.mark.usefixtures("every_client")

COUNT = 2000
QUICK = RetryPolicy(initial_delay=0.0005, min_delay=0.0, max_delay=0.002)


def text(number: int) -> str:
    """Data with characters of one to four bytes, in one line or several."""
    return f"{number} é€🎉\nzweite Zeile, 第二行 {number}" if number % 3 else f"{number} plain"


def block(number: int) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text(number).split("\n"))
    return f"id: {number}\n{lines}\n".encode()


BLOCKS = [block(number) for number in range(1, COUNT + 1)]


@pytest.mark.parametrize("seed", range(6))
def test_stream_dropped_anywhere_arrives_exactly_once(seed: int) -> None:
    random_numbers = random.Random(seed)
    drops = {"inside a character": 0, "inside an event": 0, "between events": 0}

    def dropped_somewhere(call: Call) -> None:
        start = int(call.headers.get("last-event-id", b"0"))
        body = b"".join(BLOCKS[start:])
        if not body:
            call.respond(204, [])
            return
        length = min(random_numbers.randrange(1, 2500), len(body))
        if length < len(body) and body[length] & 0xC0 == 0x80:
            drops["inside a character"] += 1
        elif not body[:length].endswith(b"\n\n"):
            drops["inside an event"] += 1
        else:
            drops["between events"] += 1
        event_stream = ("Content-Type", "text/event-stream")
        # A clean end, two kinds of truncated body, and a reset, which may destroy bytes not received yet.
        match random_numbers.randrange(4):
            case 0:
                call.respond(body=body[:length])
            case 1:
                call.respond(200, [event_stream, ("Content-Length", str(len(body) + 1))], body[:length])
            case 2:
                call.respond(200, [event_stream, ("Transfer-Encoding", "chunked")])
                half = length // 2
                call.chunk(body[:half] or b":\n")
                call.send(b"%x\r\n%b" % (len(body), body[half:length] if half else body[:length]))
            case _:
                call.respond(body=body[:length])
                call.reset()

    with SSEServer(dropped_somewhere) as server, EventSource(server.url, retry=QUICK) as source:
        received = [(event.id, event.data) for event in source]
        connections = len(server.calls)
    print(f"seed {seed}: {len(received)} events over {connections} connections, dropped {drops}")
    assert received == [(str(number), text(number)) for number in range(1, COUNT + 1)]
    assert drops["inside a character"]
    assert drops["inside an event"]
