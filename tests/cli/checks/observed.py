"""Observations for the tests of rules, made without a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sse_core import Request, Response, SSEError
from sse_transports.cli.checks._observation import Ending, Hop, Observation, Reading

URL = "https://stream.example.com/feed"

GOOD_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "transfer-encoding": "chunked",
    "x-accel-buffering": "no",
}

EVENTS = [b"id: %d\ndata: %d\n\n" % (number, number) for number in range(1, 9)]

Pieces = Sequence[tuple[float, bytes]]


def spaced(*pieces: bytes, begin: float = 0.1, by: float = 0.5) -> Pieces:
    """Return these pieces, so many seconds apart."""
    return [(begin + number * by, piece) for number, piece in enumerate(pieces)]


GOOD_PIECES = spaced(b": hello\n\nretry: 3000\n\n", *EVENTS)


def reading(
    pieces: Pieces = GOOD_PIECES,
    *,
    status: int = 200,
    url: str = URL,
    last_event_id: str = "",
    head_at: float | None = 0.05,
    ended_at: float | None = None,
    ending: Ending = Ending.LEFT,
    version: int = 11,
    certificate_ends: float | None = None,
    error: SSEError | None = None,
    redirects: Sequence[tuple[str, str, int]] = (),
    headers: Mapping[str, str | None] | None = None,
) -> Reading:
    """Return the reading of a good answer, but for what is said.

    Args:
        redirects: method, URL and status of each redirect before the last answer.
        headers: fields that it has besides, in lower case; None for one that it has not.
    """
    fields: dict[str, str | None] = {**GOOD_HEADERS, **(headers or {})}
    answer = Response(status, [(name, value) for name, value in fields.items() if value is not None], url)
    hops = [Hop(Request(method, place), Response(code, (), place)) for method, place, code in redirects]
    is_stream = status == 200 and (fields["content-type"] or "").startswith("text/event-stream")
    if head_at is not None:
        hops.append(Hop(Request("GET", url), answer))
    return Reading(
        last_event_id=last_event_id,
        hops=hops,
        is_stream=is_stream and head_at is not None,
        connected=0.01,
        head_at=head_at,
        version=version,
        certificate_ends=certificate_ends,
        pieces=list(pieces) if is_stream else [],
        ending=ending,
        ended_at=max([at for at, _ in pieces], default=10.0) + 0.5 if ended_at is None else ended_at,
        error=error,
    )


def stream(body: bytes, *, ending: Ending = Ending.LEFT) -> Observation:
    """Return an observation of a stream of these bytes, which came in one piece."""
    return Observation(URL, first=reading([(0.1, body)], ending=ending))


def with_headers(**headers: str | None) -> Observation:
    """Return an observation of a good stream, but for these fields, whose names have `_` for `-`."""
    return Observation(URL, first=reading(headers=named(headers)))


def named(headers: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return these fields by their names in HTTP."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def good() -> Observation:
    """Return an observation of a server that does all right."""
    return Observation(
        URL,
        first=reading(),
        resumed=reading(spaced(b"id: 9\ndata: 9\n\n"), last_event_id="8"),
        overlapping=reading(spaced(b"".join(EVENTS[3:])), last_event_id="3"),
        unknown=reading(spaced(EVENTS[0]), last_event_id="sse-check-no-such-event"),
        compressed=reading(spaced(EVENTS[0])),
        any_type=reading([]),
    )
