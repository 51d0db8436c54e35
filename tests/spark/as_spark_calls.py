"""The stream reader, called in the way and in the processes that Spark calls it, without a JVM."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource_internal import _SimpleStreamReaderWrapper, _streamReader
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.streaming.datasource import ReadAllAvailable
from pyspark.sql.types import StructType
from pyspark.sql.worker.plan_data_source_read import records_to_arrow_batches

from pyspark_sse import DefaultSource

COLUMNS = [column.split() for column in DefaultSource({"url": "http://localhost/"}).schema().split(", ")]
SPARK_SCHEMA = StructType()
for name, kind in COLUMNS:
    # Spark's own parser of such a schema needs a JVM.
    SPARK_SCHEMA.add(name, "long" if kind == "bigint" else kind)

Rows = list[dict[str, Any]]


@dataclass
class Query:
    """A streaming query with a checkpoint: an offset is logged, then its rows are written, then committed.

    Attributes:
        options: those of the source.
        offsets: the offsets that were logged, the initial one first.
        committed: how many of their batches were written.
        rows: what was written.
    """

    options: dict[str, str]
    offsets: list[Any] = field(default_factory=list)
    committed: int = 0
    rows: Rows = field(default_factory=list)
    available_now: bool = False

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start it, or start it again after a crash: a batch that was not committed is read again."""
        self._source = pickle.loads(pickle.dumps(DefaultSource(self.options)))
        self._reader = _streamReader(self._source, SPARK_SCHEMA)
        assert isinstance(self._reader, _SimpleStreamReaderWrapper)
        if self.available_now:
            self._reader.simple_reader.prepareForTriggerAvailableNow()
        if not self.offsets:
            self.offsets = [sent_as_json(self._reader.initialOffset())]
        if self.committed < len(self.offsets) - 1:
            self.commit(read_on_an_executor(self._source, *self.offsets[-2:]))

    def log(self) -> bool:
        """Ask for a batch, and log its offset; return whether there is one."""
        start = self.offsets[-1]
        end = sent_as_json(self._reader.latestOffset(start, ReadAllAvailable()))
        if end == start:
            return False
        self.offsets.append(end)
        return True

    def write(self) -> None:
        """Write the rows of the batch that was logged last."""
        start, end = self.offsets[-2:]
        self._reader.partitions(start, end)
        # Spark may ask for the rows several times.
        for _ in range(2):
            iterator = self._reader.getCache(start, end)
            assert iterator is not None
            rows = rows_of(iterator, self._source)
        self.commit(rows)

    def commit(self, rows: Rows) -> None:
        """Write rows, and log that the batch is done."""
        self.rows += rows
        self.committed += 1
        self._reader.commit(self.offsets[-1])

    def run(self, count: int) -> None:
        """Run batches until so many rows were written."""
        while len(self.rows) < count:
            if self.log():
                self.write()

    def stop(self) -> None:
        """Close the connections. Spark ends the process instead."""
        if self._reader.simple_reader._feeds is not None:
            self._reader.simple_reader._feeds.close()
            self._reader.simple_reader._feeds = None


def sent_as_json(offset: Any) -> Any:
    """Return an offset as it comes back from the JVM, which keeps it as JSON."""
    return json.loads(json.dumps(offset))


def rows_of(iterator: Any, source: DefaultSource) -> Rows:
    """Return rows as Spark takes them: it checks the Arrow schema."""
    batches = list(records_to_arrow_batches(iterator, 10_000, SPARK_SCHEMA, source))
    rows: Rows = pa.Table.from_batches(batches, to_arrow_schema(SPARK_SCHEMA, timezone="UTC")).to_pylist()
    return rows


EXECUTOR = """
import json, pickle, sys
from pyspark.sql.datasource_internal import SimpleInputPartition
reader, source, start, end = pickle.load(sys.stdin.buffer)
from tests.spark.as_spark_calls import rows_of
rows = rows_of(reader.read(SimpleInputPartition(start, end)), source)
sys.stdout.buffer.write(pickle.dumps(rows))
"""


def read_on_an_executor(source: DefaultSource, start: Any, end: Any) -> Rows:
    """Return the rows between two offsets, read in another process, to which the reader is sent."""
    planned = pickle.dumps((_streamReader(source, SPARK_SCHEMA), source, start, end))
    done = subprocess.run([sys.executable, "-c", EXECUTOR], input=planned, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    rows: Rows = pickle.loads(done.stdout)
    return rows
