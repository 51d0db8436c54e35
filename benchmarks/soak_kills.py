"""Kill a process that reads with a `FileStore` at random moments, and check what the next one receives."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.server_process import run_server

ENDLESS = 10**9
RUN = 400
LAST_EVENTS = 100
"""Events of the last process, which is not killed."""

MAX_LIFE = 1.0
"""Seconds up to which a process lives: a few times what it needs to start."""

STUCK = 120.0
"""Seconds that the last process may take."""


@dataclass
class Outcome:
    """What was found after all kills.

    Attributes:
        events: different events that were processed.
        kills: how many processes were killed.
        while_reading: how many of these had processed an event.
        doubled_unacknowledged: events processed twice, each the last one before a kill. These must come
            again, because the process was killed before it asked for the next event.
        lost: events that were skipped.
        doubled: other events that were processed twice.
        damaged: events that the server did not send like this.
        most_temporary: the largest number of temporary files after a kill.
        temporary: the number of temporary files at the end. Before the last process all were made old.
    """

    events: int = 0
    kills: int = 0
    while_reading: int = 0
    doubled_unacknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    damaged: int = 0
    most_temporary: int = 0
    temporary: int = 0

    def count(self, numbers: list[str]) -> None:
        """Count what one process has processed."""
        for place, number in enumerate(numbers):
            if not number.isdecimal():
                self.damaged += 1
            elif int(number) > self.events:
                self.lost += int(number) - self.events - 1
                self.events = int(number)
            elif int(number) == self.events and place == 0:
                self.doubled_unacknowledged += 1
            else:
                self.doubled += 1


def kill_readers(kills: int, seed: int, progress: Callable[[str], None]) -> Outcome:
    """Kill that many processes, let one more end, and return the outcome."""
    random = Random(seed)
    outcome = Outcome()
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server("soak_server.py", ENDLESS, RUN, seed) as url,
    ):
        # The store's files have a folder of their own.
        store, log = Path(folder, "store", "last-event-id"), Path(folder, "log")
        store.parent.mkdir()
        log.touch()
        size = 0
        for number in range(kills + 1):
            events = LAST_EVENTS if number == kills else ENDLESS
            if number == kills:
                make_old(path for path in store.parent.iterdir() if path != store)
            with start_reader(url, store, log, events) as reader:
                if number < kills:
                    time.sleep(random.uniform(0, MAX_LIFE))
                    reader.kill()
                elif reader.wait(STUCK):
                    raise SystemExit(f"the reader after the last kill failed with code {reader.returncode}")
            with log.open(encoding="ascii") as file:
                file.seek(size)
                numbers = file.read().split()
            size = log.stat().st_size
            outcome.count(numbers)
            outcome.temporary = sum(1 for path in store.parent.iterdir() if path != store)
            outcome.most_temporary = max(outcome.most_temporary, outcome.temporary)
            if number < kills:
                outcome.kills += 1
                outcome.while_reading += bool(numbers)
            if number % 20 == 0:
                progress(f"{outcome.kills} kills, {outcome.events:,} events")
    return outcome


def make_old(files: Iterable[Path]) -> None:
    """Make files look an hour old. A store may keep a young one, which another process may be writing."""
    an_hour_ago = time.time() - 3600
    for file in files:
        os.utime(file, (an_hour_ago, an_hour_ago))


def start_reader(url: str, store: Path, log: Path, events: int) -> subprocess.Popen[bytes]:
    """Start a process that reads the feed."""
    script = Path(__file__).with_name("soak_killed.py")
    return subprocess.Popen([sys.executable, str(script), url, str(store), str(log), str(events)])
