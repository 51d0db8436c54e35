"""Observations for the tests of rules, made without a server; and a server that complies with the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sse_core import Comment, Event, Request, Response, SSEError
from sse_transports.cli.checks._observation import Ending, Hop, Observation, Reading
from sse_transports.testing import Call, History, Steps

URL = "https://stream.example.com/feed"

GOOD_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "transfer-encoding": "chunked",
    "x-accel-buffering": "no",
}

EVENTS = [b"id: %d\ndata: %d\n\n" % (number, number) for number in range(1, 9)]

HISTORY = [Event(f'{{"number": {number}}}', id=str(number)) for number in range(1, 10)]
"""The events of `good_server`."""

SERVER_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "Vary": "Accept-Encoding",
}


def good_server(_call: Call) -> Steps:
    """Answer as a server should. Each stream ends, so that no test waits for a time limit."""
    return [SERVER_HEADERS, Comment("hello"), b"retry: 3000\n\n", History()]


Chunks = Sequence[tuple[float, bytes]]


def spaced(*chunks: bytes, begin: float = 0.1, by: float = 0.5) -> Chunks:
    """Return these chunks with a fixed interval, in seconds."""
    return [(begin + number * by, piece) for number, piece in enumerate(chunks)]


GOOD_CHUNKS = spaced(b": hello\n\nretry: 3000\n\n", *EVENTS)


def reading(
    chunks: Chunks = GOOD_CHUNKS,
    *,
    status: int = 200,
    url: str = URL,
    last_event_id: str = "",
    headers_at: float | None = 0.05,
    ended_at: float | None = None,
    ending: Ending = Ending.STOPPED,
    version: int = 11,
    certificate_expires: float | None = None,
    error: SSEError | None = None,
    redirects: Sequence[tuple[str, str, int]] = (),
    headers: Mapping[str, str | None] | None = None,
) -> Reading:
    """Return the reading of a good response, changed by the arguments.

    Args:
        redirects: method, URL and status of each redirect before the last response.
        headers: headers to add or replace, in lower case; None removes one.
    """
    fields: dict[str, str | None] = {**GOOD_HEADERS, **(headers or {})}
    response = Response(status, [(name, value) for name, value in fields.items() if value is not None], url)
    hops = [Hop(Request(method, place), Response(code, (), place)) for method, place, code in redirects]
    is_stream = status == 200 and (fields["content-type"] or "").startswith("text/event-stream")
    if headers_at is not None:
        hops.append(Hop(Request("GET", url), response))
    return Reading(
        last_event_id=last_event_id,
        hops=hops,
        is_stream=is_stream and headers_at is not None,
        connected=0.01,
        headers_at=headers_at,
        version=version,
        certificate_expires=certificate_expires,
        chunks=list(chunks) if is_stream else [],
        ending=ending,
        ended_at=max([at for at, _ in chunks], default=10.0) + 0.5 if ended_at is None else ended_at,
        error=error,
    )


def stream(body: bytes, *, ending: Ending = Ending.STOPPED) -> Observation:
    """Return an observation of a stream of these bytes, received in one chunk."""
    return Observation(URL, first=reading([(0.1, body)], ending=ending))


def with_headers(**headers: str | None) -> Observation:
    """Return an observation of a good stream with these headers; write `_` for `-` in the names."""
    return Observation(URL, first=reading(headers=named(headers)))


def named(headers: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return these headers with `-` for `_` in the names."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def good() -> Observation:
    """Return an observation of a server that complies with every rule."""
    return Observation(
        URL,
        first=reading(),
        resumed=reading(spaced(b"id: 9\ndata: 9\n\n"), last_event_id="8"),
        resumed_earlier=reading(spaced(b"".join(EVENTS[3:])), last_event_id="3"),
        unknown_id=reading(spaced(EVENTS[0]), last_event_id="sse-check-no-such-event"),
        compressed=reading(spaced(EVENTS[0])),
        any_type=reading([]),
    )
