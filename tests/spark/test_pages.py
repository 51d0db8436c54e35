"""The examples of the pages that need Spark or Kafka print what the pages say."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, blocks_of
from tests.docs.programs import Hosts, run_block
from tests.docs.service import answer

PAGES = [ROOT / "docs" / "how-to" / name for name in ("spark.md", "kafka.md")]
BLOCKS = [block for page in PAGES for block in blocks_of(page) if block.language == "python"]

IN_EACH_PROCESS = """
import os
from tests.docs.run_block import resolve_example_hosts_to
resolve_example_hosts_to(int(os.environ["EXAMPLE_PORT"]))
"""
"""For the Python processes that Spark starts: they connect to the hosts of the examples."""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    with Hosts(tmp_path_factory.mktemp("hosts"), answer) as hosts:
        yield hosts


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_an_example_prints_the_output_of_the_page(
    block: Block, hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(IN_EACH_PROCESS, encoding="utf-8")
    monkeypatch.setenv("EXAMPLE_PORT", str(hosts.server.port))
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--master local[1] --driver-memory 768m pyspark-shell")
    done = run_block(block, tmp_path, hosts, "asyncio")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == block.prints
