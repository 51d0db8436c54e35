"""`connect_limit`: few connections are made at once, and many responses are waited for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from sse_core import ConnectError, InvalidArgument, ReadError, Request
from sse_transports import AnyioTransport, AsyncEventSource
from tests.sse_transports.connection_server import ConnectionServer, Peer
from tests.sse_transports.runtimes import async_eventually, each_runtime, fetch, run

ONE_EVENT = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\ndata: a\n\n"
UNREACHED = "https://stream.test/"


class StallingProxy:
    """A proxy that reads each CONNECT, and answers 502 to as many as the test says."""

    def __init__(self) -> None:
        self._answers = threading.Semaphore(0)
        self.server = ConnectionServer(self._handle)
        self._stopped = False

    def _handle(self, peer: Peer) -> None:
        assert peer.read_head().startswith(b"CONNECT ")
        self._answers.acquire()
        if not self._stopped:
            peer.send(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")

    def answer(self, count: int) -> None:
        self._answers.release(count)

    @property
    def asked(self) -> int:
        return len(self.server.requests)


@contextmanager
def stalling_proxy() -> Iterator[StallingProxy]:
    proxy = StallingProxy()
    with proxy.server:
        try:
            yield proxy
        finally:
            proxy._stopped = True
            proxy.answer(1000)


async def refused(transport: AnyioTransport, ended: list[str], timeout: float | None = None) -> None:
    with pytest.raises(ConnectError) as caught:
        await fetch(transport, UNREACHED, timeout=timeout)
    ended.append(str(caught.value))


async def until_asked(proxy: StallingProxy, count: int) -> None:
    """Wait until so many connections are being made, and check that there are no more."""
    await async_eventually(lambda: proxy.asked == count, f"{count} connections are being made")
    # What may connect has done so: it is all in one process.
    for _ in range(20):
        await anyio.lowlevel.checkpoint()
    await anyio.sleep(0.01)
    assert proxy.server.accepted == count


@each_runtime
def test_no_more_connections_are_made_at_once(runtime: str) -> None:
    async def main() -> None:
        async with (
            AnyioTransport(proxy=proxy.server.url, connect_limit=2) as transport,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(6):
                tasks.start_soon(refused, transport, ended)
            for made in (2, 4, 6):
                await until_asked(proxy, made)
                proxy.answer(2)
        assert len(ended) == 6

    ended: list[str] = []
    with stalling_proxy() as proxy:
        run(runtime, main)


@each_runtime
def test_all_transports_of_an_event_loop_share_a_limit(runtime: str) -> None:
    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for limit in (2, 2, 2, None):
                transport = AnyioTransport(proxy=proxy.server.url, connect_limit=limit)
                tasks.start_soon(refused, transport, ended)
            await until_asked(proxy, 3)
            proxy.answer(4)

    ended: list[str] = []
    with stalling_proxy() as proxy:
        run(runtime, main)
    assert len(ended) == 4


@each_runtime
def test_tls_handshake_counts_as_making_a_connection(runtime: str) -> None:
    accepted: list[socket.socket] = []

    def accept() -> None:
        for _ in range(4):
            connection, _ = listener.accept()
            assert connection.recv(1, socket.MSG_PEEK)
            accepted.append(connection)

    async def main() -> None:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"

        async def connect() -> None:
            with pytest.raises(ConnectError):
                await fetch(transport, url)

        async with AnyioTransport(connect_limit=2) as transport, anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(connect)
            for made in (2, 4):
                await async_eventually(lambda made=made: len(accepted) == made, f"{made} handshakes")  # type: ignore[misc]
                await anyio.sleep(0.01)
                assert len(accepted) == made
                for connection in accepted[made - 2 :]:
                    connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        run(runtime, main)
        thread.join()


@each_runtime
def test_wait_for_a_response_is_not_limited(runtime: str) -> None:
    all_asked = threading.Barrier(10)

    def answer_when_all_have_asked(peer: Peer) -> None:
        peer.read_request()
        all_asked.wait(60)
        peer.send(ONE_EVENT)
        peer.wait_until_gone()

    async def main() -> None:
        async with (
            AnyioTransport(connect_limit=2) as transport,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(10):
                tasks.start_soon(fetch, transport, server.url)

    with ConnectionServer(answer_when_all_have_asked) as server:
        run(runtime, main)
    assert len(server.peers) == 10


@each_runtime
def test_timeout_includes_the_wait_for_a_place(runtime: str) -> None:
    async def main() -> None:
        async with (
            AnyioTransport(proxy=proxy.server.url, connect_limit=1) as transport,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(refused, transport, ended)
            await until_asked(proxy, 1)
            await refused(transport, ended, timeout=0.05)
            (message,) = ended
            assert "no response within 0.05 seconds" in message
            assert proxy.server.accepted == 1
            proxy.answer(1)

    ended: list[str] = []
    with stalling_proxy() as proxy:
        run(runtime, main)
    assert len(ended) == 2


@each_runtime
def test_close_ends_the_wait_for_a_place(runtime: str) -> None:
    async def main() -> None:
        async with (
            AnyioTransport(proxy=proxy.server.url, connect_limit=1) as transport,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(refused, transport, ended)
            await until_asked(proxy, 1)
            exchange = transport.exchange(Request("GET", UNREACHED), timeout=None)

            async def wait() -> None:
                with pytest.raises(ReadError, match="closed"):
                    await exchange.open()
                ended.append("closed")

            tasks.start_soon(wait)
            async with AsyncEventSource(UNREACHED, transport=transport) as source:

                async def iterate() -> None:
                    assert [event async for event in source] == []
                    ended.append("source")

                tasks.start_soon(iterate)
                await anyio.wait_all_tasks_blocked()
                await exchange.close()
                await source.close()
                await async_eventually(lambda: len(ended) == 2, "both have ended")
            assert proxy.server.accepted == 1
            proxy.answer(1)

    ended: list[str] = []
    with stalling_proxy() as proxy:
        run(runtime, main)
    assert sorted(ended[:2]) == ["closed", "source"]


@each_runtime
@pytest.mark.parametrize("cancelled", ["one that waits", "one that connects"])
def test_cancelled_attempt_releases_its_place(runtime: str, cancelled: str) -> None:
    async def main() -> None:
        async with (
            AnyioTransport(proxy=proxy.server.url, connect_limit=1) as transport,
            anyio.create_task_group() as tasks,
        ):
            scopes = [anyio.CancelScope() for _ in range(3)]

            async def connect(scope: anyio.CancelScope) -> None:
                with scope:
                    await refused(transport, ended)

            tasks.start_soon(connect, scopes[0])
            await until_asked(proxy, 1)
            tasks.start_soon(connect, scopes[1])
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(connect, scopes[2])
            await anyio.wait_all_tasks_blocked()
            scopes[cancelled == "one that waits"].cancel()
            if cancelled == "one that waits":
                await anyio.wait_all_tasks_blocked()
                proxy.answer(1)
            await until_asked(proxy, 2)
            proxy.answer(3)
            await async_eventually(lambda: len(ended) == 2, "the others get a place")

    ended: list[str] = []
    with stalling_proxy() as proxy:
        run(runtime, main)


@each_runtime
def test_failed_connection_releases_its_place(runtime: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    async def main() -> None:
        async with AnyioTransport(connect_limit=1) as transport:
            for _ in range(3):
                with pytest.raises(ConnectError, match="refused"):
                    await fetch(transport, f"http://127.0.0.1:{port}/")

    run(runtime, main)


@each_runtime
def test_another_event_loop_has_its_own_limit(runtime: str) -> None:
    """The first one ends while a connection is being made."""
    transport = AnyioTransport(proxy="http://127.0.0.1:9", connect_limit=1)

    async def main() -> None:
        with anyio.move_on_after(0.05):
            async with transport.gate():
                await anyio.sleep_forever()
        async with transport.gate():
            pass

    for _ in range(2):
        run(runtime, main)


@pytest.mark.parametrize("limit", [0, -1, 1.5, "64", b"", [1]])
def test_limit_that_is_no_positive_number_is_refused(limit: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^connect_limit: expected 1 or more, or None"):
        AnyioTransport(connect_limit=limit)
