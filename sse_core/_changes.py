"""What happened to an event source, as frozen records: for a timeline, a log, or metrics."""

from __future__ import annotations

from ._record import Record


class StateChange(Record):
    """One change in the life of an event source.

    Shown as text, it has no header and no body in it; but `url` has its query, and `cause` may be an
    error that holds the response.

    Attributes:
        url: the URL asked, after redirects.
        attempt: which attempt this is, counted since the last event; 1 is the first. With
            `Waiting`, the one that comes.
        cause: the error behind this change, or None.
        delay: seconds that will be waited; only `Waiting` has one.
        pending: bytes of an unfinished event that were dropped; only `Disconnected` has some.
        last_event_id: the last event ID at that moment.
        bytes_received: bytes of event streams since the beginning, over all connections.
        events_received: events since the beginning, over all connections.
    """

    __slots__ = (
        "attempt",
        "bytes_received",
        "cause",
        "delay",
        "events_received",
        "last_event_id",
        "pending",
        "url",
    )
    url: str
    attempt: int
    cause: BaseException | None
    delay: float | None
    pending: int
    last_event_id: str
    bytes_received: int
    events_received: int

    def __init__(
        self,
        url: str,
        attempt: int,
        cause: BaseException | None = None,
        delay: float | None = None,
        pending: int = 0,
        last_event_id: str = "",
        bytes_received: int = 0,
        events_received: int = 0,
    ) -> None:
        self._set(
            url=url,
            attempt=attempt,
            cause=cause,
            delay=delay,
            pending=pending,
            last_event_id=last_event_id,
            bytes_received=bytes_received,
            events_received=events_received,
        )

    def _fields(self) -> dict[str, object]:
        # A subclass adds no field, so that its own `__slots__` is empty.
        return {name: getattr(self, name) for name in StateChange.__slots__}


class Connecting(StateChange):
    """A request goes out."""

    __slots__ = ()


class Opened(StateChange):
    """The server answered with an event stream."""

    __slots__ = ()


class Disconnected(StateChange):
    """The connection ended or failed: `cause` is None for a proper end."""

    __slots__ = ()


class Waiting(StateChange):
    """The next attempt comes in `delay` seconds."""

    __slots__ = ()


class Paused(StateChange):
    """The caller paused the source; it has no connection."""

    __slots__ = ()


class Closed(StateChange):
    """It is over: `cause` is the error that is raised, or None."""

    __slots__ = ()
