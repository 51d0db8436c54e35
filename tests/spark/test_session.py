"""Queries in a Spark session, with a JVM."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession

from benchmarks.spark_session import start_session
from sse_core import Event
from sse_transports.testing import Call, History, SSEServer, Steps

HISTORY = [Event(f"data {number}", id=f"id-{number}") for number in range(1, 3001)]
EXPECTED = [(number, event.id, event.data) for number, event in enumerate(HISTORY, 1)]


def answer(call: Call) -> Steps:
    if call.path.startswith("/private") and call.headers.get("authorization") != b"Bearer hush":
        return [401]
    # A feed that ends, so that a query does.
    return [204] if call.last_event_id == HISTORY[-1].id else [History()]


@pytest.fixture(scope="module")
def server() -> Iterator[SSEServer]:
    with SSEServer(answer, history=HISTORY) as server:
        yield server


@pytest.fixture(scope="module")
def event_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("event_log")


@pytest.fixture(scope="module")
def spark(event_log: Path) -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as patch:
        # Processes that Spark starts inherit it.
        patch.setenv("FEED_TOKEN", "Bearer hush")
        session = start_session(event_log=event_log)
        yield session
        session.stop()


def feeds_of(server: SSEServer, *names: str) -> str:
    return json.dumps({name: f"{server.url.rstrip('/')}/{name}" for name in names})


def rows_in(folder: Path) -> dict[str, list[tuple[int, str, str]]]:
    """Return the rows of each feed, by their numbers."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for row in sorted(pq.read_table(folder).to_pylist(), key=lambda row: int(row["seq"])):
        found.setdefault(row["feed"], []).append((row["seq"], row["id"], row["data"]))
    return found


def run(spark: SparkSession, folder: Path, **options: str) -> None:
    """Stream into parquet files until the feeds end."""
    rows = spark.readStream.format("sse").options(**options).load()
    query = (
        rows.writeStream.format("parquet")
        .option("path", str(folder / "rows"))
        .option("checkpointLocation", str(folder / "checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()


def test_a_batch_reads_as_many_events_of_each_feed(spark: SparkSession, server: SSEServer) -> None:
    rows = spark.read.format("sse").option("feeds", feeds_of(server, "a", "b")).option("maxEvents", "700")
    found = [(row.feed, row.seq, row.id, row.event) for row in rows.load().collect()]
    assert found == [(feed, n, f"id-{n}", "message") for feed in ("a", "b") for n in range(1, 701)]


def test_two_feeds_into_parquet(spark: SparkSession, server: SSEServer, tmp_path: Path) -> None:
    run(spark, tmp_path, feeds=feeds_of(server, "a", "b"), maxOffsetsPerTrigger="1500")
    assert rows_in(tmp_path / "rows") == {"a": EXPECTED, "b": EXPECTED}
    # A second run has nothing to add.
    run(spark, tmp_path, feeds=feeds_of(server, "a", "b"))
    assert rows_in(tmp_path / "rows") == {"a": EXPECTED, "b": EXPECTED}


def test_a_refusal_is_shown(spark: SparkSession, server: SSEServer, tmp_path: Path) -> None:
    with pytest.raises(StreamingQueryException, match=r"feed 'private': HTTPStatusError: .*401"):
        run(spark, tmp_path, feeds=feeds_of(server, "a", "private"))


def test_a_wrong_option_is_shown(spark: SparkSession) -> None:
    with pytest.raises(Exception, match=r"InvalidArgument: maxEvents: expected a whole number above 0"):
        spark.read.format("sse").option("url", "http://localhost/").option("maxEvents", "x").load()


def test_no_secret_is_in_checkpoint_or_event_log(
    server: SSEServer, tmp_path: Path, spark: SparkSession, event_log: Path
) -> None:
    run(spark, tmp_path, feeds=feeds_of(server, "private"), **{"header.Authorization": "env:FEED_TOKEN"})
    assert rows_in(tmp_path / "rows") == {"private": EXPECTED}
    files = [path for folder in (tmp_path / "checkpoint", event_log) for path in folder.rglob("*")]
    contents = [path.read_bytes() for path in files if path.is_file()]
    assert any(b"id-3000" in content for content in contents)
    assert any(b"SparkListenerSQLExecutionStart" in content for content in contents)
    assert [content for content in contents if b"hush" in content] == []


def test_a_batch_that_was_killed_before_its_commit_comes_again_as_it_was(
    server: SSEServer, tmp_path: Path
) -> None:
    def query(*more: str) -> int:
        program = [sys.executable, "-m", "benchmarks.spark_query", feeds_of(server, "a", "b"), str(tmp_path)]
        return subprocess.run([*program, *more], start_new_session=True, check=False).returncode

    def batch() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(tmp_path / "rows" / "batch=2").to_pylist()
        # Events of one feed are in order; those of several feeds are in the order in which they came.
        rows.sort(key=lambda row: (row["feed"], row["seq"]))
        return [{name: row[name] for name in row if name != "received_at"} for row in rows]

    assert query("2") == -signal.SIGKILL
    logs = {path.parent.name + path.name for path in (tmp_path / "checkpoint").rglob("?")}
    assert logs == {"offsets0", "offsets1", "offsets2", "commits0", "commits1"}
    before = batch()
    (written,) = (tmp_path / "rows" / "batch=2").glob("*.parquet")
    assert query() == 0
    assert not written.exists()
    assert batch() == before
    assert rows_in(tmp_path / "rows") == {"a": EXPECTED, "b": EXPECTED}
