"""All questions to all clients, each client in a process of its own: what one does cannot touch another.

features.py NAME    asks one, and prints its answers as JSON
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
from benchmarks.comparison.parsers_alone import node_parser, parsers_alone
from benchmarks.comparison.probes import PROBES

AT_A_TIME = 5
"""They wait more than they work, but those that copy much work a lot."""

LONGEST = 300.0
"""Seconds."""


def answers(name: str) -> dict[str, str]:
    """Ask one client, or a parser without one."""
    if name == v8.PACKAGE:
        return node_parser()
    alone = parsers_alone()
    if name in alone:
        return alone[name]()
    client = next(client for client in clients() if client.name == name)
    return {question: probe(client) for question, probe in PROBES.items()}


def all_answers() -> dict[str, dict[str, str]]:
    """Ask all, several at a time."""
    names = [*(client.name for client in clients()), *parsers_alone()]
    if not v8.missing():
        names.append(v8.PACKAGE)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return dict(zip(names, pool.map(_in_a_process, names), strict=True))


def _in_a_process(name: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, Path(__file__), name], capture_output=True, text=True, timeout=LONGEST, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{name} could not be asked:\n{done.stderr}")
    found: dict[str, str] = json.loads(done.stdout)
    return found


def main() -> None:
    """Ask one, and end without waiting for what it may have left behind."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    # Some print what they are about.
    with redirect_stdout(StringIO()):
        found = answers(sys.argv[1])
    print(json.dumps(found, ensure_ascii=False), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
