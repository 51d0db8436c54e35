"""Events as Arrow record batches, in the schema of the source."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ._feeds import Taken

# Spark accepts exactly these types.
ARROW_SCHEMA = pa.schema(
    [
        ("feed", pa.string()),
        ("seq", pa.int64()),
        ("id", pa.string()),
        ("event", pa.string()),
        ("data", pa.string()),
        ("received_at", pa.timestamp("us", tz="UTC")),
    ]
)

MAX_ROWS = 10_000
"""The most rows of a record batch, as many as Spark makes itself by default."""


def record_batches(takings: Sequence[Taken]) -> list[pa.RecordBatch]:
    """Return the events as record batches."""
    columns: list[list[str] | list[int]] = [
        [taken.feed for taken in takings for _ in taken.events],
        [number for taken in takings for number, _ in enumerate(taken.events, taken.start.count + 1)],
        [event.id for taken in takings for event in taken.events],
        [event.event for taken in takings for event in taken.events],
        [event.data for taken in takings for event in taken.events],
        [time for taken in takings for time in taken.times],
    ]
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, ARROW_SCHEMA, strict=True)]
    # A table, because an array of more than 2 GiB of text comes in several chunks.
    batches: list[pa.RecordBatch] = pa.table(arrays, schema=ARROW_SCHEMA).to_batches(max_chunksize=MAX_ROWS)
    return batches
