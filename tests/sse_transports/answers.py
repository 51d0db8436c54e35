"""What a server can do with a request: valid responses and all kinds of failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from sse_transports.testing import Call
from tests.sse_transports.scenario import Answer, RunState

EVENT_STREAM = ("Content-Type", "text/event-stream")
CHUNKED = ("Transfer-Encoding", "chunked")
Fields = tuple[tuple[str, str], ...]

_never = threading.Event()


def pass_time(seconds: float) -> None:
    """Let a little time pass on a server, for scenarios about time."""
    _never.wait(seconds)


def in_order(*parts: Answer) -> Answer:
    """Do these one after the other, on one connection."""

    def answer(call: Call, run: RunState) -> None:
        for part in parts:
            part(call, run)

    return answer


def raw(data: bytes) -> Answer:
    """Send these bytes unchanged."""
    return lambda call, _run: call.send(data)


def chunk(data: bytes) -> Answer:
    """Send these bytes as one chunk; no bytes for the last one."""
    return lambda call, _run: call.chunk(data)


def head(*fields: tuple[str, str], status: int = 200, body: bytes = b"") -> Answer:
    """Send the response headers of an event stream, and the start of its body."""
    return lambda call, _run: call.respond(status, (EVENT_STREAM, *fields), body)


def once_received(count: int) -> Answer:
    """Wait until the client has yielded this many events: it must do so without more bytes."""
    return lambda _call, run: run.until_received(count)


def hang_up(_call: Call, _run: RunState) -> None:
    """Close the connection."""


def stall(call: Call, _run: RunState) -> None:
    """Send nothing, and keep the connection open until the client drops it."""
    call.wait_until_gone()


def reset(call: Call, _run: RunState) -> None:
    """Drop the connection with a RST. Use `once_received` before: a RST may destroy bytes that were sent."""
    call.reset()


def stream(body: bytes, *fields: tuple[str, str]) -> Answer:
    """Send an event stream without a length, with a clean end: the end of the connection."""
    return head(*fields, body=body)


def chunked_stream(*chunks: bytes) -> Answer:
    """Send an event stream in chunks, with a clean end."""
    return in_order(head(CHUNKED), *(chunk(data) for data in chunks), chunk(b""))


def sized_stream(body: bytes, length: int | None = None) -> Answer:
    """Send an event stream with a Content-Length, which may be wrong."""
    return head(("Content-Length", str(len(body) if length is None else length)), body=body)


def refuse(status: int, *fields: tuple[str, str], body: bytes = b"") -> Answer:
    """Send a response that is not an event stream."""
    return lambda call, _run: call.respond(
        status, (*fields, ("Content-Type", "text/plain"), ("Content-Length", str(len(body)))), body
    )


def no_content(call: Call, _run: RunState) -> None:
    """Send 204: the client must not reconnect."""
    call.respond(204, [])


def redirect(status: int, location: str | Callable[[RunState], str], *fields: tuple[str, str]) -> Answer:
    """Send a redirect. `location` may be a function of the run, which knows the servers' URLs."""

    def answer(call: Call, run: RunState) -> None:
        target = location if isinstance(location, str) else location(run)
        call.respond(status, (("Location", target), *fields, ("Content-Length", "0")))

    return answer


def drip(pieces: Iterable[bytes], every: float) -> Answer:
    """Send pieces with a little time between them, until the client leaves."""

    def answer(call: Call, _run: RunState) -> None:
        for piece in pieces:
            call.send(piece)
            pass_time(every)

    return answer
