"""A lock for the tasks of one event loop that costs almost nothing while it is free."""

from __future__ import annotations

from types import TracebackType

import anyio


class FastLock:
    """Lets one task at a time run the code inside `async with`.

    An `AsyncEventSource` takes it for every read, nearly always while it is free. `anyio.Lock` also keeps an
    owner and a queue of waiters, which costs some microseconds each time.
    """

    def __init__(self) -> None:
        self._locked = False
        # Set on release. Exists only while a task waits.
        self._released: anyio.Event | None = None

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    async def acquire(self) -> None:
        """Acquire the lock, and wait for it while another task holds it."""
        while self._locked:
            if self._released is None:
                self._released = anyio.Event()
            await self._released.wait()
        self._locked = True

    def locked(self) -> bool:
        """Return whether a task holds the lock."""
        return self._locked

    def try_acquire(self) -> bool:
        """Acquire the lock and return True if it is free; return False otherwise."""
        if self._locked:
            return False
        self._locked = True
        return True

    def release(self) -> None:
        """Release the lock and wake the waiting tasks."""
        self._locked = False
        if self._released is not None:
            self._released.set()
            self._released = None
