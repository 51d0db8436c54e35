"""Reading events a second time, exactly: for engines that log where a batch ends before they process it.

Such an engine (Spark Structured Streaming, Beam, a job with a database) logs the positions between which a
batch lies. After a crash, it asks for the events between them again, and must get the same ones. A server
resumes after an event ID, but does not say how many events come after it, and may have dropped some.

    position = Position()                               # the start of the stream
    position = position.after(events)                   # after each list of events: small, and can be logged
    events = replay_events(source, start, end)          # after a crash: the same events, or DataLoss

The checksum covers the IDs, not the data: a server is trusted not to change the event that has an ID. It is
chained from event to event, so it does not depend on how the events were grouped into lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from sse_core import Event, InvalidArgument, ReadyState, StreamError, TotalTimeout
from sse_core._values import Record

if TYPE_CHECKING:
    from ._async_event_source import AsyncEventSource
    from ._event_source import EventSource

MAX_WAIT = 0.5
"""Seconds after which a replay without events looks whether the stream is open."""


class Position(Record):
    """A place between two events of a stream, from which the events after it can be read again.

    Attributes:
        last_event_id: the ID of the event before it; `""` at the start, or if that event has no ID.
        count: how many events there are before it.
        checksum: the CRC-32 of the IDs of all these events, each followed by a LF.
    """

    last_event_id: str
    count: int
    checksum: int
    __slots__ = tuple(__annotations__)

    def __init__(self, last_event_id: str = "", count: int = 0, checksum: int = 0) -> None:
        self._set(locals())

    def after(self, events: Sequence[Event]) -> Position:
        """Return the position after these events, which follow this one."""
        if not events:
            return self
        ids = "".join([f"{event.id}\n" for event in events])
        return Position(events[-1].id, self.count + len(events), crc32(ids.encode(), self.checksum))


class DataLoss(StreamError):
    """The events between two positions cannot be read again: the server sends others, or too few.

    Attributes:
        start: the position after which they were asked for.
        end: the position where they should have ended.
        received: how many events came, of those that were to come.
        events: those of them up to the one with the ID of `end`; empty if that ID did not come.
    """

    def __init__(self, start: Position, end: Position, received: int, events: Sequence[Event] = ()) -> None:
        super().__init__(start, end, received, events)
        self.start = start
        self.end = end
        self.received = received
        self.events: list[Event] = list(events)

    def __str__(self) -> str:
        count = self.end.count - self.start.count
        asked = f"{count} events after ID {self.start.last_event_id[:200]!r}, the last with ID"
        asked += f" {self.end.last_event_id[:200]!r}, cannot be read again"
        if self.received < count:
            return f"{asked}: the server sends only {self.received}"
        return f"{asked}: the server sends others (IDs missing, added, or in another order)"


def replay_events(source: EventSource[Event], start: Position, end: Position) -> list[Event]:
    """Read exactly the events between two positions again.

    Args:
        source: made with `last_event_id=start.last_event_id`, and nothing read from it yet. Its
            `total_timeout` limits how long to wait for events that do not come.
        start: the position before the first event.
        end: the position after the last event.

    Raises:
        DataLoss: other events came, or fewer until the stream ended, or until `total_timeout` passed
            while it was open.
        sse_core.InvalidArgument: `end` is before `start`, or the source resumes after another ID.
        sse_core.SSEError: as iterating does; `TotalTimeout` only if no stream was open at its end.
    """
    replay = _Replay(source, start, end)
    try:
        batches = source.batches(MAX_WAIT)
        while replay.missing:
            replay.add(next(batches))
    except (StopIteration, TotalTimeout) as error:
        replay.check_open(error)
    return replay.result()


async def areplay_events(source: AsyncEventSource[Event], start: Position, end: Position) -> list[Event]:
    """Do what `replay_events` does, for an `AsyncEventSource`."""
    replay = _Replay(source, start, end)
    try:
        batches = source.batches(MAX_WAIT)
        while replay.missing:
            replay.add(await anext(batches))
    except (StopAsyncIteration, TotalTimeout) as error:
        replay.check_open(error)
    return replay.result()


class _Replay:
    """Collects the events between two positions, and compares them with what these say."""

    def __init__(
        self, source: EventSource[Event] | AsyncEventSource[Event], start: Position, end: Position
    ) -> None:
        if end.count < start.count:
            raise InvalidArgument("end", f"{end!r} is before the start, {start!r}")
        if source.last_event_id != start.last_event_id:
            raise InvalidArgument("source", f"its last_event_id is not that of the start, {start!r}")
        self._source, self._start, self._end = source, start, end
        self._events: list[Event] = []
        # Whether the stream was open when its state was last read.
        self._is_open = True

    @property
    def missing(self) -> int:
        """How many events have not come yet."""
        return self._end.count - self._start.count - len(self._events)

    def add(self, events: list[Event]) -> None:
        # The events after the end are not asked for.
        self._events += events[: self.missing]
        state = self._source.ready_state
        # A timeout has already closed the source.
        if state is not ReadyState.CLOSED:
            self._is_open = state is ReadyState.OPEN

    def check_open(self, error: Exception) -> None:
        """Raise the timeout of a server that could not be reached: that says nothing about its events."""
        never_opened = self._source.response is None
        if isinstance(error, TotalTimeout) and (never_opened or not self._is_open):
            raise error

    def result(self) -> list[Event]:
        if self._start.after(self._events) == self._end:
            return self._events
        ids = [event.id for event in self._events]
        known = ids.index(self._end.last_event_id) + 1 if self._end.last_event_id in ids else 0
        raise DataLoss(self._start, self._end, len(ids), self._events[:known])
