"""Which HTTP client an `AsyncEventSource` uses if none is given: the fastest for the running event loop."""

from __future__ import annotations

import sys

from ._extras import require
from ._interface import AsyncTransport


def default_transport() -> AsyncTransport:
    """Return a new `AiohttpTransport` on asyncio, `AsyncHttpx2Transport` on trio.

    Raises:
        ImportError: the client is not installed; the message says what to install.
    """
    if in_trio_task():
        with require("AsyncEventSource on trio", "httpx2", extra="trio"):
            from ._httpx2 import AsyncHttpx2Transport
        return AsyncHttpx2Transport()
    with require("AsyncEventSource on asyncio", "aiohttp", extra="asyncio"):
        from ._aiohttp import AiohttpTransport
    return AiohttpTransport()


def in_trio_task() -> bool:
    """Return whether the running task is one of trio's."""
    # Do not ask asyncio: trio may run as a guest of its event loop. A module that is missing or only
    # half imported (by another thread) means that trio does not run here.
    lowlevel = sys.modules.get("trio.lowlevel")
    return bool(getattr(lowlevel, "in_trio_task", bool)())
