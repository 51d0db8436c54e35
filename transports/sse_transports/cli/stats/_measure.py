"""Measuring a stream: it is told what happened and when, and has no clock and no stream itself.

Times are seconds since the measuring began. Memory stays flat: numbers are kept as a `Distribution`,
what happens over time as `OverTime`, and of connections and names no more than a limit.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import NoReturn

from sse_core import Comment, Event

from ._distribution import Distribution
from ._over_time import OverTime

KEPT_CONNECTIONS = 200
"""Of more connections than that, the first are kept; all are counted."""

KEPT_NAMES = 200
"""Event types that are told apart, the others being counted together; and `retry` values that are kept."""

LONGEST_NAME = 200
"""Characters of an event type that are looked at: a server may send one of megabytes."""

OTHERS = "(others)"

COMPLETE = "complete"
LEFT = "left"

TOLD_TO_STOP = "HTTP 204"
"""An answer that asks for no further request (WHATWG HTML 9.2.3): no stream, and no failure."""


@dataclass(slots=True)
class Connection:
    """One connection, or an attempt at one.

    Attributes:
        since: when the one before it ended.
        requested: when its request was sent.
        opened: when the head of an event stream came; None if none did.
        ended: when it ended; None while it is open.
        cause: how it ended: the word of a recording (docs/recordings.md), or `HTTP 503`, or `not an event
            stream`; empty while it is open.
        events: how many came.
        bytes: how many came.
    """

    since: float
    requested: float
    opened: float | None = None
    ended: float | None = None
    cause: str = ""
    events: int = 0
    bytes: int = 0


class Measurement:
    """What is known of a stream so far.

    Call `requested`, `answered`, `received` and `ended` as these things happen, `item` for each event or
    comment that the bytes received last brought, and `stopped` at the end.

    Args:
        timed: whether it is known when things happened. If not, only `received` and `item` are called.

    Attributes:
        duration: seconds from the first request to the end of measuring.
        connected: seconds with an open stream.
        lost: seconds without one, behind the first.
        head: seconds from the request to the head of the first stream; None if there was none.
        first_event: seconds from that request to the first event, likewise.
        silence: the longest time on a connection without a byte, in seconds.
        events, comments, bytes: how many came.
        gaps: seconds between an event and the next on the same connection.
        sizes: bytes of data of each event.
        types: how often each event type came.
        new_ids: events that brought a last event ID, which is not that of the event before.
        with_id: events behind which a stream can go on: that have a last event ID, be it an earlier one.
        retries: the `retry` values that came, in milliseconds, each once.
        unfinished: bytes of events whose end did not come before the connection's.
        json: events whose data is JSON.
        opened: connections that became an event stream.
        causes: how often those ended how.
        failures: how often attempts failed how, that did not become one.
        connections: the first of them.
        events_over_time: when they came.
        ends_over_time: when connections ended.
    """

    def __init__(self, *, timed: bool = True) -> None:
        self.timed = timed
        self.duration = 0.0
        self.connected = 0.0
        self.lost = 0.0
        self.head: float | None = None
        self.first_event: float | None = None
        self.silence = 0.0
        self.events = 0
        self.comments = 0
        self.bytes = 0
        self.gaps = Distribution()
        self.sizes = Distribution()
        self.types: Counter[str] = Counter()
        self.new_ids = 0
        self.with_id = 0
        self.retries: list[str] = []
        self.unfinished = 0
        self.json = 0
        self.opened = 0
        self.causes: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.connections: list[Connection] = []
        self.events_over_time = OverTime()
        self.ends_over_time = OverTime()
        self._now = 0.0
        self._connection: Connection | None = None
        # When the last connection ended: time without one counts from there.
        self._last_end = 0.0
        self._lost_since = 0.0
        self._first_request = 0.0
        self._last_bytes = 0.0
        self._last_event: float | None = None
        self._last_id = ""
        self._last_retry: int | None = None

    @property
    def is_connected(self) -> bool:
        """Whether a stream is open."""
        return self._connection is not None and self._connection.opened is not None

    def requested(self, seconds: float) -> None:
        """A request goes out; behind a redirect, it belongs to the one before."""
        self._advance(seconds)
        if self._connection is None:
            self._connection = Connection(since=self._last_end, requested=self._now)
            if len(self.connections) < KEPT_CONNECTIONS:
                self.connections.append(self._connection)

    def answered(self, seconds: float) -> None:
        """The head of an event stream came."""
        self._advance(seconds)
        connection = self._connection
        if connection is None:
            return
        connection.opened = self._last_bytes = self._now
        self._last_event = None
        self.opened += 1
        if self.opened == 1:
            self._first_request = connection.requested
            self.head = self._now - connection.requested
        else:
            self.lost += self._now - self._lost_since

    def received(self, size: int, seconds: float | None = None) -> None:
        """Bytes of the stream came."""
        self.bytes += size
        if seconds is None or self._connection is None:
            return
        self._advance(seconds)
        self._connection.bytes += size
        self.silence = max(self.silence, self._now - self._last_bytes)
        self._last_bytes = self._now

    def item(self, item: Event | Comment) -> None:
        """Bytes received last completed this."""
        if isinstance(item, Comment):
            self.comments += 1
            return
        self.events += 1
        self.sizes.add(len(item.data.encode()))
        name = item.event[:LONGEST_NAME]
        self.types[name if name in self.types or len(self.types) < KEPT_NAMES else OTHERS] += 1
        if item.id:
            self.with_id += 1
            self.new_ids += item.id != self._last_id
        self._last_id = item.id
        self.json += is_json(item.data)
        if self._connection is not None:
            self._event_came(self._connection)

    def retry(self, milliseconds: int | None) -> None:
        """The last `retry` value is this one, or there was none; call it as often as it may have changed."""
        if milliseconds is not None and milliseconds != self._last_retry:
            self._last_retry = milliseconds
            value = _digits(milliseconds)
            if value not in self.retries and len(self.retries) < KEPT_NAMES:
                self.retries.append(value)

    def dropped(self, unfinished: int) -> None:
        """So many bytes were of an event that was not finished."""
        self.unfinished += unfinished

    def ended(self, seconds: float, cause: str) -> None:
        """The connection, or the attempt at one, ended."""
        self._advance(seconds)
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.ended, connection.cause = self._now, cause
        self._last_end = self._now
        if connection.opened is None:
            if cause not in (LEFT, TOLD_TO_STOP):
                self.failures[cause] += 1
            return
        self.causes[cause] += 1
        self.ends_over_time.add(self._now)
        self.connected += self._now - connection.opened
        self.silence = max(self.silence, self._now - self._last_bytes)
        self._lost_since = self._now

    def stopped(self, seconds: float) -> None:
        """The measuring is over: what is still open was left, as nobody knows how it would have ended."""
        self._advance(seconds)
        if self.opened and not self.is_connected:
            self.lost += self._now - self._lost_since
        self.ended(seconds, LEFT)
        self.duration = self._now

    def _event_came(self, connection: Connection) -> None:
        connection.events += 1
        if self.first_event is None:
            self.first_event = self._last_bytes - self._first_request
        if self._last_event is not None:
            self.gaps.add(self._last_bytes - self._last_event)
        self._last_event = self._last_bytes
        self.events_over_time.add(self._last_bytes)

    def _advance(self, seconds: float) -> None:
        # A recording has the dates of the system's clock between connections, and that may be set back.
        self._now = max(self._now, seconds)


def is_json(data: str) -> bool:
    """Return whether this is JSON (RFC 8259)."""
    try:
        _JSON.decode(data)
    except (ValueError, RecursionError):
        return False
    return True


def _no_json(constant: str) -> NoReturn:
    # Python reads NaN and Infinity, which JSON has not.
    raise ValueError(constant)


# Numbers are not converted: nobody looks at them, and Python refuses long ones.
_JSON = json.JSONDecoder(parse_constant=_no_json, parse_int=str, parse_float=str)


def _digits(retry: int) -> str:
    # A value of any length is accepted from a server; Python writes no number of thousands of digits.
    return str(retry) if retry < 10**18 else "1e18 or more"
