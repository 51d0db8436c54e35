"""A small Spark session, for tests and benchmarks: little memory, and no more threads than it needs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "768m",
    "spark.eventLog.compress": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def start_session(*, cores: int = 1, event_log: Path | None = None) -> SparkSession:
    """Start Spark in this process, with so many task threads."""
    # Otherwise Spark starts whatever `python3` is first on the PATH.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # Compiles less, which pays for a JVM that lives for seconds.
    os.environ["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"local[{cores}]").appName("sse")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    if event_log is not None:
        builder = builder.config("spark.eventLog.enabled", "true").config(
            "spark.eventLog.dir", event_log.as_uri()
        )
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
