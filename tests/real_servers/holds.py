"""Streams that a server holds open at one point until the test releases them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from tests.sse_transports.waiting import eventually

_holds: dict[str, Hold] = {}
_numbers = itertools.count(1)


class Hold:
    """A point where streams wait, in the server's event loop, until a test releases them from its own thread.

    Attributes:
        name: part of the URL, so that the streams of a test wait here and at no other point.
        holding: the number of streams waiting now.
        left: the number of clients that the server found gone while it waited.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.holding = 0
        self.left = 0
        self._released = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait(self) -> None:
        """For a server: return when the test calls `release`."""
        self._loop = asyncio.get_running_loop()
        self.holding += 1
        try:
            await self._released.wait()
        except asyncio.CancelledError:
            self.left += 1
            raise
        finally:
            self.holding -= 1

    def release(self) -> None:
        """Let all streams continue, also those that come later."""
        if self._loop is None:
            self._released.set()
        else:
            self._loop.call_soon_threadsafe(self._released.set)

    def until_held(self, streams: int = 1) -> None:
        """Return when this many streams wait."""
        eventually(lambda: self.holding == streams, f"the server holds {streams} streams")

    def until_left(self, clients: int = 1) -> None:
        """Return when the server has found this many clients gone."""
        eventually(lambda: self.left == clients, f"the server notices that {clients} clients left")


@contextmanager
def hold(name: str | None = None) -> Iterator[Hold]:
    """Provide a point where streams are held. All are released at the end."""
    point = Hold(name or f"hold-{next(_numbers)}")
    _holds[point.name] = point
    try:
        yield point
    finally:
        point.release()


def get_hold(name: str) -> Hold:
    """For a server: return the point of this name."""
    return _holds[name]
