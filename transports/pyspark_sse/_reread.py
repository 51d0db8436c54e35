"""A batch that Spark asks for again: it was logged before a crash, and perhaps not written.

Spark does this on an executor, which needs this package, the network and the secrets for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from sse_core import SSEError
from sse_transports import DataLoss, Position, areplay_events

from ._feeds import WARNINGS, FeedError, Taken, event_source
from ._options import Options

MAX_CONNECTIONS = 100
"""How many feeds are read at the same time."""

SKIPPED = "feed %r: %d events without IDs cannot be read again, and may be lost (at most once)"


def reread(options: Options, start: Mapping[str, Position], end: Mapping[str, Position]) -> list[Taken]:
    """Return the events between two positions of each feed.

    Raises:
        FeedError: for one feed, these events cannot be read again, or reading has failed.
    """
    return asyncio.run(_reread_all(options, start, end))


async def _reread_all(
    options: Options, start: Mapping[str, Position], end: Mapping[str, Position]
) -> list[Taken]:
    free = asyncio.Semaphore(MAX_CONNECTIONS)

    async def reread_one(name: str) -> Taken:
        async with free:
            return await _reread(options, name, start.get(name, Position()), end[name])

    return await asyncio.gather(*(reread_one(name) for name in end))


async def _reread(options: Options, name: str, start: Position, end: Position) -> Taken:
    events = []
    if end.count == start.count:
        pass
    elif not start.last_event_id and not end.last_event_id:
        WARNINGS.warning(SKIPPED, name, end.count - start.count)
    elif name not in options.feeds:
        raise FeedError(name, "the batch to be read again has events of it, and the options do not name it")
    else:
        try:
            source = event_source(options, name, start, total_timeout=options.replay_timeout)
            async with source:
                events = await areplay_events(source, start, end)
        except DataLoss as error:
            hint = "to go on without them, set failOnDataLoss to false"
            if options.fail_on_data_loss:
                raise FeedError(name, f"DataLoss: {error}; {hint}") from None
            events = error.events
            WARNINGS.warning("feed %r: DataLoss: %s", name, error)
        except SSEError as error:
            raise FeedError(name, error) from None
    return Taken(name, start, events, [time.time_ns() // 1000] * len(events))
