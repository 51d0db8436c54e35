"""Events as Arrow record batches, in the schema of the source."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from ._feeds import Taken

# Spark accepts exactly these types.
ARROW_SCHEMA = pa.schema(
    {
        "feed": pa.string(),
        "seq": pa.int64(),
        "id": pa.string(),
        "event": pa.string(),
        "data": pa.string(),
        "received_at": pa.timestamp("us", tz="UTC"),
    }
)

MAX_ROWS = 10_000
"""The most rows of a record batch, as many as Spark makes itself by default."""


def record_batches(takings: Iterable[Taken]) -> list[pa.RecordBatch]:
    """Return the events as record batches."""
    feeds: list[str] = []
    numbers: list[int] = []
    times: list[int] = []
    ids: list[str] = []
    types: list[str] = []
    data: list[str] = []
    for taken in takings:
        first = taken.start.count + 1
        feeds += [taken.feed] * len(taken.events)
        numbers += range(first, first + len(taken.events))
        times += taken.times
        ids += [event.id for event in taken.events]
        types += [event.event for event in taken.events]
        data += [event.data for event in taken.events]
    columns = (feeds, numbers, ids, types, data, times)
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, ARROW_SCHEMA, strict=True)]
    # A table, because an array of more than 2 GiB of text comes in several chunks.
    batches: list[pa.RecordBatch] = pa.table(arrays, schema=ARROW_SCHEMA).to_batches(max_chunksize=MAX_ROWS)
    return batches
