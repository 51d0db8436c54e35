"""Read many numbered events over every transport through connections that break, and kill readers.

Each event must arrive exactly once, in order and whole; the client's memory, descriptors and threads must not
grow. Then a process that keeps its place in a `FileStore` is killed again and again. Exits with 1 if anything
is wrong.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.server_process import run_server
from benchmarks.soak_faults import FAULTS
from benchmarks.soak_kills import Outcome, kill_readers
from benchmarks.soak_reader import TRANSPORTS

RUN = 400
"""The mean number of events of a response in a long soak."""

MIN_CONNECTIONS = 20
"""Connections to each reader at least, so that a short soak meets every fault too."""

MAX_GROWTH = {"rss": 8 * 2**20, "descriptors": 4, "threads": 2}
"""By how much the peak in the last tenth may be higher than the peak in the first."""

Result = dict[str, Any]


def soak(transport: str, events: int, seed: int) -> Result:
    """Read the feed over one transport, in a process of its own; return its result and the server's counts.

    Raises:
        SystemExit: the reader failed; it has printed why.
    """
    run = max(1, min(RUN, events // MIN_CONNECTIONS))
    with run_server("soak_server.py", events, run, seed) as url:
        result: Result = {}
        shown = 0
        for line in run_reader(transport, url, events):
            result = json.loads(line)
            if result.get("events", 0) >= shown + events // 10:
                shown = result["events"]
                show_progress(f"{transport}: {shown:,} of {events:,} events")
        if "tally" not in result:
            raise SystemExit(f"{transport}: the reader failed after {result.get('events', 0)} events")
        with urllib.request.urlopen(f"{url}counts") as response:
            counts: Result = json.load(response)
        return result | counts


def run_reader(transport: str, url: str, events: int) -> Iterator[str]:
    """Run a reader, and yield the lines that it prints."""
    script = Path(__file__).with_name("soak_reader.py")
    command = [sys.executable, str(script), transport, url, str(events)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        yield from reader.stdout


def show_progress(line: str) -> None:
    """Print what has been done, at once."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


# The table.


def rows(results: list[Result]) -> Iterator[tuple[str, list[str]]]:
    """Yield each line of the table: its name, and a figure for each reader."""
    for name in ("received", "lost", "doubled", "damaged"):
        yield name, [f"{result['tally'][name]:,}" for result in results]
    yield "seconds", [f"{result['seconds']:.0f}" for result in results]
    for label, name, unit in (
        ("memory, MiB", "rss", 2**20),
        ("descriptors", "descriptors", 1),
        ("threads", "threads", 1),
    ):
        peaks = [(result["first"][name] / unit, result["last"][name] / unit) for result in results]
        yield label, [f"{first:.0f} > {last:.0f}" for first, last in peaks]
    for label, name in (
        ("requests", "requests"),
        ("  on a kept connection", "reused"),
        ("before Retry-After", "too_early"),
        ("ID sent elsewhere", "leaked"),
        ("left open", "left_open"),
    ):
        yield label, [f"{result[name]:,}" for result in results]
    for fault in FAULTS:
        yield f"  {fault.name}", [f"{result['faults'].get(fault.name, 0):,}" for result in results]
    for end in sorted({end for result in results for end in result["ends"]}):
        yield f"  seen: {end}", [f"{result['ends'].get(end, 0):,}" for result in results]


def show_table(results: dict[str, Result]) -> None:
    """Print a column for each reader. Resources are peaks in the first tenth and in the last."""
    table = [("", list(results)), *rows(list(results.values()))]
    widths = [max(len(figures[column]) for _, figures in table) for column in range(len(results))]
    first = max(len(name) for name, _ in table)
    for name, figures in table:
        cells = "".join(f"  {figure:>{width}}" for figure, width in zip(figures, widths, strict=True))
        print(f"{name:{first}}{cells}")


def show_kills(outcome: Outcome) -> None:
    """Print what the kills have shown."""
    print(
        f"\nkill -9: {outcome.kills}, {outcome.while_reading} of them after the first event\n"
        f"  events {outcome.events:,}, lost {outcome.lost}, doubled {outcome.doubled},"
        f" damaged {outcome.damaged}\n"
        f"  not acknowledged before a kill, and so received again: {outcome.doubled_unacknowledged}\n"
        f"  temporary files of the store: at most {outcome.most_temporary}, at the end {outcome.temporary}"
    )


# What is wrong.


def mistakes(transport: str, events: int, result: Result) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with a reader."""
    tally = result["tally"]
    if tally["received"] != events:
        yield f"{transport} received {tally['received']:,} events instead of {events:,}"
    for name in ("lost", "doubled", "damaged"):
        if tally[name]:
            yield f"{transport}: {name} {tally[name]:,}"
    for name, allowed in MAX_GROWTH.items():
        first, last = result["first"][name], result["last"][name]
        if last > first + allowed:
            yield f"{transport}: {name} grew from {first:,} to {last:,}"
    for name, sentence in (
        ("too_early", "reconnected before the time of Retry-After"),
        ("leaked", "sent Last-Event-ID to another origin"),
        ("left_open", "left a stalled connection open"),
    ):
        if result[name]:
            yield f"{transport} {sentence}: {result[name]} times"


def kill_mistakes(outcome: Outcome) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong after the kills."""
    for name in ("lost", "doubled", "damaged"):
        if getattr(outcome, name):
            yield f"kills: {name} {getattr(outcome, name):,}"
    if outcome.doubled_unacknowledged > outcome.kills:
        yield "kills: more than one event doubled for a kill"
    if outcome.temporary:
        yield f"kills: {outcome.temporary} temporary files of the store are left"


def main(arguments: list[str] | None = None) -> int:
    """Run the soak and print the table; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--events", type=int, default=1_000_000, help="in all; each transport reads its share"
    )
    parser.add_argument(
        "--transport", choices=TRANSPORTS, action="append", help="only this one; may be given several times"
    )
    parser.add_argument("--kills", type=int, default=200, help="0 for none")
    parser.add_argument("--seed", type=int, help="repeats the faults of an earlier run")
    options = parser.parse_args(arguments)
    transports = options.transport or TRANSPORTS
    seed = random.randrange(2**32) if options.seed is None else options.seed
    share = max(1, options.events // len(transports))
    print(f"CPython {platform.python_version()}, seed {seed}", flush=True)
    results = {transport: soak(transport, share, seed) for transport in transports}
    outcome = kill_readers(options.kills, seed, show_progress) if options.kills else None
    print()
    show_table(results)
    wrong = [
        sentence for transport in transports for sentence in mistakes(transport, share, results[transport])
    ]
    if outcome is not None:
        show_kills(outcome)
        wrong += kill_mistakes(outcome)
    print()
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    if not wrong:
        print("nothing lost, nothing doubled, nothing grew")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
