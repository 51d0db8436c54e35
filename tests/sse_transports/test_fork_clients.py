"""In a forked process, exchanges over httpx2 and aiohttp close their own descriptors, and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import aiohttp
import anyio
import httpx2
import pytest

from sse_core import Request, TransportError
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncHttpx2Transport,
    AsyncTransport,
    Httpx2Transport,
    Transport,
    UrllibTransport,
)
from sse_transports._httpx2 import Httpx2Exchange
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.test_fork import in_a_fork, sockets
from tests.sse_transports.waiting import eventually, is_blocked_in, until_set

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


class TwoEvents:
    """A handler that sends a second event only when the test says so."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, call: Call) -> None:
        call.respond(body=b"data: a\n\n")
        until_set(self.go_on, "the test lets the server go on")
        call.send(b"data: b\n\n")


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    """The TLS settings of the server and the client, if any."""
    if request.param == "http":
        return None, None
    return request.getfixturevalue("server_tls"), request.getfixturevalue("client_tls")


def test_closing_in_a_fork_leaves_a_blocked_read_alone(
    tls: tuple[ssl.SSLContext | None, ssl.SSLContext | None],
) -> None:
    answer = TwoEvents()
    received: list[bytes] = []
    server_tls, client_tls = tls
    with (
        SSEServer(answer, context=server_tls) as server,
        httpx2.Client(verify=client_tls or ssl.create_default_context()) as client,
    ):
        exchange = Httpx2Transport(client).exchange(Request("GET", f"{server.url}/"), timeout=10.0)
        exchange.open()
        assert exchange.read(10.0) == b"data: a\n\n"
        thread = threading.Thread(target=lambda: received.append(exchange.read(10.0)))
        thread.start()
        eventually(lambda: is_blocked_in(thread, Httpx2Exchange._read_raw), "the thread reads")

        def close_all() -> bool:
            before = sockets()
            exchange.close()
            exchange.close()
            # The socket, and its duplicate for the guard.
            return sockets() == before - 2

        in_a_fork(close_all)
        answer.go_on.set()
        thread.join()
        exchange.close()
    assert received == [b"data: b\n\n"]


def test_fork_does_not_wait_for_a_lock_of_the_pool() -> None:
    """Another thread holds the lock at the fork, and does not exist in the forked process."""
    answer = TwoEvents()
    held, may_release = threading.Event(), threading.Event()
    with SSEServer(answer) as server, Httpx2Transport() as transport:
        request = Request("GET", f"{server.url}/")
        exchange = transport.exchange(request, timeout=10.0)
        exchange.open()
        (pool,) = transport._get_client()._transport._pools._pools.values()  # type: ignore[attr-defined]

        def hold() -> None:
            with pool._pool._optional_thread_lock:
                held.set()
                until_set(may_release, "the fork has ended")

        thread = threading.Thread(target=hold)
        thread.start()
        until_set(held, "the lock is held")

        def close_and_open() -> bool:
            exchange.close()
            another = transport.exchange(request, timeout=5.0)
            opened = another.open().status == 200
            another.close()
            transport.close()
            return opened

        in_a_fork(close_and_open)
        may_release.set()
        thread.join()
        answer.go_on.set()
        assert exchange.read(10.0) == b"data: a\n\n"
        assert exchange.read(10.0) == b"data: b\n\n"
        exchange.close()


def run_without_a_loop(coroutine: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine that never waits: the event loop belongs to the parent."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise AssertionError("it waits")


def aiohttp_session(context: ssl.SSLContext | None) -> tuple[AsyncTransport, Any]:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context or True))
    return AiohttpTransport(session), session.close


def httpx2_client(context: ssl.SSLContext | None) -> tuple[AsyncTransport, Any]:
    client = httpx2.AsyncClient(verify=context or ssl.create_default_context())
    return AsyncHttpx2Transport(client), client.aclose


def anyio_sockets(context: ssl.SSLContext | None) -> tuple[AsyncTransport, Any]:
    transport = AnyioTransport(context=context)
    return transport, transport.close


every_async_client = pytest.mark.parametrize(
    ("make", "backend"),
    [
        pytest.param(anyio_sockets, "asyncio", id="anyio on asyncio"),
        pytest.param(anyio_sockets, "trio", id="anyio on trio"),
        pytest.param(aiohttp_session, "asyncio", id="aiohttp"),
        pytest.param(httpx2_client, "asyncio", id="httpx2 on asyncio"),
        pytest.param(httpx2_client, "trio", id="httpx2 on trio"),
    ],
)


@every_async_client
@pytest.mark.parametrize("reading", [False, True], ids=["idle", "reading"])
def test_closing_async_exchange_in_a_fork_leaves_parent_alone(
    make: Callable[[ssl.SSLContext | None], tuple[AsyncTransport, Any]],
    backend: str,
    reading: bool,
    tls: tuple[ssl.SSLContext | None, ssl.SSLContext | None],
) -> None:
    server_tls, client_tls = tls
    answer = TwoEvents()
    received: list[bytes] = []

    async def main() -> None:
        transport, finish = make(client_tls)
        exchange = transport.exchange(Request("GET", f"{server.url}/"), timeout=10.0)
        await exchange.open()
        assert await exchange.read(10.0) == b"data: a\n\n"

        async def read() -> None:
            received.append(await exchange.read(10.0))

        async with anyio.create_task_group() as tasks:
            if reading:
                tasks.start_soon(read)
                await anyio.wait_all_tasks_blocked()

            def close_all() -> bool:
                before = sockets()
                run_without_a_loop(exchange.close())
                run_without_a_loop(exchange.close())
                run_without_a_loop(transport.close())
                return sockets() == before - 1

            in_a_fork(close_all)
            answer.go_on.set()
            if not reading:
                await read()
        await exchange.close()
        await finish()

    with SSEServer(answer, context=server_tls) as server:
        anyio.run(main, backend=backend)
    assert received == [b"data: b\n\n"]


@pytest.mark.parametrize(
    ("make", "backend"),
    [
        pytest.param(AnyioTransport, "asyncio", id="anyio on asyncio"),
        pytest.param(AnyioTransport, "trio", id="anyio on trio"),
        pytest.param(AiohttpTransport, "asyncio", id="aiohttp"),
        pytest.param(AsyncHttpx2Transport, "asyncio", id="httpx2 on asyncio"),
        pytest.param(AsyncHttpx2Transport, "trio", id="httpx2 on trio"),
    ],
)
def test_closing_own_client_in_a_fork_leaves_parent_alone(
    make: Callable[[], AsyncTransport], backend: str
) -> None:
    answer = TwoEvents()

    async def main() -> None:
        transport = make()
        exchange = transport.exchange(Request("GET", f"{server.url}/"), timeout=10.0)
        await exchange.open()
        assert await exchange.read(10.0) == b"data: a\n\n"

        def close_all() -> bool:
            run_without_a_loop(transport.close())
            run_without_a_loop(exchange.close())
            return True

        in_a_fork(close_all)
        answer.go_on.set()
        assert await exchange.read(10.0) == b"data: b\n\n"
        await exchange.close()
        await transport.close()

    with SSEServer(answer) as server:
        anyio.run(main, backend=backend)


def test_shared_http2_connection_is_not_closed_in_a_fork() -> None:
    """Its other streams, and the caller's client, use the same descriptor."""

    class Shared(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            extensions = {"http_version": b"HTTP/2", "network_stream": Stream()}
            fields = {"Content-Type": "text/event-stream"}
            return httpx2.Response(200, headers=fields, content=b"data: a\n\n", extensions=extensions)

    class Stream:
        def get_extra_info(self, name: str) -> Any:
            return one if name == "socket" else None

    one, other = socket.socketpair()
    with one, other, httpx2.Client(transport=Shared()) as client:
        exchange = Httpx2Transport(client).exchange(Request("GET", "https://127.0.0.1/"), timeout=1.0)
        exchange.open()

        def close() -> bool:
            exchange.close()
            return one.fileno() >= 0

        in_a_fork(close)
        exchange.close()
        with pytest.raises(TransportError):
            exchange.read(1.0)


def blocking_httpx2(context: ssl.SSLContext | None) -> tuple[Transport, Any]:
    client = httpx2.Client(verify=context or ssl.create_default_context())
    return Httpx2Transport(client), client.close


def urllib(context: ssl.SSLContext | None) -> tuple[Transport, Any]:
    transport = UrllibTransport(context=context)
    return transport, transport.close


class UntilTheClientEnds:
    """A handler that sends an event, and then waits for the end of the client's connection."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def __call__(self, call: Call) -> None:
        call.respond(body=b"data: a\n\n")
        with contextlib.suppress(OSError):
            while call._connection.recv(1000):
                pass
        self.ended.set()


@contextlib.contextmanager
def sleeping_fork() -> Iterator[None]:
    """Let a forked process live meanwhile: it has all descriptors, and does nothing."""
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(1)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("make", [urllib, blocking_httpx2])
def test_server_sees_close_while_a_fork_lives(
    make: Callable[[ssl.SSLContext | None], tuple[Transport, Any]],
    tls: tuple[ssl.SSLContext | None, ssl.SSLContext | None],
) -> None:
    server_tls, client_tls = tls
    answer = UntilTheClientEnds()
    with SSEServer(answer, context=server_tls) as server:
        transport, finish = make(client_tls)
        exchange = transport.exchange(Request("GET", f"{server.url}/"), timeout=10.0)
        exchange.open()
        assert exchange.read(10.0) == b"data: a\n\n"
        with sleeping_fork():
            exchange.close()
            until_set(answer.ended, "the server sees the end")
        finish()


@every_async_client
@pytest.mark.parametrize("reading", [False, True], ids=["idle", "reading"])
def test_server_sees_async_close_while_a_fork_lives(
    make: Callable[[ssl.SSLContext | None], tuple[AsyncTransport, Any]],
    backend: str,
    reading: bool,
    tls: tuple[ssl.SSLContext | None, ssl.SSLContext | None],
) -> None:
    server_tls, client_tls = tls
    answer = UntilTheClientEnds()

    async def main() -> None:
        transport, finish = make(client_tls)
        exchange = transport.exchange(Request("GET", f"{server.url}/"), timeout=10.0)
        await exchange.open()
        assert await exchange.read(10.0) == b"data: a\n\n"

        async def read() -> None:
            with contextlib.suppress(TransportError):
                await exchange.read(10.0)

        with sleeping_fork():
            async with anyio.create_task_group() as tasks:
                if reading:
                    tasks.start_soon(read)
                    await anyio.wait_all_tasks_blocked()
                await exchange.close()
            await anyio.to_thread.run_sync(until_set, answer.ended, "the server sees the end")
        await finish()

    with SSEServer(answer, context=server_tls) as server:
        anyio.run(main, backend=backend)
