"""What was observed of a server: each request, its response, and when each part arrived. No judgement."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from sse_core import ContentEncodingError, Request, Response, SSEError

from ._stream import Stream


class Hop(NamedTuple):
    """A request and its response headers; each redirect adds one."""

    request: Request
    response: Response


class Ending(Enum):
    """How the reading of a response ended. The values are shown in reports."""

    NO_RESPONSE = "no response in the time allowed"
    FAILED = "the connection failed before a response"
    STOPPED = "the check stopped reading"
    ENDED = "the server ended the stream"
    DROPPED = "the connection was dropped"


@dataclass
class Reading:
    """One request, redirects included, and what was read. Times are seconds since the request was sent.

    Attributes:
        purpose: why the request was sent, for reports.
        last_event_id: the Last-Event-ID of the request.
        hops: each request that got a response.
        is_stream: whether the last response is an event stream.
        connected: when the server accepted the connection, or None.
        headers_at: when the headers of the last response came, or None.
        version: the HTTP version times ten.
        certificate_expires: when the server's certificate expires, in seconds since 1970, or None.
        chunks: (time, bytes) of the body, decompressed.
        body_start: the start of a body that is not an event stream.
        ending: how it ended.
        ended_at: when it ended.
        error: the error that ended it, or None.
    """

    purpose: str = ""
    last_event_id: str = ""
    hops: list[Hop] = field(default_factory=list)
    is_stream: bool = False
    connected: float | None = None
    headers_at: float | None = None
    version: int = 11
    certificate_expires: float | None = None
    chunks: list[tuple[float, bytes]] = field(default_factory=list)
    body_start: bytes = b""
    ending: Ending = Ending.STOPPED
    ended_at: float = 0.0
    error: SSEError | None = None

    @property
    def response(self) -> Response | None:
        """The headers of the last response."""
        return self.hops[-1].response if self.hops else None

    @property
    def is_readable(self) -> bool:
        """Whether it is an event stream that could be decompressed."""
        return self.is_stream and not isinstance(self.error, ContentEncodingError)

    @property
    def status(self) -> int:
        """The status of the last response; 0 if there was none."""
        return self.response.status if self.response else 0

    def header(self, name: str) -> str | None:
        """Return a header of the last response, or None."""
        return self.response.joined(name) if self.response else None

    @cached_property
    def stream(self) -> Stream:
        """The parsed body. Computed once, so use it only after the reading has ended."""
        return Stream(
            self.chunks,
            begin=self.headers_at or 0.0,
            end=self.ended_at,
            still_open=self.ending is Ending.STOPPED,
            last_event_id=self.last_event_id,
        )


@dataclass
class Observation:
    """Everything that was observed of a server.

    Attributes:
        url: the URL, without a password or query.
        method: the method of the first request. Further requests are sent only if it is GET.
        seconds: how long the first response may be read.
        epoch: when the check began, in seconds since 1970.
        first: the first request.
        resumed: a request that resumes after the last event; without an ID if there is none.
        resumed_earlier: a request that resumes after an earlier event.
        unknown_id: a request that resumes after an event that never existed.
        compressed: a request with the Accept-Encoding of browsers.
        any_type: a request with 'Accept: */*'.
        skip_reason: why only the first request is sent; empty if the others are sent too.
    """

    url: str
    method: str = "GET"
    seconds: float = 10.0
    epoch: float = 0.0
    first: Reading = field(default_factory=Reading)
    resumed: Reading | None = None
    resumed_earlier: Reading | None = None
    unknown_id: Reading | None = None
    compressed: Reading | None = None
    any_type: Reading | None = None
    skip_reason: str = ""

    @property
    def readings(self) -> list[Reading]:
        """All requests, in the order in which they were sent."""
        others = [self.resumed, self.resumed_earlier, self.unknown_id, self.compressed, self.any_type]
        return [self.first, *(each for each in others if each is not None)]
