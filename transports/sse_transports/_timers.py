"""Calling a function after some time, on asyncio and trio, without a task group."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ._default_transport import in_trio_task


def call_later(seconds: float, function: Callable[[], object]) -> Callable[[], object]:
    """Call a function after some seconds, in the running event loop.

    Returns:
        What cancels that, if it is called before.
    """
    if not in_trio_task():
        return asyncio.get_running_loop().call_later(seconds, function).cancel

    import trio

    scope = trio.CancelScope()

    async def wait() -> None:
        with scope:
            await trio.sleep(seconds)
            function()

    # It ends with the event loop, at the latest.
    trio.lowlevel.spawn_system_task(wait)
    return scope.cancel


class IdleTimer:
    """Calls a function when one read takes too long. One timer serves many reads, most of which are short.

    Attributes:
        expired: whether it has called the function.

    Args:
        seconds: what a read may take.
        function: called once, in the event loop of the reads.
    """

    def __init__(self, seconds: float, function: Callable[[], object]) -> None:
        self.seconds = seconds
        self.expired = False
        self._function = function
        # When the current read began; None between two reads.
        self._since: float | None = None
        # None while no timer runs.
        self._cancel: Callable[[], object] | None = None

    def __enter__(self) -> None:
        """Note the begin of a read."""
        self._since = time.monotonic()
        if self._cancel is None:
            self._cancel = call_later(self.seconds, self._check)

    def __exit__(self, *_: object) -> None:
        """Note the end of the read. The timer goes on: it is likely to serve the next read, too."""
        self._since = None

    def cancel(self) -> None:
        """Stop the timer."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _check(self) -> None:
        self._cancel = None
        if self._since is None:
            # The next read starts a timer.
            return
        left = self._since + self.seconds - time.monotonic()
        if left > 0:
            self._cancel = call_later(left, self._check)
        else:
            self.expired = True
            self._function()
