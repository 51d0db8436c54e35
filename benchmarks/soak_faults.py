"""What the soak's server does to each connection: which bytes it sends, and how it ends the connection.

All of it follows from the seed and the number of the connection, so that a run can be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from random import Random

from benchmarks.soak_events import numbered_event
from sse_core import Event

LINE_ENDS = ("\n", "\r\n", "\r")
LARGEST_CHUNK = 13
"""Chunks have up to 2 ** 13 bytes; half of them have less than 2 ** 6.5."""

find_continuation = re.compile(rb"[\x80-\xbf]").search
"""Finds a byte of a character that is not its first."""


class End(Enum):
    """How the server ends a connection."""

    FIN = "FIN"
    RST = "RST"
    STALL = "stall"
    KEEP = "kept for another request"


@dataclass(frozen=True)
class Asked:
    """What a request asks for, and from which feed.

    Attributes:
        after: the number of the last event that the client has.
        events: the number of the feed's last event.
        run: the mean number of events of a response.
        elsewhere: the URL of the server's other port.
    """

    after: int
    events: int
    run: int
    elsewhere: str


@dataclass
class Wire:
    """The bytes of a response.

    Attributes:
        data: all of them.
        head_size: how many of them are the status line and the headers.
        chunk_sizes: where the lines with the sizes of chunks are, as (start, end).
    """

    data: bytes
    head_size: int
    chunk_sizes: list[tuple[int, int]] = field(default_factory=list)


Cut = Callable[[Wire, Random], int]
Build = Callable[[Asked, Random], Wire]


# Responses.


def build_head(status: str, *fields: str) -> bytes:
    """Return the status line and the headers."""
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode()


def write_event(event: Event, line_end: str, last_line_end: str) -> str:
    """Return an event as text; `last_line_end` ends its blank line."""
    lines = [f"id: {event.id}"]
    if event.event != "message":
        lines.append(f"event: {event.event}")
    lines += [f"data: {line}" for line in event.data.split("\n")]
    return line_end.join(lines) + line_end + last_line_end


def build_body(asked: Asked, random: Random) -> bytes:
    """Return events in a row, in mixed line ends, with comments and `retry` between them."""
    parts = []
    last = min(asked.after + random.randint(1, 2 * asked.run - 1), asked.events)
    for number in range(asked.after + 1, last + 1):
        line_end, last_line_end = random.choice(LINE_ENDS), random.choice(LINE_ENDS)
        if line_end == "\r" and last_line_end == "\n":
            # Together they would be one line end, a CRLF.
            last_line_end = "\r"
        if random.random() < 0.02:
            parts.append(f": keep-alive{line_end}retry: {random.randint(1, 20)}{line_end}{last_line_end}")
        parts.append(write_event(numbered_event(number), line_end, last_line_end))
    return "".join(parts).encode()


def stream_until_closed(asked: Asked, random: Random) -> Wire:
    """Return a stream that ends when the connection does."""
    head = build_head("200 OK", "Content-Type: text/event-stream", "Connection: close")
    return Wire(head + build_body(asked, random), len(head))


def stream_in_chunks(asked: Asked, random: Random) -> Wire:
    """Return a stream in chunks of random sizes, some of them written with leading zeros."""
    head = build_head("200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked")
    body = build_body(asked, random)
    parts, position, sizes = [head], len(head), []
    start = 0
    while start < len(body):
        chunk = body[start : start + int(2 ** random.uniform(0, LARGEST_CHUNK))]
        start += len(chunk)
        size = f"{len(chunk):0{random.choice((0, 0, 4))}x}\r\n".encode()
        sizes.append((position, position + len(size)))
        parts += [size, chunk, b"\r\n"]
        position += len(size) + len(chunk) + 2
    return Wire(b"".join([*parts, b"0\r\n\r\n"]), len(head), sizes)


def stream(asked: Asked, random: Random) -> Wire:
    """Return a stream with one of the two ways to say where its body ends."""
    return random.choice((stream_until_closed, stream_in_chunks))(asked, random)


def unavailable(_asked: Asked, _random: Random) -> Wire:
    """Return a 503."""
    head = build_head("503 Service Unavailable", "Content-Length: 0")
    return Wire(head, len(head))


def unavailable_for_a_time(_asked: Asked, random: Random) -> Wire:
    """Return a 503 with Retry-After: 0 or, rarely, 1 second, the shortest wait that it can ask for."""
    seconds = int(random.random() < 0.2)
    head = build_head("503 Service Unavailable", f"Retry-After: {seconds}", "Content-Length: 0")
    return Wire(head, len(head))


def redirect(asked: Asked, random: Random) -> Wire:
    """Return a redirect to the other port. Its URL says where to resume: Last-Event-ID is not sent there."""
    status = random.choice(("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"))
    head = build_head(status, f"Location: {asked.elsewhere}?after={asked.after}", "Content-Length: 0")
    return Wire(head, len(head))


def no_content() -> bytes:
    """Return the response that ends the feed."""
    return build_head("204 No Content")


# Where a response is cut: how many of its bytes are sent.


def nowhere(wire: Wire, _random: Random) -> int:
    """Send all."""
    return len(wire.data)


def in_body(wire: Wire, random: Random) -> int:
    """Cut at a random byte of the body."""
    return random.randrange(wire.head_size, len(wire.data))


def in_headers(wire: Wire, random: Random) -> int:
    """Cut at a random byte of the headers, or before the first one."""
    return random.randrange(wire.head_size)


def in_character(wire: Wire, random: Random) -> int:
    """Cut inside a character of several bytes. Every event has one."""
    found = find_continuation(wire.data, in_body(wire, random)) or find_continuation(wire.data)
    assert found is not None
    return found.start()


def in_chunk_size(wire: Wire, random: Random) -> int:
    """Cut inside the line with the size of a chunk."""
    start, end = random.choice(wire.chunk_sizes)
    return random.randrange(start + 1, end)


@dataclass(frozen=True)
class Fault:
    """One way to treat a connection."""

    name: str
    build: Build = stream
    cut: Cut = nowhere
    end: End = End.FIN


FAULTS = (
    Fault("clean end"),
    Fault("clean end in chunks", stream_in_chunks),
    Fault("clean end, connection kept", stream_in_chunks, end=End.KEEP),
    Fault("FIN at a random byte", cut=in_body),
    Fault("RST at a random byte", cut=in_body, end=End.RST),
    Fault("FIN inside a character", cut=in_character),
    Fault("RST inside a character", cut=in_character, end=End.RST),
    Fault("FIN inside a chunk size", stream_in_chunks, in_chunk_size),
    Fault("RST inside a chunk size", stream_in_chunks, in_chunk_size, End.RST),
    Fault("FIN inside the headers", cut=in_headers),
    Fault("RST inside the headers", cut=in_headers, end=End.RST),
    Fault("stall", cut=in_body, end=End.STALL),
    Fault("503", unavailable),
    Fault("503 with Retry-After", unavailable_for_a_time),
    Fault("redirect", redirect),
)


def fault_of(seed: int, number: int) -> Fault:
    """Return the fault of a connection. Each comes once in as many connections as there are faults."""
    round_, place = divmod(number, len(FAULTS))
    return Random(f"{seed} {round_}").sample(FAULTS, len(FAULTS))[place]
