"""The event loops that `AnyioTransport` runs on, and short ways to use it."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import pytest

from sse_core import Request
from sse_transports import AnyioTransport
from tests.sse_transports.waiting import DEADLINE, until_set

T = TypeVar("T")

RUNTIMES: dict[str, dict[str, Any]] = {
    "asyncio": {"backend": "asyncio"},
    "uvloop": {"backend": "asyncio", "backend_options": {"use_uvloop": True}},
    "trio": {"backend": "trio"},
}

NEEDS_UVLOOP = pytest.mark.skipif(
    importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed"
)

each_runtime = pytest.mark.parametrize(
    "runtime", ["asyncio", pytest.param("uvloop", marks=NEEDS_UVLOOP), "trio"]
)


def run(runtime: str, function: Callable[[], Awaitable[T]]) -> T:
    """Run an async function in a new event loop."""
    return anyio.run(function, **RUNTIMES[runtime])


async def fetch(
    transport: AnyioTransport,
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    timeout: float | None = 60.0,
) -> tuple[int, bytes]:
    """Return the status and the body of one response."""
    exchange = transport.exchange(Request(method, url, body=body), timeout=timeout)
    try:
        response = await exchange.open()
        pieces = []
        while piece := await exchange.read(60.0):
            pieces.append(piece)
        return response.status, b"".join(pieces)
    finally:
        await exchange.close()


async def async_until_set(event: threading.Event, what: str) -> None:
    """Wait for a thread, without blocking the event loop."""
    await anyio.to_thread.run_sync(until_set, event, what)


async def async_eventually(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as `condition` holds; other tasks run meanwhile."""
    with anyio.move_on_after(DEADLINE):
        while not condition():  # noqa: ASYNC110  # what it waits for happens in a thread
            await anyio.sleep(0.001)
        return
    raise AssertionError(f"not within {DEADLINE:g} seconds: {what}")
