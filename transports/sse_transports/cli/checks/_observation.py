"""What was observed of a server: each request with its answer, and what came when. No opinion."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from sse_core import ContentEncodingError, Request, Response, SSEError

from ._stream import Stream


class Hop(NamedTuple):
    """A request, and the head of its answer; a redirect makes several of them."""

    request: Request
    response: Response


class Ending(Enum):
    """How the reading of an answer ended."""

    UNANSWERED = "no answer came in the time there was"
    FAILED = "the connection failed before there was an answer"
    LEFT = "we left"
    ENDED = "the server ended it"
    BROKEN = "the connection broke"


@dataclass
class Reading:
    """One request, redirects included, and what was read. Seconds count from when it was sent.

    Attributes:
        purpose: what it is for, in words.
        last_event_id: what the request asked to go on behind.
        hops: each request that was answered.
        is_stream: whether the last answer is an event stream.
        connected: when the server accepted the connection, or None.
        head_at: when the last answer's head came, or None.
        version: of HTTP, times ten.
        certificate_ends: seconds since 1970 when the server's certificate ends, or None.
        pieces: (when, bytes) of the body, content codings undone.
        said: the start of a body that is no stream.
        ending: how it ended; `ended_at` is when.
        error: what it ended with, if it failed.
    """

    purpose: str = ""
    last_event_id: str = ""
    hops: list[Hop] = field(default_factory=list)
    is_stream: bool = False
    connected: float | None = None
    head_at: float | None = None
    version: int = 11
    certificate_ends: float | None = None
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    said: bytes = b""
    ending: Ending = Ending.LEFT
    ended_at: float = 0.0
    error: SSEError | None = None

    @property
    def answer(self) -> Response | None:
        """The head of the last answer."""
        return self.hops[-1].response if self.hops else None

    @property
    def is_readable(self) -> bool:
        """Whether it is an event stream whose coding could be undone."""
        return self.is_stream and not isinstance(self.error, ContentEncodingError)

    @property
    def status(self) -> int:
        """The status of the last answer; 0 if there was none."""
        return self.answer.status if self.answer else 0

    def header(self, name: str) -> str | None:
        """Return a field of the last answer, or None."""
        return self.answer.joined(name) if self.answer else None

    @cached_property
    def stream(self) -> Stream:
        """The body, taken apart; asked for when nothing is added to it any more."""
        return Stream(
            self.pieces,
            begin=self.head_at or 0.0,
            end=self.ended_at,
            was_left=self.ending is Ending.LEFT,
            last_event_id=self.last_event_id,
        )


@dataclass
class Observation:
    """All that was observed of a server.

    Attributes:
        url: as it was given.
        method: of the first request. Only after a GET are there others.
        seconds: how long the first answer was to be watched, at most.
        epoch: when it began, in seconds since 1970.
        first: the first request.
        resumed: again, behind the last event; without an ID, if there is none.
        overlapping: again, behind an event before the last.
        unknown: again, behind an event that never was.
        compressed: again, with an Accept-Encoding as browsers send it.
        any_type: again, with an Accept of everything.
        alone: why there are no other requests, in words; empty if there are.
    """

    url: str
    method: str = "GET"
    seconds: float = 10.0
    epoch: float = 0.0
    first: Reading = field(default_factory=Reading)
    resumed: Reading | None = None
    overlapping: Reading | None = None
    unknown: Reading | None = None
    compressed: Reading | None = None
    any_type: Reading | None = None
    alone: str = ""

    @property
    def readings(self) -> list[Reading]:
        """All requests, in the order in which they were sent."""
        others = [self.resumed, self.overlapping, self.unknown, self.compressed, self.any_type]
        return [self.first, *(each for each in others if each is not None)]
