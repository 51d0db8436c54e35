"""A sleep in a thread that another thread can end."""

from __future__ import annotations

import contextlib
import queue


class Wakeup:
    """Lets one thread sleep until its time is over or `set` is called. `AsyncWakeup` is the async twin.

    Attributes:
        is_set: whether `set` was called; from then on no sleep takes any time.
    """

    def __init__(self) -> None:
        self.is_set = False
        # A queue, because its `put` may interrupt its `get`: a signal handler may call `set` in the very
        # thread that sleeps. The lock of a threading.Event would deadlock there.
        self._queue: queue.SimpleQueue[None] = queue.SimpleQueue()

    def set(self) -> None:
        """End the sleep, and every later one. Any thread may call this."""
        self.is_set = True
        self._queue.put(None)

    def sleep(self, seconds: float | None) -> None:
        """Return after so many seconds, or when `set` is called; None for no time limit."""
        if not self.is_set and seconds != 0:
            with contextlib.suppress(queue.Empty):
                self._queue.get(timeout=seconds)
