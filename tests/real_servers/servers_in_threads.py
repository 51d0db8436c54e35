"""Servers that run in a thread of the tests' own process, so that a test can share its `Hold` with them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from aiohttp import web

from tests.real_servers.aiohttp_app import aiohttp_app
from tests.real_servers.starlette_app import starlette_app
from tests.sse_transports.waiting import eventually, until_set


@contextmanager
def uvicorn_server(config: uvicorn.Config | None = None) -> Iterator[int]:
    """Run uvicorn, with the feeds on Starlette if no config is given, and provide its port."""
    config = config or uvicorn.Config(starlette_app(), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="uvicorn")
        thread.start()
        try:
            eventually(lambda: server.started, "uvicorn is ready")
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def aiohttp_server() -> Iterator[int]:
    """Run aiohttp's server, and provide its port."""
    ready = threading.Event()
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event

    async def serve() -> None:
        nonlocal loop, stop
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        # Cancels a handler when its client leaves, also while it is not writing.
        runner = web.AppRunner(aiohttp_app(), access_log=None, handler_cancellation=True)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            ready.set()
            await stop.wait()
        finally:
            await runner.cleanup()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=asyncio.run, args=(serve(),), name="aiohttp.web")
        thread.start()
        try:
            until_set(ready, "aiohttp's server is ready")
            yield listener.getsockname()[1]
        finally:
            if ready.is_set():
                loop.call_soon_threadsafe(stop.set)
            thread.join()
