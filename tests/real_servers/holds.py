"""Streams that a server holds open at one point until the test lets them go on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from tests.sse_transports.waiting import eventually

_holds: dict[str, Hold] = {}
_numbers = itertools.count(1)


class Hold:
    """One point that streams come to. They wait in the server's event loop; tests look from their thread.

    Attributes:
        name: what a test writes in the URL, so that its streams come to this and to no other point.
        holding: how many streams wait there now.
        left: how many clients the server found gone while it waited.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.holding = 0
        self.left = 0
        self._go = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait(self) -> None:
        """For a server: return when the test says so."""
        self._loop = asyncio.get_running_loop()
        self.holding += 1
        try:
            await self._go.wait()
        except asyncio.CancelledError:
            self.left += 1
            raise
        finally:
            self.holding -= 1

    def let_go(self) -> None:
        """Let all go on that wait, or come later."""
        if self._loop is None:
            self._go.set()
        else:
            self._loop.call_soon_threadsafe(self._go.set)

    def until_held(self, streams: int = 1) -> None:
        """Return when so many streams wait."""
        eventually(lambda: self.holding == streams, f"the server holds {streams} streams")

    def until_left(self, clients: int = 1) -> None:
        """Return when the server has found so many clients gone."""
        eventually(lambda: self.left == clients, f"the server notices that {clients} clients left")


@contextmanager
def hold(name: str | None = None) -> Iterator[Hold]:
    """Give a point where streams are held. In the end nobody is held any more."""
    point = Hold(name or f"hold-{next(_numbers)}")
    _holds[point.name] = point
    try:
        yield point
    finally:
        point.let_go()


def the_hold(name: str) -> Hold:
    """For a server: return the point of this name."""
    return _holds[name]
