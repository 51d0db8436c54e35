"""Measure `format("sse")`: rows a second, and the CPU time of its Python process. Part of `make bench-spark`.

A server in another process sends events of some 250 bytes. A Spark query with the noop sink reads them from
2 and from 20 feeds. Beside it, a plain `AsyncEventSource` for each feed reads the same events into lists, in
one process. Starting Spark and the first batch do not count.

    spark_speed.py [--events 600000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.server_process import run_server
from benchmarks.spark_session import start_session
from sse_core import Event
from sse_transports import AsyncEventSource

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

READER = b"python_streaming_source_runner"
"""The module that Spark runs in the process that reads a stream."""

BUFFER = 20_000
"""Events that are buffered at most: at the start of the measurement, that many have been read already."""

TICK = os.sysconf("SC_CLK_TCK")


def reader_cpu() -> float:
    """Return the CPU seconds of the process that reads the stream: the youngest, if there are several."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if READER in (process / "cmdline").read_bytes():
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                found[int(fields[19])] = (int(fields[11]) + int(fields[12])) / TICK
        except OSError:
            # It has ended.
            continue
    return found[max(found)] if found else 0.0


def read_with_spark(spark: SparkSession, feeds: dict[str, str], events: int) -> tuple[float, float]:
    """Return rows a second, and microseconds of CPU of the reading process for each row."""
    with TemporaryDirectory() as checkpoint:
        stream = (
            spark.readStream.format("sse").option("feeds", json.dumps(feeds)).option("onFeedEnd", "ignore")
        )
        query = (
            stream.option("maxBufferedEvents", str(BUFFER))
            .load()
            .writeStream.format("noop")
            .option("checkpointLocation", checkpoint)
            .start()
        )
        # The last progress of a batch that has rows.
        counts: dict[int, int] = {}
        first = last = (0.0, 0.0, 0)
        while sum(counts.values()) < events:
            query.exception()
            for progress in query.recentProgress:
                counts[progress.batchId] = progress.numInputRows
            done = sum(counts.values())
            if done > last[2]:
                last = (time.monotonic(), reader_cpu(), done)
                first = first if first[2] else last
            time.sleep(0.1)
        query.stop()
    count = last[2] - first[2]
    return count / (last[0] - first[0]), (last[1] - first[1]) / count * 1e6


async def read_plainly(feeds: dict[str, str]) -> tuple[float, float]:
    """Return events a second, and microseconds of CPU for each."""
    received: list[list[Event]] = []

    async def read(url: str) -> None:
        async with AsyncEventSource(url) as source:
            received.extend([events async for events in source.batches()])

    wall, cpu = time.monotonic(), time.process_time()
    await asyncio.gather(*map(read, feeds.values()))
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    count = sum(map(len, received))
    return count / wall, cpu / count * 1e6


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--events", type=int, default=600_000, help="of all feeds together")
    events: int = arguments.parse_args().events
    spark = start_session(cores=2)
    print(f"{'feeds':>5}  {'':16}{'rows a second':>14}{'µs of CPU a row':>17}")
    for count in (2, 20):
        with run_server("numbered_feed.py", events // count) as url:
            feeds = {f"feed{number}": f"{url}{number}" for number in range(count)}
            plain = asyncio.run(read_plainly(feeds))
            with_spark = read_with_spark(spark, feeds, events)
        for name, (speed, cpu) in (("plain source", plain), ("Spark", with_spark)):
            print(f"{count:5}  {name:16}{speed:14,.0f}{cpu:17.1f}")
        print(f"{count:5}  CPU of Spark's reader / plain: {with_spark[1] / plain[1]:.2f}")
    spark.stop()


if __name__ == "__main__":
    main()
