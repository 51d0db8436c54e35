"""The data source, as Spark calls it.

A streaming query calls `read` on the driver, which returns what has arrived and where it ends. Spark logs
that offset, processes the rows, and logs that it has done so. If it stopped between the two, the next run
calls `readBetweenOffsets`, on an executor: that reads the same events again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    InputPartition,
    SimpleDataSourceStreamReader,
)
from pyspark.sql.streaming.datasource import SupportsTriggerAvailableNow

from sse_core import InvalidArgument

from ._offsets import offset_of, positions_of
from ._options import Options

if TYPE_CHECKING:
    import pyarrow as pa

    from sse_transports import Position

    from ._feeds import Feeds

SCHEMA = "feed string, seq bigint, id string, event string, data string, received_at timestamp"


class DefaultSource(DataSource):
    """Server-Sent Events: one row for each event.

    Raises:
        sse_core.InvalidArgument: an option is unknown or has a wrong value. The message names it.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(dict(options))
        self._options = Options(options)

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "sse"

    def schema(self) -> str:
        """Return the columns, which are always the same."""
        return SCHEMA

    def reader(self, schema: Any) -> DataSourceReader:
        """Return the reader of a batch query."""
        options = self._options
        if all(options[limit] is None for limit in ("maxEvents", "maxSeconds", "until")):
            reason = "spark.read needs this, maxSeconds or until: a feed has no end"
            raise InvalidArgument("maxEvents", reason)
        return BatchReader(options)

    def simpleStreamReader(self, schema: Any) -> SimpleDataSourceStreamReader:  # noqa: N802  # Spark's name
        """Return the reader of a streaming query."""
        if self._options["maxEvents"] is not None:
            raise InvalidArgument("maxEvents", "is for spark.read; a stream has maxOffsetsPerTrigger")
        return StreamReader(self._options)


class BatchReader(DataSourceReader):
    """Reads each feed in a task of its own, until a limit."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def partitions(self) -> Sequence[InputPartition]:
        """Return a partition for each feed."""
        return [InputPartition(name) for name in self._options.feeds]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """Read a feed until it ends, or the first limit is reached."""
        from ._feeds import Feeds
        from ._records import record_batches

        options, feed = self._options, partition.value
        left = options["maxEvents"]
        deadline = _deadline(options)
        with closing(Feeds(options, {feed: options.starts[feed]}, ignore_end=True)) as feeds:
            while not feeds.finished and left != 0 and (seconds := _seconds_until(deadline)):
                takings = feeds.take(left, seconds)
                if left is not None:
                    left -= sum(len(taken.events) for taken in takings)
                yield from record_batches(takings)


class StreamReader(SimpleDataSourceStreamReader, SupportsTriggerAvailableNow):
    """Reads all feeds on the driver. Spark pickles it, so it starts its thread when it reads."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._feeds: Feeds | None = None
        # When a query with `availableNow` ends; None for other queries.
        self._deadline: float | None = None

    def initialOffset(self) -> dict[str, Any]:  # noqa: N802
        """Return where a new query begins."""
        return offset_of(self._options.starts)

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802
        """Read until all feeds are silent, or `maxSeconds` have passed."""
        self._deadline = _deadline(self._options)

    def read(self, start: dict[str, Any]) -> tuple[Iterator[pa.RecordBatch], dict[str, Any]]:
        """Return what has arrived after an offset, and the offset after it."""
        from ._records import record_batches

        options = self._options
        known = positions_of(start)
        feeds = self._feeds_from(known)
        wait = options["maxSecondsPerTrigger"]
        if self._deadline is not None:
            feeds.wait_until_open(_seconds_until(self._deadline))
            wait = min(wait, _seconds_until(self._deadline))
            if not wait:
                return iter([]), start
        elif options["maxSeconds"] is not None:
            raise InvalidArgument("maxSeconds", "is for spark.read and for the trigger availableNow")
        elif feeds.finished:
            # Spark asks again at once.
            time.sleep(wait)
        takings = feeds.take(options["maxOffsetsPerTrigger"], wait)
        if not takings:
            return iter([]), start
        # The offset keeps feeds that the options no longer name. The iterator must be one that can be copied.
        return iter(record_batches(takings)), offset_of(known | feeds.positions)

    def readBetweenOffsets(  # noqa: N802
        self, start: dict[str, Any], end: dict[str, Any]
    ) -> Iterator[pa.RecordBatch]:
        """Return the rows between two offsets again."""
        from ._records import record_batches
        from ._reread import reread

        # The offset does not have a feed that was added to the options after it.
        positions = self._options.starts | positions_of(start)
        return iter(record_batches(reread(self._options, positions, positions_of(end))))

    def _feeds_from(self, known: Mapping[str, Position]) -> Feeds:
        """Return the feeds, read from these positions on."""
        from ._feeds import Feeds

        positions = {name: known.get(name, first) for name, first in self._options.starts.items()}
        if self._feeds is not None and self._feeds.positions != positions:
            # Spark has not used what was read last.
            self._feeds.close()
            self._feeds = None
        if self._feeds is None:
            # A query that ends once everything was read also ends with its feeds.
            ignore_end = self._options["onFeedEnd"] == "ignore" or self._deadline is not None
            self._feeds = Feeds(self._options, positions, ignore_end=ignore_end)
        return self._feeds


def _deadline(options: Options) -> float:
    """Return when `maxSeconds` will have passed."""
    return float("inf") if options["maxSeconds"] is None else time.monotonic() + options["maxSeconds"]


def _seconds_until(deadline: float) -> float:
    """Return how long it is until then: 0 if it has passed, and never more than a thread can wait."""
    return min(max(deadline - time.monotonic(), 0), threading.TIMEOUT_MAX)
