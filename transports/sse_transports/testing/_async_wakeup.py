"""A sleep in a task that another task can end."""

from __future__ import annotations

import anyio
import anyio.lowlevel


class AsyncWakeup:
    """Lets one task sleep until its time is over or `set` is called. `Wakeup` is the blocking twin.

    Attributes:
        is_set: whether `set` was called; from then on no sleep takes any time.
    """

    def __init__(self) -> None:
        self.is_set = False
        # Only while a task sleeps: an event needs a running event loop.
        self._event: anyio.Event | None = None

    def set(self) -> None:
        """End the sleep, and every later one. Any task may call this."""
        self.is_set = True
        if self._event is not None:
            self._event.set()

    async def sleep(self, seconds: float | None) -> None:
        """Return after so many seconds, or when `set` is called; None for no time limit.

        Even a sleep of 0 seconds lets other tasks run and can be cancelled.
        """
        if self.is_set or seconds == 0:
            await anyio.lowlevel.checkpoint()
            return
        self._event = anyio.Event()
        with anyio.move_on_after(seconds):
            await self._event.wait()
        self._event = None
