"""What clients do when streams break: for each question a server, and a look at what the client makes of it.

Most answers come when the client is done, or asks again. Only an event that is held back shows in nothing but
silence, which is believed after a while that is many times what any of them needs.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING

from benchmarks.comparison.listening import Listening
from sse_core import Event, encode
from sse_transports.testing import Cut, End, SSEServer, Stall

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.comparison.clients import Client
    from sse_transports.testing import Call, Step

    Probe = Callable[[Client], str]

DATA = '{"type": "message_stop"}'
"""What all of them take for data: some read nothing but what their own service sends."""

EVENT = Event(DATA, event="message_stop", id="1")
NEXT = Event(DATA, event="message_stop", id="2")

SILENCE = 4.0
"""Seconds for which an event that is due is waited for."""

PATIENCE = 60.0
"""Seconds for which anything else is."""

WORK = 1.5
"""Seconds of CPU time after which a client has not given up a line without end."""

RETRY = 400
"""Milliseconds that the server asks for."""

ENDLESS = 40 * 2**20
"""Bytes of a line without end."""


SIZES = tuple(2**power for power in range(4, 17))
"""Of events, in KiB, when a limit is looked for."""

YES = "yes"
NO = "no"
NOTHING_TO_ASK = "—"


def _said(answer: bool) -> str:
    return YES if answer else NO


def _served(client: Client, *steps: Step, kind: str = "text/event-stream") -> list[Step]:
    headers = {"Content-Type": f"{kind}; charset=utf-8"}
    if not client.in_chunks:
        # A length that is never reached, so that the connection's end is a loss here too.
        headers["Content-Length"] = str(2**40)
    return [headers, *steps]


def reconnects(client: Client) -> str:
    """Does the client ask again, with Last-Event-ID, and read on, after a cut and after a proper end?"""
    if _resumes(client, Cut()):
        return YES if _resumes(client, End()) else "after a cut"
    return "after an end" if _resumes(client, End()) else NO


def _resumes(client: Client, ending: Cut | End) -> bool:
    def answer(call: Call) -> list[Step]:
        return _served(client, NEXT, Stall()) if call.number else _served(client, EVENT, ending)

    with SSEServer(answer) as server, Listening(client, server.url, client.methods[0]) as listening:
        listening.wait_for(lambda: listening.events == 2 or listening.is_over, PATIENCE)
        resumed = len(server.calls) > 1 and server.calls[1].last_event_id == "1"
        found = resumed and listening.events == 2
        server.stop()
    return found


def obeys_retry(client: Client) -> str:
    """Does the client wait as long as the server's `retry` says, also the second time?"""
    asked: list[float] = []

    def answer(call: Call) -> list[Step]:
        asked.append(time.monotonic())
        if call.number == 0:
            return _served(client, f"retry: {RETRY}\n".encode(), EVENT)
        return _served(client, EVENT) if call.number == 1 else _served(client, EVENT, Stall())

    with SSEServer(answer) as server, Listening(client, server.url, client.methods[0]) as listening:
        listening.wait_for(lambda: len(asked) > 2 or listening.is_over, PATIENCE)
        server.stop()
    if len(asked) < 2:
        return NOTHING_TO_ASK
    # Half of it, as some wait a random part less.
    waited = [later - earlier >= RETRY / 2000 for earlier, later in itertools.pairwise(asked)]
    return "once" if waited[0] and waited != [True, True] else _said(waited == [True, True])


def refuses_other_types(client: Client) -> str:
    """Is an answer that says it is HTML refused with an error, and none of it given as an event?"""

    def answer(call: Call) -> list[Step]:
        return _served(client, EVENT, kind="text/html")

    with SSEServer(answer) as server, Listening(client, server.url, client.methods[0]) as listening:
        listening.wait_for(lambda: listening.events > 0 or listening.is_over, PATIENCE)
        found = listening.error is not None and not listening.events
        server.stop()
    return _said(found)


def posts_once(client: Client) -> str:
    """After a POST broke off, and after its answer ended properly, is it left at that?"""
    if not client.posts:
        return NOTHING_TO_ASK
    return _said(_posts_once(client, Cut()) and _posts_once(client, End()))


def _posts_once(client: Client, ending: Cut | End) -> bool:
    def answer(call: Call) -> list[Step]:
        return [204] if call.number else _served(client, EVENT, ending)

    with SSEServer(answer) as server, Listening(client, server.url, "POST") as listening:
        listening.wait_for(lambda: len(server.calls) > 1 or listening.is_over, PATIENCE)
        found = len(server.calls) == 1 and listening.is_over
        server.stop()
    return found


def unfinished(client: Client) -> str:
    """If a stream ends properly but in the middle of an event, what comes of it?

    That is asked of a POST, if the client can send one, as a model's reply is read with it.
    """

    def answer(call: Call) -> list[Step]:
        if call.number:
            return [204]
        if client.in_chunks:
            return _served(client, EVENT, b"data: half\n")
        body = encode(EVENT) + b"data: half\n"
        return [{"Content-Type": "text/event-stream", "Content-Length": str(len(body))}, body]

    with SSEServer(answer) as server, Listening(client, server.url, client.methods[-1]) as listening:
        listening.wait_for(lambda: len(server.calls) > 1 or listening.is_over, PATIENCE)
        asked_again = len(server.calls) > 1
        server.stop()
    if asked_again:
        return "asks again"
    if listening.error is not None:
        return "an error"
    return "half an event" if listening.events > 1 else "nothing"


def limits_memory(client: Client) -> str:
    """Is a line that never ends given up, without being told to? At which power of two?"""
    return in_units(_largest(client)) if _gives_up(client) else NO


def _gives_up(client: Client) -> bool:
    sent = threading.Event()
    refused = threading.Event()

    def answer(call: Call) -> None:
        call.respond()
        piece = b"x" * 2**16
        deadline = time.process_time() + WORK
        try:
            call.send(b"data: ")
            for _ in range(ENDLESS // len(piece)):
                call.send(piece)
                # A peer that copies all it has with each piece would take minutes for the rest.
                if time.process_time() > deadline:
                    break
        except OSError:
            refused.set()
        sent.set()

    with SSEServer(answer) as server, Listening(client, server.url, client.methods[0]) as listening:
        listening.wait_for(lambda: sent.is_set() or listening.is_over, PATIENCE)
        # Whether the server notices before the client is done, or after.
        listening.wait_for(lambda: refused.is_set() or sent.is_set(), PATIENCE)
        if refused.is_set():
            listening.wait_for(lambda: listening.is_over, PATIENCE)
        found = refused.is_set() and listening.error is not None
        server.stop()
    return found


def _largest(client: Client) -> int:
    """Return the largest power of two, in KiB, for which an event a little smaller is read."""
    largest = 0
    for kib in SIZES:
        if not _gives(client, large_event(kib), in_chunks=client.in_chunks, seconds=PATIENCE):
            break
        largest = kib
    return largest


def in_units(kib: int) -> str:
    """Return a size in words."""
    return f"{kib} KiB" if kib < 1024 else f"{kib // 1024} MiB"


def large_event(kib: int) -> bytes:
    """Return an event of data, and of a little less than so many KiB."""
    return b'data: {"type": "message_stop", "text": "' + b"x" * (1024 * kib - 100) + b'"}\n\n'


def _gives(client: Client, event: bytes, *, in_chunks: bool, seconds: float) -> bool:
    def answer(call: Call) -> list[Step] | None:
        if in_chunks:
            return [{"Content-Type": "text/event-stream; charset=utf-8"}, event, Stall()]
        call.respond()
        call.send(event)
        call.wait_until_gone()
        return None

    with SSEServer(answer) as server, Listening(client, server.url, client.methods[0]) as listening:
        listening.wait_for(lambda: listening.events > 0 or listening.is_over, seconds)
        found = listening.events > 0
        server.stop()
    return found


def at_once(client: Client) -> str:
    """Is an event given when its blank line has come, while nothing else comes?

    Asked of a body in HTTP's chunks, and of one that lasts until the connection ends.
    """
    in_chunks, without = (
        _gives(client, encode(EVENT), in_chunks=way, seconds=SILENCE) for way in (True, False)
    )
    return "in chunks" if in_chunks and not without else _said(in_chunks and without)


def at_once_with_cr(client: Client) -> str:
    """The same of lines that end in CR."""
    return _said(_gives(client, encode(EVENT).replace(b"\n", b"\r"), in_chunks=True, seconds=SILENCE))


PROBES: dict[str, Probe] = {
    "reconnects": reconnects,
    "retry": obeys_retry,
    "type": refuses_other_types,
    "post": posts_once,
    "unfinished": unfinished,
    "at once": at_once,
    "CR": at_once_with_cr,
    # Last, as it may leave a client behind that is still busy.
    "limit": limits_memory,
}
"""Each question by its name."""
