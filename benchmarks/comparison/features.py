"""Ask all questions about all clients. Each client runs in a separate process, so that none affects another.

features.py NAME    asks about one client or parser, and prints the answers as JSON
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from benchmarks import v8
from benchmarks.comparison.clients import clients
from benchmarks.comparison.parser_features import node_parser, parser_features
from benchmarks.comparison.probes import PROBES

MAX_PROCESSES = 5
"""Processes at a time. They wait more than they work, but clients that copy their buffer work a lot."""

PROCESS_TIMEOUT = 300.0
"""Seconds."""


def features_of(name: str) -> dict[str, str]:
    """Return the answers for one client, or for a parser that has no client."""
    if name == v8.PACKAGE:
        return node_parser()
    parsers = parser_features()
    if name in parsers:
        return parsers[name]()
    client = next(client for client in clients() if client.name == name)
    return {question: probe(client) for question, probe in PROBES.items()}


def all_features() -> dict[str, dict[str, str]]:
    """Return the answers for all clients and parsers, several at a time."""
    names = [*(client.name for client in clients()), *parser_features()]
    if not v8.missing():
        names.append(v8.PACKAGE)
    with ThreadPoolExecutor(MAX_PROCESSES) as pool:
        return dict(zip(names, pool.map(_in_process, names), strict=True))


def _in_process(name: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, Path(__file__), name],
        capture_output=True,
        text=True,
        timeout=PROCESS_TIMEOUT,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"the process for {name} failed:\n{done.stderr}")
    found: dict[str, str] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the answers for one name, and exit without waiting for threads that are still running."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    # Some clients print messages of their own.
    with redirect_stdout(StringIO()):
        found = features_of(sys.argv[1])
    print(json.dumps(found, ensure_ascii=False), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
