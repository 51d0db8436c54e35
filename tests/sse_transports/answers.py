"""What a server can do at a request: proper answers, and all the ways to fail."""

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
    """Let a little time pass on a server, where a story is about time."""
    _never.wait(seconds)


def in_order(*parts: Answer) -> Answer:
    """One after the other, on one connection."""

    def answer(call: Call, run: RunState) -> None:
        for part in parts:
            part(call, run)

    return answer


def raw(data: bytes) -> Answer:
    """These bytes, as they are."""
    return lambda call, _run: call.send(data)


def chunk(data: bytes) -> Answer:
    """These bytes as one chunk; none for the end."""
    return lambda call, _run: call.chunk(data)


def head(*fields: tuple[str, str], status: int = 200, body: bytes = b"") -> Answer:
    """The head of an event stream, and the start of its body."""
    return lambda call, _run: call.respond(status, (EVENT_STREAM, *fields), body)


def once_received(count: int) -> Answer:
    """Nothing, until the client was given so many events: they came without waiting for more."""
    return lambda _call, run: run.until_received(count)


def hang_up(_call: Call, _run: RunState) -> None:
    """Close the connection."""


def stall(call: Call, _run: RunState) -> None:
    """Send nothing, and keep the connection open until the client drops it."""
    call.wait_until_gone()


def reset(call: Call, _run: RunState) -> None:
    """Cut the connection with a RST. Say `once_received` before: it may overtake what was sent."""
    call.reset()


def stream(body: bytes, *fields: tuple[str, str]) -> Answer:
    """An event stream without a length, properly ended by the end of the connection."""
    return head(*fields, body=body)


def chunked_stream(*chunks: bytes) -> Answer:
    """An event stream in chunks, properly ended."""
    return in_order(head(CHUNKED), *(chunk(data) for data in chunks), chunk(b""))


def sized_stream(body: bytes, length: int | None = None) -> Answer:
    """An event stream with a Content-Length, which may be a lie."""
    return head(("Content-Length", str(len(body) if length is None else length)), body=body)


def refuse(status: int, *fields: tuple[str, str], body: bytes = b"") -> Answer:
    """An answer that is no event stream."""
    return lambda call, _run: call.respond(
        status, (*fields, ("Content-Type", "text/plain"), ("Content-Length", str(len(body)))), body
    )


def no_content(call: Call, _run: RunState) -> None:
    """204: come no more."""
    call.respond(204, [])


def redirect(status: int, location: str | Callable[[RunState], str], *fields: tuple[str, str]) -> Answer:
    """A redirect; `location` may be a function of the run, where it names a server."""

    def answer(call: Call, run: RunState) -> None:
        target = location if isinstance(location, str) else location(run)
        call.respond(status, (("Location", target), *fields, ("Content-Length", "0")))

    return answer


def drip(pieces: Iterable[bytes], every: float) -> Answer:
    """Pieces, each after a little time, for as long as the client takes them."""

    def answer(call: Call, _run: RunState) -> None:
        for piece in pieces:
            call.send(piece)
            pass_time(every)

    return answer
