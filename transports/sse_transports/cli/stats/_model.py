"""The measurement of a stream, updated by calls that say what happened and when.

It has no clock and no stream of its own. Times are seconds since the measurement began. Memory is bounded:
numbers are kept as a `Distribution`, counts over time as a `TimeSeries`, and the number of stored
connections and names is limited.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import NoReturn

from sse_core import Comment, Event

from ._distribution import Distribution
from ._time_series import TimeSeries

MAX_CONNECTIONS = 200
"""How many connections are stored, the first ones; all are counted."""

MAX_NAMES = 200
"""How many event types are counted separately, and how many `retry` values are stored."""

MAX_NAME_LENGTH = 200
"""How many characters of an event type are stored: a server may send one of megabytes."""

OTHER_TYPES = "(others)"

COMPLETE = "complete"
STOPPED = "left"

NO_CONTENT = "HTTP 204"
"""The response that stops reconnecting (WHATWG HTML 9.2.3): not a stream, and not a failure."""


@dataclass(slots=True)
class Connection:
    """One connection, or a failed attempt.

    Attributes:
        since: when the previous connection ended.
        requested: when the request was sent.
        opened: when the response headers of an event stream came; None if they did not.
        ended: when it ended; None while it is open.
        cause: how it ended: the value used in recordings (docs/recordings.md), or `HTTP 503`, or `not an
            event stream`; empty while it is open.
        events: how many events came.
        bytes: how many bytes came.
    """

    since: float
    requested: float
    opened: float | None = None
    ended: float | None = None
    cause: str = ""
    events: int = 0
    bytes: int = 0


class Measurement:
    """What was measured so far.

    Call the `on_...` methods as things happen: `on_item` for each event or comment that the last bytes
    completed, and `on_stop` at the end.

    Args:
        timed: whether times are known. If not, only `on_bytes` and `on_item` are called.

    Attributes:
        duration: seconds from the first request to the end of the measurement.
        connected: seconds with an open stream.
        disconnected: seconds without one, after the first.
        response_headers: seconds from the request to the response headers of the first stream; None if
            there was none.
        first_event: seconds from that request to the first event, or None.
        longest_silence: the longest time on a connection without a byte, in seconds.
        events, comments, bytes: how many came.
        intervals: seconds between an event and the next one on the same connection.
        sizes: bytes of data of each event.
        types: how often each event type came.
        new_ids: events with a last event ID that differs from that of the event before.
        with_id: events with a last event ID, their own or an earlier one, so that a client can resume.
        retry_values: the `retry` values that came, in milliseconds, each once.
        incomplete: bytes of events that were incomplete when their connection ended.
        json: events whose data is JSON.
        opened: connections that became an event stream.
        causes: how often these ended with each cause.
        failures: how often other attempts failed with each cause.
        connections: the first `MAX_CONNECTIONS` connections.
        events_over_time: when events came.
        ends_over_time: when connections ended.
    """

    def __init__(self, *, timed: bool = True) -> None:
        self.timed = timed
        self.duration = 0.0
        self.connected = 0.0
        self.disconnected = 0.0
        self.response_headers: float | None = None
        self.first_event: float | None = None
        self.longest_silence = 0.0
        self.events = 0
        self.comments = 0
        self.bytes = 0
        self.intervals = Distribution()
        self.sizes = Distribution()
        self.types: Counter[str] = Counter()
        self.new_ids = 0
        self.with_id = 0
        self.retry_values: list[str] = []
        self.incomplete = 0
        self.json = 0
        self.opened = 0
        self.causes: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.connections: list[Connection] = []
        self.events_over_time = TimeSeries()
        self.ends_over_time = TimeSeries()
        self._now = 0.0
        self._connection: Connection | None = None
        # When the last connection or attempt ended, and when the last stream ended.
        self._last_end = 0.0
        self._disconnected_since = 0.0
        self._first_request = 0.0
        self._last_bytes = 0.0
        self._last_event: float | None = None
        self._last_id = ""
        self._last_retry: int | None = None

    @property
    def is_connected(self) -> bool:
        """Whether a stream is open."""
        return self._connection is not None and self._connection.opened is not None

    def on_request(self, seconds: float) -> None:
        """A request was sent. After a redirect, it belongs to the request before."""
        self._advance(seconds)
        if self._connection is None:
            self._connection = Connection(since=self._last_end, requested=self._now)
            if len(self.connections) < MAX_CONNECTIONS:
                self.connections.append(self._connection)

    def on_open(self, seconds: float) -> None:
        """The response headers of an event stream came."""
        self._advance(seconds)
        connection = self._connection
        if connection is None:
            return
        connection.opened = self._last_bytes = self._now
        self._last_event = None
        self.opened += 1
        if self.opened == 1:
            self._first_request = connection.requested
            self.response_headers = self._now - connection.requested
        else:
            self.disconnected += self._now - self._disconnected_since

    def on_bytes(self, size: int, seconds: float | None = None) -> None:
        """Bytes of the stream came."""
        self.bytes += size
        if seconds is None or self._connection is None:
            return
        self._advance(seconds)
        self._connection.bytes += size
        self.longest_silence = max(self.longest_silence, self._now - self._last_bytes)
        self._last_bytes = self._now

    def on_item(self, item: Event | Comment) -> None:
        """The last bytes completed this event or comment."""
        if isinstance(item, Comment):
            self.comments += 1
            return
        self.events += 1
        self.sizes.add(len(item.data.encode()))
        name = item.event[:MAX_NAME_LENGTH]
        self.types[name if name in self.types or len(self.types) < MAX_NAMES else OTHER_TYPES] += 1
        if item.id:
            self.with_id += 1
            self.new_ids += item.id != self._last_id
        self._last_id = item.id
        self.json += is_json(item.data)
        if self._connection is not None:
            self._time_event(self._connection)

    def on_retry(self, milliseconds: int | None) -> None:
        """The current `retry` value is this; None if there is none. Calls without a change are ignored."""
        if milliseconds is not None and milliseconds != self._last_retry:
            self._last_retry = milliseconds
            value = _digits(milliseconds)
            if value not in self.retry_values and len(self.retry_values) < MAX_NAMES:
                self.retry_values.append(value)

    def on_incomplete(self, size: int) -> None:
        """So many bytes belonged to an event that was not completed."""
        self.incomplete += size

    def on_end(self, seconds: float, cause: str) -> None:
        """The connection or the attempt ended."""
        self._advance(seconds)
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.ended, connection.cause = self._now, cause
        self._last_end = self._now
        if connection.opened is None:
            if cause not in (STOPPED, NO_CONTENT):
                self.failures[cause] += 1
            return
        self.causes[cause] += 1
        self.ends_over_time.add(self._now)
        self.connected += self._now - connection.opened
        self.longest_silence = max(self.longest_silence, self._now - self._last_bytes)
        self._disconnected_since = self._now

    def on_stop(self, seconds: float) -> None:
        """The measurement is over. A connection that is still open ends with the cause STOPPED."""
        self._advance(seconds)
        if self.opened and not self.is_connected:
            self.disconnected += self._now - self._disconnected_since
        self.on_end(seconds, STOPPED)
        self.duration = self._now

    def _time_event(self, connection: Connection) -> None:
        connection.events += 1
        if self.first_event is None:
            self.first_event = self._last_bytes - self._first_request
        if self._last_event is not None:
            self.intervals.add(self._last_bytes - self._last_event)
        self._last_event = self._last_bytes
        self.events_over_time.add(self._last_bytes)

    def _advance(self, seconds: float) -> None:
        # Never back: connections of a recording have dates of the system clock, which may be set back.
        self._now = max(self._now, seconds)


def is_json(data: str) -> bool:
    """Return whether this is JSON (RFC 8259)."""
    try:
        _JSON.decode(data)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_constant(constant: str) -> NoReturn:
    # Python accepts NaN and Infinity, which are not JSON.
    raise ValueError(constant)


# Numbers stay text: they are not used, and Python refuses to convert very long ones.
_JSON = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=str, parse_float=str)


def _digits(retry: int) -> str:
    # A server may send a value of any length; Python refuses to format thousands of digits.
    return str(retry) if retry < 10**18 else "1e18 or more"
