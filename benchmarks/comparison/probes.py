"""Find out what clients do when streams break: each probe runs a server, and looks at what the client does.

Most probes end when the client ends or reconnects. Only a client that holds an event back shows nothing at
all, so that a probe has to wait for `EVENT_TIMEOUT`, many times longer than any client needs.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING

from benchmarks.comparison.background_reader import BackgroundReader
from sse_core import Event, encode
from sse_transports.testing import Cut, End, SSEServer, Stall

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.comparison.clients import Client
    from sse_transports.testing import Call, Step

    Probe = Callable[[Client], str]

DATA = '{"type": "message_stop"}'
"""Data that every client accepts. Some read only what their own service sends."""

EVENT = Event(DATA, event="message_stop", id="1")
NEXT_EVENT = Event(DATA, event="message_stop", id="2")

EVENT_TIMEOUT = 4.0
"""Seconds to wait for an event that the server has sent."""

PROBE_TIMEOUT = 60.0
"""Seconds to wait for anything else."""

CPU_TIME_LIMIT = 1.5
"""Seconds of CPU time after which a client counts as one that has no limit."""

RETRY_MS = 400
"""The `retry` that the server sends."""

ENDLESS_LINE = 40 * 2**20
"""Bytes of a line that has no end."""

SIZES = tuple(2**power for power in range(4, 17))
"""The sizes of events, in KiB, with which a limit is searched."""

YES = "yes"
NO = "no"
NOT_APPLICABLE = "—"


def _yes_or_no(answer: bool) -> str:
    return YES if answer else NO


def _response(client: Client, *steps: Step, content_type: str = "text/event-stream") -> list[Step]:
    headers = {"Content-Type": f"{content_type}; charset=utf-8"}
    if not client.reads_chunked:
        # A length that is never reached. Without it, the end of the connection would be a clean end.
        headers["Content-Length"] = str(2**40)
    return [headers, *steps]


def reconnects(client: Client) -> str:
    """Does the client resume with Last-Event-ID, after a lost connection and after a clean end?"""
    if _resumes(client, Cut()):
        return YES if _resumes(client, End()) else "after a lost connection"
    return "after a clean end" if _resumes(client, End()) else NO


def _resumes(client: Client, ending: Cut | End) -> bool:
    def answer(call: Call) -> list[Step]:
        return _response(client, NEXT_EVENT, Stall()) if call.number else _response(client, EVENT, ending)

    with SSEServer(answer) as server, BackgroundReader(client, server.url, client.methods[0]) as reader:
        reader.wait_for(lambda: reader.events == 2 or reader.is_over, PROBE_TIMEOUT)
        resumed = len(server.calls) > 1 and server.calls[1].last_event_id == "1"
        found = resumed and reader.events == 2
        server.stop()
    return found


def obeys_retry(client: Client) -> str:
    """Does the client wait for the time of the server's `retry`, also the second time?"""
    times: list[float] = []

    def answer(call: Call) -> list[Step]:
        times.append(time.monotonic())
        if call.number == 0:
            return _response(client, f"retry: {RETRY_MS}\n".encode(), EVENT)
        return _response(client, EVENT) if call.number == 1 else _response(client, EVENT, Stall())

    with SSEServer(answer) as server, BackgroundReader(client, server.url, client.methods[0]) as reader:
        reader.wait_for(lambda: len(times) > 2 or reader.is_over, PROBE_TIMEOUT)
        server.stop()
    if len(times) < 2:
        return NOT_APPLICABLE
    # Half the time is enough: some clients subtract a random part.
    waited = [later - earlier >= RETRY_MS / 2000 for earlier, later in itertools.pairwise(times)]
    return "first time only" if waited[0] and waited != [True, True] else _yes_or_no(waited == [True, True])


def refuses_other_types(client: Client) -> str:
    """Does the client raise an error for a response of type HTML, without returning an event of it?"""

    def answer(call: Call) -> list[Step]:
        return _response(client, EVENT, content_type="text/html")

    with SSEServer(answer) as server, BackgroundReader(client, server.url, client.methods[0]) as reader:
        reader.wait_for(lambda: reader.events > 0 or reader.is_over, PROBE_TIMEOUT)
        found = reader.error is not None and not reader.events
        server.stop()
    return _yes_or_no(found)


def posts_once(client: Client) -> str:
    """Does the client send a POST only once, after a lost connection and after a clean end?"""
    if not client.posts:
        return NOT_APPLICABLE
    return _yes_or_no(_posts_once(client, Cut()) and _posts_once(client, End()))


def _posts_once(client: Client, ending: Cut | End) -> bool:
    def answer(call: Call) -> list[Step]:
        return [204] if call.number else _response(client, EVENT, ending)

    with SSEServer(answer) as server, BackgroundReader(client, server.url, "POST") as reader:
        reader.wait_for(lambda: len(server.calls) > 1 or reader.is_over, PROBE_TIMEOUT)
        found = len(server.calls) == 1 and reader.is_over
        server.stop()
    return found


def incomplete_event(client: Client) -> str:
    """What does the client do with a stream that ends cleanly inside an event?

    The request is a POST if the client can send one, because a model's reply is requested with POST.
    """

    def answer(call: Call) -> list[Step]:
        if call.number:
            return [204]
        if client.reads_chunked:
            return _response(client, EVENT, b"data: half\n")
        body = encode(EVENT) + b"data: half\n"
        return [{"Content-Type": "text/event-stream", "Content-Length": str(len(body))}, body]

    with SSEServer(answer) as server, BackgroundReader(client, server.url, client.methods[-1]) as reader:
        reader.wait_for(lambda: len(server.calls) > 1 or reader.is_over, PROBE_TIMEOUT)
        reconnected = len(server.calls) > 1
        server.stop()
    if reconnected:
        return "reconnects"
    if reader.error is not None:
        return "an error"
    return "a partial event" if reader.events > 1 else "nothing"


def limits_memory(client: Client) -> str:
    """Does the client by default stop reading a line that does not end? Below which power of two?"""
    return size_text(_largest_event(client)) if _stops_reading(client) else NO


def _stops_reading(client: Client) -> bool:
    sent = threading.Event()
    stopped = threading.Event()

    def answer(call: Call) -> None:
        call.respond()
        piece = b"x" * 2**16
        deadline = time.process_time() + CPU_TIME_LIMIT
        try:
            call.send(b"data: ")
            for _ in range(ENDLESS_LINE // len(piece)):
                call.send(piece)
                # A client that copies its whole buffer with each piece would take minutes for the rest.
                if time.process_time() > deadline:
                    break
        except OSError:
            stopped.set()
        sent.set()

    with SSEServer(answer) as server, BackgroundReader(client, server.url, client.methods[0]) as reader:
        reader.wait_for(lambda: sent.is_set() or reader.is_over, PROBE_TIMEOUT)
        # The client may end before the server notices that the connection is closed.
        reader.wait_for(lambda: stopped.is_set() or sent.is_set(), PROBE_TIMEOUT)
        if stopped.is_set():
            reader.wait_for(lambda: reader.is_over, PROBE_TIMEOUT)
        found = stopped.is_set() and reader.error is not None
        server.stop()
    return found


def _largest_event(client: Client) -> int:
    """Return the largest power of two, in KiB, for which an event a little smaller is read."""
    largest = 0
    for kib in SIZES:
        if not _reads(client, large_event(kib), chunked=client.reads_chunked, seconds=PROBE_TIMEOUT):
            break
        largest = kib
    return largest


def size_text(kib: int) -> str:
    """Return a size with its unit."""
    return f"{kib} KiB" if kib < 1024 else f"{kib // 1024} MiB"


def large_event(kib: int) -> bytes:
    """Return an event a little smaller than so many KiB."""
    return b'data: {"type": "message_stop", "text": "' + b"x" * (1024 * kib - 100) + b'"}\n\n'


def _reads(client: Client, event: bytes, *, chunked: bool, seconds: float) -> bool:
    """Return whether the client returns this event in time while the connection stays open."""

    def answer(call: Call) -> list[Step] | None:
        if chunked:
            return [{"Content-Type": "text/event-stream; charset=utf-8"}, event, Stall()]
        call.respond()
        call.send(event)
        call.wait_until_gone()
        return None

    with SSEServer(answer) as server, BackgroundReader(client, server.url, client.methods[0]) as reader:
        reader.wait_for(lambda: reader.events > 0 or reader.is_over, seconds)
        found = reader.events > 0
        server.stop()
    return found


def immediate(client: Client) -> str:
    """Does the client return an event after its blank line, while nothing else comes?

    This is tried with a chunked body, and with one that lasts until the connection ends.
    """
    chunked, unframed = (
        _reads(client, encode(EVENT), chunked=chunked, seconds=EVENT_TIMEOUT) for chunked in (True, False)
    )
    return "if chunked" if chunked and not unframed else _yes_or_no(chunked and unframed)


def immediate_with_cr(client: Client) -> str:
    """Does it do so if the lines end in CR?"""
    event = encode(EVENT).replace(b"\n", b"\r")
    return _yes_or_no(_reads(client, event, chunked=True, seconds=EVENT_TIMEOUT))


PROBES: dict[str, Probe] = {
    "reconnects": reconnects,
    "retry": obeys_retry,
    "type": refuses_other_types,
    "post": posts_once,
    "incomplete event": incomplete_event,
    "immediate": immediate,
    "CR": immediate_with_cr,
    # Last, because the thread of a client may still be busy afterwards.
    "limit": limits_memory,
}
"""The probe of each question."""
