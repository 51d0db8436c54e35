"""A streaming query in a process of its own, to be killed: `spark_query.py FEEDS FOLDER [BATCH]`.

Reads all events of FEEDS (JSON: name to URL) and writes each batch to a folder of its own, which is replaced
if the batch comes again: an idempotent sink. With BATCH, it kills itself, its JVM and its workers after that
batch was written and before Spark knows it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.spark_session import start_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MAX_OFFSETS = 1000


def main(feeds: str, folder: Path, fatal_batch: int | None) -> None:
    """Run the query until all feeds have ended."""

    def write(rows: DataFrame, batch: int) -> None:
        rows.write.mode("overwrite").parquet(str(folder / "rows" / f"batch={batch}"))
        if batch == fatal_batch:
            os.killpg(0, signal.SIGKILL)

    stream = start_session().readStream.format("sse").option("feeds", feeds)
    rows = stream.option("maxOffsetsPerTrigger", str(MAX_OFFSETS)).load()
    query = (
        rows.writeStream.foreachBatch(write)
        .option("checkpointLocation", str(folder / "checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
