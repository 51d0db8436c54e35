"""Whose turn it is to take steps, among the tasks of one event loop."""

from __future__ import annotations

from types import TracebackType

import anyio


class Turn:
    """A lock that costs next to nothing where nobody holds it: one is taken for every read.

    `anyio.Lock` knows more (who holds it, who came first) and takes some microseconds for that.
    """

    def __init__(self) -> None:
        self._taken = False
        self._freed: anyio.Event | None = None

    @property
    def taken(self) -> bool:
        """Whether somebody has it."""
        return self._taken

    async def __aenter__(self) -> None:
        while self._taken:
            if self._freed is None:
                self._freed = anyio.Event()
            await self._freed.wait()
        self._taken = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.free()

    def free(self) -> None:
        """Let the next one have it."""
        self._taken = False
        if self._freed is not None:
            self._freed.set()
            self._freed = None

    def take(self) -> bool:
        """Take it at once, or return False."""
        if self._taken:
            return False
        self._taken = True
        return True
