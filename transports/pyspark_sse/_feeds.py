"""Reads all feeds in one thread, into bounded buffers from which a batch is taken.

The thread runs one asyncio event loop with an `AsyncEventSource` for each feed. A feed whose buffer is full
is not read, so its server has to wait (TCP). Spark does not say when a query stops: the thread is a daemon.

`_changed` guards what both threads use: the buffers and the ends of the feeds.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sse_core import Event, SSEError
from sse_transports import AsyncEventSource, Position
from sse_transports._log import error_text

from ._options import Options

WARNINGS = logging.getLogger("pyspark_sse")

NO_ID = "feed %r has events without an ID: after a crash they may be lost (at most once)"
REPEATED_ID = "feed %r has the same ID on several events: after a crash some of them may be lost or doubled"


class FeedError(Exception):
    """What went wrong with one feed. The message names it."""


def feed_error(feed: str, cause: Exception) -> FeedError:
    """Return the error of a feed."""
    # The page of a refusal may quote the URL, and Spark keeps the message in its event log.
    return FeedError(f"feed {feed!r}: {type(cause).__name__}: {error_text(cause)}")


@dataclass(frozen=True)
class Taken:
    """Events of one feed that follow each other.

    Attributes:
        feed: its name.
        start: the position before the first of them.
        events: the events.
        times: when each was received, in microseconds since 1970.
    """

    feed: str
    start: Position
    events: list[Event]
    times: list[int]


@dataclass
class _Feed:
    """A feed, its buffer, and how it has ended.

    Attributes:
        name: its name.
        position: after the last event that was taken.
        events: what has arrived and was not taken yet.
        times: when each of these was received, in microseconds.
        room: set when events were taken; belongs to the event loop.
        opened: whether a stream was opened.
        done: whether it is no longer read.
        error: what to raise after its last event was taken, or None.
        has_warned: whether there was a warning of its IDs.
    """

    name: str
    position: Position
    events: list[Event] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    room: asyncio.Event = field(default_factory=asyncio.Event)
    opened: bool = False
    done: bool = False
    error: FeedError | None = None
    has_warned: bool = False


class Feeds:
    """The feeds of a query, read from these positions on.

    Args:
        options: the options of the query.
        positions: the name of each feed to read, and where to begin.
        ignore_end: whether the end of a feed is no error.
    """

    def __init__(self, options: Options, positions: Mapping[str, Position], *, ignore_end: bool) -> None:
        self._options = options
        self._ignore_end = ignore_end
        self._feeds = [_Feed(name, position) for name, position in positions.items()]
        # An equal share for each, so that a busy feed leaves room for the others.
        self._capacity = max(options["maxBufferedEvents"] // len(self._feeds), 1)
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="sse feeds", daemon=True)
        self._thread.start()

    @property
    def positions(self) -> dict[str, Position]:
        """The position of each feed, after the last event that was taken."""
        return {feed.name: feed.position for feed in self._feeds}

    @property
    def finished(self) -> bool:
        """Whether all feeds have ended, and everything was taken."""
        with self._changed:
            return all(feed.done and not feed.events for feed in self._feeds)

    def wait_until_open(self, seconds: float) -> None:
        """Wait until each feed was opened or has ended, for some seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: all(feed.opened or feed.done for feed in self._feeds), seconds)

    def take(self, limit: int | None, seconds: float) -> list[Taken]:
        """Return what has arrived, as soon as there is anything, or nothing after some seconds.

        Each feed gives at most an equal share of `limit`, and more if others have less.

        Raises:
            FeedError: a feed has failed, or has ended, and all its events were taken.
        """
        with self._changed:
            self._changed.wait_for(self._is_ready, seconds)
            for feed in self._feeds:
                if feed.error is not None and not feed.events:
                    raise feed.error
            takings = []
            feeds = sorted(self._feeds, key=lambda feed: len(feed.events))
            for index, feed in enumerate(feeds):
                count = len(feed.events)
                if limit is not None:
                    count = min(count, limit // (len(feeds) - index))
                    limit -= count
                if count:
                    takings.append(self._take(feed, count))
            return takings

    def close(self) -> None:
        """Close all connections, and wait for the thread."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    # Called with `_changed` held.

    def _is_ready(self) -> bool:
        return any(feed.events or feed.error for feed in self._feeds) or all(
            feed.done for feed in self._feeds
        )

    def _take(self, feed: _Feed, count: int) -> Taken:
        taken = Taken(feed.name, feed.position, feed.events[:count], feed.times[:count])
        del feed.events[:count], feed.times[:count]
        feed.position = feed.position.after(taken.events)
        _warn(feed, taken)
        self._loop.call_soon_threadsafe(feed.room.set)
        return taken

    # In the thread.

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        tasks = [asyncio.create_task(self._follow(feed)) for feed in self._feeds]
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def _follow(self, feed: _Feed) -> None:
        """Read a feed to its end."""
        error = None
        try:
            arguments = self._options.arguments_of(feed.name)
            async with AsyncEventSource(**arguments, last_event_id=feed.position.last_event_id) as source:
                await source.open()
                self._update(feed, opened=True)
                async for events in source.batches():
                    self._add(feed, events)
                    await self._wait_for_room(feed)
            if not self._ignore_end:
                end = "has ended; to go on with the others, set onFeedEnd to ignore"
                error = FeedError(f"feed {feed.name!r}: {end}")
        except Exception as cause:  # noqa: BLE001  # `take` raises it in the other thread
            error = feed_error(feed.name, cause)
            # The message of an SSEError says all; of others, the traceback may be needed.
            error.__cause__ = None if isinstance(cause, SSEError) else cause
        self._update(feed, done=True, error=error)

    async def _wait_for_room(self, feed: _Feed) -> None:
        # Cleared before the check: if events are taken after it, it is set again.
        feed.room.clear()
        while len(feed.events) >= self._capacity:
            await feed.room.wait()
            feed.room.clear()

    def _add(self, feed: _Feed, events: list[Event]) -> None:
        now = time.time_ns() // 1000
        with self._changed:
            feed.events += events
            feed.times += [now] * len(events)
            self._changed.notify()

    def _update(self, feed: _Feed, **fields: object) -> None:
        with self._changed:
            vars(feed).update(fields)
            self._changed.notify()


def _warn(feed: _Feed, taken: Taken) -> None:
    """Warn, once for each feed, of IDs from which a batch cannot be read again exactly."""
    ids = {event.id for event in taken.events}
    repeated = len(ids) < len(taken.events) or taken.events[0].id == taken.start.last_event_id
    warning = NO_ID if "" in ids else REPEATED_ID if repeated else None
    if warning and not feed.has_warned:
        feed.has_warned = True
        WARNINGS.warning(warning, feed.name)
