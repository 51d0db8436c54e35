"""Each process that Spark starts imports only what it needs."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import sys
before = set(sys.modules)
{code}
print(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}} & {names!r}))
"""

READING = {"anyio", "asyncio", "httptools", "pyarrow", "pandas"}


def imported(code: str, names: set[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CHECK.format(code=code, names=names)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.strip()


def test_finding_the_source_does_not_import_what_it_reads_with() -> None:
    # In all sessions that use any data source in Python.
    assert imported("import pyspark_sse", {"pyspark", "sse_transports", *READING}) == "[]"
    before = "import pyspark.sql.datasource; before = set(sys.modules)\n"
    assert imported(f"{before}import pyspark_sse; pyspark_sse.DefaultSource", READING) == "[]"


def test_planning_a_query_does_not_import_what_it_reads_with() -> None:
    code = """
import pickle, pyspark.sql.datasource; before = set(sys.modules)
import pyspark_sse
source = pyspark_sse.DefaultSource({"url": "http://localhost/", "maxEvents": "1"})
pickle.dumps(source.reader(None).partitions())
source = pyspark_sse.DefaultSource({"url": "http://localhost/"})
reader = source.simpleStreamReader(None)
reader.initialOffset()
pickle.dumps(reader)
"""
    assert imported(code, READING) == "[]"
