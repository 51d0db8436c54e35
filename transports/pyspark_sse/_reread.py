"""A batch that Spark asks for again: it was logged before a crash, and perhaps not written.

Spark does this on an executor, which needs this package, the network and the secrets for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from sse_core import SSEError, TotalTimeout
from sse_transports import AsyncEventSource, DataLoss, Position, areplay_events

from ._feeds import WARNINGS, FeedError, Taken, feed_error
from ._options import Options

SKIPPED = "feed %r: %d events without IDs cannot be read again, and may be lost (at most once)"


def reread(options: Options, start: Mapping[str, Position], end: Mapping[str, Position]) -> list[Taken]:
    """Return the events between two positions of each feed.

    Raises:
        FeedError: for one feed, these events cannot be read again, or reading has failed.
    """

    async def read_all() -> list[Taken]:
        return await asyncio.gather(
            *(_reread(options, name, start.get(name, Position()), end[name]) for name in end)
        )

    return asyncio.run(read_all())


async def _reread(options: Options, name: str, start: Position, end: Position) -> Taken:
    events = []
    has_ids = start.last_event_id or end.last_event_id
    if not has_ids and end.count > start.count:
        WARNINGS.warning(SKIPPED, name, end.count - start.count)
    elif end.count > start.count:
        if name not in options.feeds:
            raise FeedError(f"feed {name!r}: its events are to be read again, and the options do not name it")
        try:
            source = AsyncEventSource(
                **options.arguments_of(name),
                last_event_id=start.last_event_id,
                total_timeout=options["replayTimeout"],
            )
            async with source:
                events = await areplay_events(source, start, end)
        except DataLoss as error:
            if options["failOnDataLoss"]:
                hint = "to go on without them, set failOnDataLoss to false"
                raise FeedError(f"{feed_error(name, error)}; {hint}") from None
            events = error.events
            WARNINGS.warning("%s", feed_error(name, error))
        except TotalTimeout:
            raise FeedError(f"feed {name!r}: was not connected when replayTimeout had passed") from None
        except SSEError as error:
            raise feed_error(name, error) from None
    return Taken(name, start, events, [time.time_ns() // 1000] * len(events))
