"""What servers do in a run, as data, and the record of what a client did with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sse_transports.testing import Call, Steps

Entry = tuple[str, ...]
"""What a client reports: `("open",)`, `("error", "CONNECTING")`, `("error", "CLOSED")`, or an event: its
type, data and last event ID."""

OPEN: Entry = ("open",)
RECONNECTING: Entry = ("error", "CONNECTING")
CLOSED: Entry = ("error", "CLOSED")

ServerResponse = Steps | Callable[[Call], None]
"""What the server does for a request: steps, or a function that does it."""

NO_CONTENT: ServerResponse = [204]
"""The response after which a client does not reconnect."""


def event(data: str, last_event_id: str = "", kind: str = "message") -> Entry:
    """Return the entry of an event."""
    return (kind, data, last_event_id)


@dataclass(frozen=True, kw_only=True)
class ServerScript:
    """What the servers do, and when the client closes.

    In steps, a header's value may contain `{other}`, the URL of the script on the second server (another
    origin), or `{nowhere}`, an address without a server.

    Attributes:
        name: the behavior, in words.
        responses: the responses to the requests for the stream, in order; after them, `NO_CONTENT`.
        other_paths: the same for other paths, which are targets of redirects.
        other_origin: the same for paths of the second server.
        types: the event types that the client listens for, besides `message`.
        close_at_error: the client closes at this error, counted from 1.
        close_at_event: the client closes at this event, counted from 1.
    """

    name: str
    responses: Sequence[ServerResponse] = ()
    other_paths: Mapping[str, Sequence[ServerResponse]] = field(default_factory=dict)
    other_origin: Mapping[str, Sequence[ServerResponse]] = field(default_factory=dict)
    types: frozenset[str] = frozenset()
    close_at_error: int | None = None
    close_at_event: int | None = None


def with_id(path: str, last_event_id: bytes) -> str:
    """Return the text of a request with a Last-Event-ID."""
    return f"{path}, Last-Event-ID: {last_event_id.decode('utf-8', 'backslashreplace')}"


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that a server received.

    Attributes:
        path: the path within the script; with the prefix `other/` on the second server.
        last_event_id: the header's bytes, or None.
        headers: name in lower case to value.
        received_at: when it was received, in seconds.
    """

    path: str
    last_event_id: bytes | None
    headers: Mapping[str, bytes]
    received_at: float

    def __str__(self) -> str:
        return self.path if self.last_event_id is None else with_id(self.path, self.last_event_id)


@dataclass(frozen=True)
class RecordedRun:
    """The record of one client with one script.

    Attributes:
        log: what the client reported, in order.
        requests: the requests, in order.
        waits: seconds between attempts, by the client's clock.
    """

    log: Sequence[Entry]
    requests: Sequence[ReceivedRequest]
    waits: Sequence[float]

    @property
    def outcome(self) -> Outcome:
        """The part that is compared."""
        return Outcome(tuple(self.log), tuple(str(request) for request in self.requests))


@dataclass(frozen=True)
class Outcome:
    """What a client reported, and the text of each request."""

    log: tuple[Entry, ...]
    requests: tuple[str, ...]
