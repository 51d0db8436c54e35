"""Which HTTP client an `AsyncEventSource` uses if none is named: the quickest where it runs."""

from __future__ import annotations

import sys

from ._extras import needs
from ._interface import AsyncTransport


def default_transport() -> AsyncTransport:
    """Return a new `AiohttpTransport` on asyncio, `AsyncHttpx2Transport` on trio.

    Raises:
        ImportError: the client is not installed; says what to install.
    """
    if on_trio():
        with needs("AsyncEventSource on trio", "httpx2", extra="trio"):
            from ._httpx2 import AsyncHttpx2Transport
        return AsyncHttpx2Transport()
    with needs("AsyncEventSource on asyncio", "aiohttp", extra="asyncio"):
        from ._aiohttp import AiohttpTransport
    return AiohttpTransport()


def on_trio() -> bool:
    """Return whether the running task is one of trio's."""
    # Not by what asyncio says: trio may run as a guest of its event loop. Where trio runs, it is imported;
    # where it does not, another thread may be about to import it.
    lowlevel = sys.modules.get("trio.lowlevel")
    return bool(getattr(lowlevel, "in_trio_task", bool)())
