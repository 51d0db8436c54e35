"""Which transport an `AsyncEventSource` uses if none is given."""

from __future__ import annotations

import sys

from ._extras import require
from ._interface import AsyncTransport


def default_transport() -> AsyncTransport:
    """Return a new `AnyioTransport`.

    Raises:
        ImportError: a package is not installed; the message says what to install.
    """
    runtime = "trio" if in_trio_task() else "asyncio"
    with require(f"AsyncEventSource on {runtime}", "httptools", extra=runtime):
        from ._anyio import AnyioTransport
    return AnyioTransport()


def in_trio_task() -> bool:
    """Return whether the running task is one of trio's."""
    # Do not ask asyncio: trio may run as a guest of its event loop. A module that is missing or only
    # half imported (by another thread) means that trio does not run here.
    lowlevel = sys.modules.get("trio.lowlevel")
    return bool(getattr(lowlevel, "in_trio_task", bool)())
