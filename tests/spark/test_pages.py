"""The examples of the pages that need Spark or Kafka print what the pages say."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path

import pytest

from tests.docs import run_block
from tests.docs.blocks import ROOT, Block, blocks_of
from tests.docs.test_blocks import Hosts, hosts, run

__all__ = ["hosts"]  # a fixture

PAGES = [ROOT / "docs" / "how-to" / name for name in ("spark.md", "kafka.md")]
BLOCKS = [block for page in PAGES for block in blocks_of(page) if block.language == "python"]

IN_EACH_PROCESS = """
import os
from tests.docs.run_block import resolve_example_hosts_to
resolve_example_hosts_to(int(os.environ["EXAMPLE_PORT"]))
"""
"""Spark starts Python processes of its own, which connect to the hosts of the examples."""

SESSION = "--master local[1] --driver-memory 768m --conf spark.ui.enabled=false pyspark-shell"


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_an_example_prints_the_output_of_the_page(block: Block, hosts: Hosts, tmp_path: Path) -> None:
    (tmp_path / "example.py").write_text(block.text, encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(IN_EACH_PROCESS, encoding="utf-8")
    settings = {
        "EXAMPLE_PORT": str(hosts.server.port),
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": SESSION,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT), str(ROOT / "transports")]),
        "PYTHONWARNINGS": "default",
    }
    arguments = [run_block.__file__, "example.py", textwrap.dedent(block.given).strip()]
    # Warnings are errors here as well, except those of pyspark.
    flags = ["-W", "ignore:::pyspark"]
    printed = run(
        [*flags, *arguments, str(hosts.server.port), "asyncio"], tmp_path, hosts.environment() | settings
    )
    assert printed == block.prints
