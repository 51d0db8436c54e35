"""Read a feed with a `FileStore`, and write down each event: the process that `soak_kills.py` kills.

`soak_killed.py URL STORE LOG EVENTS` appends the number of each event to LOG, which is its processing, until
there were EVENTS.
"""

from __future__ import annotations

import logging
import os
import sys

from benchmarks.soak_events import numbered_event
from benchmarks.soak_reader import IDLE_TIMEOUT, POLICY
from sse_transports import EventSource, FileStore


def main() -> None:
    """Read until killed, or until there were enough events."""
    url, store, log, events = sys.argv[1:]
    logging.getLogger("sse_transports").setLevel(logging.ERROR)
    # Each line is one write, so that it is in the file whole or not at all.
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    received = 0
    with EventSource(url, store=FileStore(store), retry=POLICY, idle_timeout=IDLE_TIMEOUT) as source:
        for event in source:
            whole = event == numbered_event(int(event.id))
            os.write(descriptor, f"{event.id if whole else 'damaged'}\n".encode())
            received += 1
            if received > int(events):
                break


if __name__ == "__main__":
    main()
