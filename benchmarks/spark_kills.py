"""Kill a streaming query at random moments, and count what its sink lost or has twice: `make bench-spark`.

A query of `spark_query.py` reads two feeds of numbered events. In each run, a random one of its processes is
killed (SIGKILL) at a random moment after its first batch: the driver, the JVM, a Python worker, or all. What
remains of the query is killed as well, and it is started again, until nothing is left to read.

    spark_kills.py [--kills 20] [--events 30000] [--seed N]

Exit code 1 if an event is lost or doubled.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.server_process import run_server

KINDS = {
    "driver": (b"benchmarks.spark_query",),
    "JVM": (b"org.apache.spark.deploy.SparkSubmit",),
    "worker": (b"python_streaming_source_runner", b"pyspark.daemon"),
    "all": (b"",),
}
"""What to kill, and what the command line of such a process contains."""

MAX_LIFE = 2.0
"""Seconds after the first batch within which the kill comes."""

STUCK = 300.0


def processes(session: int, kind: str) -> list[int]:
    """Return the processes of one kind that belong to a query."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (process / "cmdline").read_bytes()
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and any(name in line for name in KINDS[kind]):
                found.append(int(process.name))
    return found


def kill(session: int, kind: str) -> None:
    """Kill the processes of one kind."""
    for process in processes(session, kind):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def logged(folder: Path, log: str) -> int:
    """Return how many batches are in one of the logs of the checkpoint."""
    return len(list((folder / "checkpoint" / log).glob("[0-9]*")))


def run(feeds: str, folder: Path, kind: str | None, life: float) -> bool:
    """Run the query, and kill it; return whether it has come to its end before that."""
    before = logged(folder, "offsets")
    command = [sys.executable, "-m", "benchmarks.spark_query", feeds, str(folder)]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as query:
        try:
            deadline = time.monotonic() + STUCK
            while query.poll() is None and kind is not None and logged(folder, "offsets") == before:
                time.sleep(0.005)
                if time.monotonic() > deadline:
                    raise SystemExit("no batch was begun")
            if kind is not None:
                time.sleep(life)
                kill(query.pid, kind)
            # Without its JVM or a worker, the query fails.
            return query.wait(STUCK) == 0
        finally:
            kill(query.pid, "all")


def main() -> int:
    """Kill, run to the end, count; return 1 if anything is wrong."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--events", type=int, default=30_000, help="of each feed")
    arguments.add_argument("--seed", type=int, default=random.randrange(10_000))
    options = arguments.parse_args()
    numbers = random.Random(options.seed)
    killed: Counter[str] = Counter()
    between = 0
    with TemporaryDirectory() as name, run_server("numbered_feed.py", options.events) as url:
        folder = Path(name)
        feeds = json.dumps({"a": f"{url}a", "b": f"{url}b"})
        for _ in range(options.kills):
            kind = numbers.choice(list(KINDS))
            if run(feeds, folder, kind, numbers.uniform(0, MAX_LIFE)):
                print("everything was read before all kills: give more events")
                break
            killed[kind] += 1
            between += logged(folder, "offsets") > logged(folder, "commits")
        run(feeds, folder, None, 0)
        rows = rows_in(folder / "rows")
    print(f"seed {options.seed}: {killed.total()} kills: {dict(killed)}")
    print(f"{between} of them after the offset of a batch was logged, and before its commit")
    expected = {(feed, number) for feed in "ab" for number in range(1, options.events + 1)}
    lost, doubled = len(expected - rows.keys()), rows.total() - len(rows)
    print(f"{rows.total()} rows, lost {lost}, doubled {doubled}, wrong {len(rows.keys() - expected)}")
    return int(rows != Counter(expected))


def rows_in(folder: Path) -> Counter[tuple[str, int]]:
    """Return the feed and the number of each row. A row whose ID is not its number gets the number 0."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder, columns=["feed", "seq", "id"]).to_pylist()
    return Counter((row["feed"], row["seq"] if row["id"] == str(row["seq"]) else 0) for row in table)


if __name__ == "__main__":
    raise SystemExit(main())
