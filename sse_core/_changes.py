"""What happened to an event source, as frozen records: for a timeline, a log, or metrics.

`Connection.changes` returns them. All kinds have the same fields, so that a log needs no case for each.
"""

from __future__ import annotations

from ._values import Record

# The order of changes, of one attempt:
#
#     Connecting          once for each redirect too
#     Opened              unless no response arrived, or it was an error
#     Disconnected        with the cause; an error response is noted here, once its body was read
#     Waiting or Closed   what was decided
#
# `Paused` may come after any of these, and `Closed` too. If the caller reconnects at once, `Connecting` comes
# without a `Disconnected`: nothing went wrong.


class StateChange(Record):
    """One change in the life of an event source.

    Shown as text, it contains no header and no body. But `url` contains its query, and `cause` may be an
    error that holds the response.

    Attributes:
        url: the URL of the last request, after redirects.
        attempt: the number of this attempt since the last event; 1 is the first. Of `Waiting`, the
            number of the next attempt.
        cause: the error that led to this change, or None.
        delay: seconds until the next attempt; None except for `Waiting`.
        pending: bytes of an unfinished event that were dropped; 0 except for `Disconnected`.
        last_event_id: the last event ID at that moment.
        bytes_received: bytes of event streams since the beginning, over all connections.
        events_received: events since the beginning, over all connections.
    """

    url: str
    attempt: int
    cause: BaseException | None
    delay: float | None
    pending: int
    last_event_id: str
    bytes_received: int
    events_received: int
    # The fields above.
    __slots__ = tuple(__annotations__)

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
        self._set(locals())


class Connecting(StateChange):
    """A request is sent."""

    __slots__ = ()


class Opened(StateChange):
    """The server responded with an event stream."""

    __slots__ = ()


class Disconnected(StateChange):
    """The connection ended or failed: `cause` is None for a clean end."""

    __slots__ = ()


class Waiting(StateChange):
    """The next attempt follows in `delay` seconds."""

    __slots__ = ()


class Paused(StateChange):
    """The caller paused the source; it has no connection."""

    __slots__ = ()


class Closed(StateChange):
    """It has ended for good: `cause` is the error that is raised, or None."""

    __slots__ = ()
