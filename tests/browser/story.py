"""A story that two clients are told by the same servers, as data; and what each makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sse_transports.testing import Call, Steps

Entry = tuple[str, ...]
"""What a client tells: `("open",)`, `("error", "CONNECTING")`, `("error", "CLOSED")`, or an event: its
type, data and last event ID."""

OPEN: Entry = ("open",)
RECONNECTING: Entry = ("error", "CONNECTING")
CLOSED: Entry = ("error", "CLOSED")

Answer = Steps | Callable[[Call], None]
"""What the server does at a request: steps, or a function that does it."""

THE_END: Answer = [204]
"""Told this, a client does not come back."""


def event(data: str, last_event_id: str = "", kind: str = "message") -> Entry:
    """Return what a client tells of an event."""
    return (kind, data, last_event_id)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What the servers do, and when the client has had enough.

    In steps, a header's value may say `{other}`, which is the story's place on the second server, another
    origin, or `{nowhere}`, an address where nobody listens.

    Attributes:
        name: the behaviour, in words.
        answers: what is done at each request for the stream, in turn; then comes `THE_END`.
        elsewhere: the same for other paths, which redirects lead to.
        on_the_other: the same for paths of the second server.
        types: the types of events that the client listens for; `message` is always among them.
        closed_at_error: the client closes at this error, counted from 1.
        closed_at_event: the client closes at this event, counted from 1.
    """

    name: str
    answers: Sequence[Answer] = ()
    elsewhere: Mapping[str, Sequence[Answer]] = field(default_factory=dict)
    on_the_other: Mapping[str, Sequence[Answer]] = field(default_factory=dict)
    types: frozenset[str] = frozenset()
    closed_at_error: int | None = None
    closed_at_event: int | None = None


def with_id(path: str, last_event_id: bytes) -> str:
    """Return a request with a Last-Event-ID in a line."""
    return f"{path}, Last-Event-ID: {last_event_id.decode('utf-8', 'backslashreplace')}"


@dataclass(frozen=True)
class Asked:
    """A request that came.

    Attributes:
        path: where to, within the story; on the second server with `other/` before it.
        last_event_id: the header's bytes, or None.
        headers: name in lower case to value.
        moment: when, in seconds.
    """

    path: str
    last_event_id: bytes | None
    headers: Mapping[str, bytes]
    moment: float

    def __str__(self) -> str:
        return self.path if self.last_event_id is None else with_id(self.path, self.last_event_id)


@dataclass(frozen=True)
class Played:
    """What came of a story.

    Attributes:
        told: what the client told, in order.
        asked: the requests, in order.
        waits: seconds between attempts, by whatever clock the client has.
    """

    told: Sequence[Entry]
    asked: Sequence[Asked]
    waits: Sequence[float]

    @property
    def outcome(self) -> Outcome:
        """What is compared."""
        return Outcome(tuple(self.told), tuple(str(request) for request in self.asked))


@dataclass(frozen=True)
class Outcome:
    """What a client told, and what it asked, each request in a line."""

    told: tuple[Entry, ...]
    asked: tuple[str, ...]
