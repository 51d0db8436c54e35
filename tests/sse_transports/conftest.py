"""Fixtures for all tests of the transports, and checks that no test leaves threads or sockets open."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
import trustme
from anyio.from_thread import BlockingPortal, start_blocking_portal

from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
    UrllibTransport,
)
from sse_transports._interface import AsyncTransport
from tests.sse_transports.awaited import Awaited
from tests.sse_transports.waiting import eventually

PROXY_SETTINGS = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]


@pytest.fixture(autouse=True)
def no_proxy_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session", autouse=True)
def fast_garbage_collection() -> Iterator[None]:
    """Exclude all that was imported before the first test from the collections after each test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Check that threads end, and report an unclosed socket in the test that opened it."""
    before = _threads()
    yield
    eventually(lambda: _threads() <= before, "all threads of the test end")
    # An unclosed socket warns when it is collected, and warnings are errors.
    gc.collect()


def _threads() -> set[threading.Thread]:
    # An event loop keeps idle worker threads.
    return {one for one in threading.enumerate() if not one.name.startswith(("AnyIO worker", "Trio thread"))}


@dataclass(frozen=True)
class Loop:
    """An event loop that runs in a thread of its own."""

    portal: BlockingPortal
    thread: int


def _loop(backend: str) -> Iterator[Loop]:
    with start_blocking_portal(backend) as portal:
        yield Loop(portal, portal.call(threading.get_ident))


@pytest.fixture(scope="session")
def asyncio_loop() -> Iterator[Loop]:
    yield from _loop("asyncio")


@pytest.fixture(scope="session")
def trio_loop() -> Iterator[Loop]:
    yield from _loop("trio")


@pytest.fixture
def every_client(
    client: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    asyncio_loop: Loop,
    trio_loop: Loop,
) -> Iterator[None]:
    """Run a module's tests of `EventSource` with every client, the async ones through `Awaited`."""
    loop, transport = {
        "urllib": (None, UrllibTransport),
        "httpx2": (None, Httpx2Transport),
        "anyio on asyncio": (asyncio_loop, AnyioTransport),
        "anyio on trio": (trio_loop, AnyioTransport),
        "aiohttp on asyncio": (asyncio_loop, AiohttpTransport),
        "httpx2 on trio": (trio_loop, AsyncHttpx2Transport),
    }[client]
    made: list[Any] = []

    def make(url: str, **options: Any) -> Any:
        if loop is None:
            made.append(options.setdefault("transport", transport()))
            return EventSource(url, **options)
        made.append(Awaited(loop.portal, loop.thread, cast("AsyncTransport", transport()), url, **options))
        return made[-1]

    monkeypatch.setattr(request.module, "EventSource", make)
    yield
    for each in made:
        if loop is None:
            each.close()
        else:
            each.finish()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "client" in metafunc.fixturenames:
        anyio_names = ["anyio on asyncio", "anyio on trio"]
        names = ["urllib", "httpx2", *anyio_names, "aiohttp on asyncio", "httpx2 on trio"]
        metafunc.parametrize("client", names)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """The TLS settings of a server at 127.0.0.1 and localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    """The TLS settings of a client that trusts this server."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server that accepts connections, and reads and writes nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def unanswered() -> Iterator[int]:
    """A port where a connect is neither accepted nor refused: on Linux, because its queue is full."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        yield listener.getsockname()[1]
