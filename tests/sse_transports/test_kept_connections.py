"""A connection whose response was read to its end carries the next request, and only then."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import anyio.to_thread
import pytest

from sse_core import ConnectError, HTTPStatusError, Request
from sse_transports import AnyioTransport, AsyncEventSource
from tests.sse_transports.connection_server import ConnectionServer, Peer
from tests.sse_transports.runtimes import async_eventually, async_until_set, each_runtime, fetch, run
from tests.sse_transports.test_fork import in_a_fork
from tests.sse_transports.waiting import eventually, until_set

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
ONE_EVENT = HEAD + b"Content-Length: 9\r\n\r\ndata: a\n\n"
BODY = b"data: a\n\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def one_event_each(peer: Peer) -> None:
    while peer.read_request():
        peer.send(ONE_EVENT)


@pytest.fixture(params=["plain", "TLS"])
def contexts(
    request: pytest.FixtureRequest, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    """The TLS settings of a server and of its client."""
    return (None, None) if request.param == "plain" else (server_tls, client_tls)


Contexts = tuple[ssl.SSLContext | None, ssl.SSLContext | None]


async def data_of(transport: AnyioTransport, url: str, **options: Any) -> list[str]:
    async with AsyncEventSource(url, transport=transport, **{"retry": None, **options}) as source:
        return [event.data async for event in source]


# When it is used again.


@each_runtime
def test_next_request_uses_the_same_connection(runtime: str, contexts: Contexts) -> None:
    async def main() -> None:
        async with AnyioTransport(context=contexts[1]) as transport:
            for _ in range(3):
                assert await data_of(transport, server.url, method="POST") == ["a"]

    with ConnectionServer(one_event_each, context=contexts[0]) as server:
        run(runtime, main)
        eventually(lambda: server.open_connections == 0, "the transport closes its connection")
    assert len(server.requests) == 3
    # Over TLS, one handshake.
    assert len(server.peers) == 1


@each_runtime
def test_connection_is_used_again_after_until(
    runtime: str, contexts: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the body is read, although nothing in it is wanted."""
    monkeypatch.setattr("sse_transports._async_event_source.REST_TIMEOUT", 60.0)
    first_seen = threading.Event()

    def done_and_later_its_end(peer: Peer) -> None:
        while peer.read_request():
            first_seen.clear()
            peer.send(CHUNKED + chunk(b"data: a\n\ndata: [DONE]\n\n"))
            until_set(first_seen, "the client has the first event")
            peer.send(chunk(b": bye\n\n") + LAST_CHUNK)

    async def main() -> None:
        async with AnyioTransport(context=contexts[1]) as transport:
            for _ in range(2):
                async with AsyncEventSource(server.url, transport=transport, until="[DONE]") as source:
                    async for event in source:
                        assert event.data == "a"
                        first_seen.set()

    with ConnectionServer(done_and_later_its_end, context=contexts[0]) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (2, 1)


@each_runtime
def test_connection_is_closed_if_the_body_goes_on_after_until(
    runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sse_transports._async_event_source.REST_TIMEOUT", 0.01)

    def done_and_silence(peer: Peer) -> None:
        peer.read_request()
        peer.send(CHUNKED + chunk(b"data: a\n\ndata: [DONE]\n\n"))
        assert peer.read_request() == b""

    async def main() -> None:
        async with AnyioTransport() as transport:
            for _ in range(2):
                assert await data_of(transport, server.url, until="[DONE]") == ["a"]

    with ConnectionServer(done_and_silence) as server:
        run(runtime, main)
        eventually(lambda: server.open_connections == 0, "the client closes each connection")
    assert (len(server.requests), len(server.peers)) == (2, 2)


@each_runtime
def test_connection_is_used_again_after_an_error_response(runtime: str) -> None:
    def busy(peer: Peer) -> None:
        while peer.read_request():
            peer.send(b"HTTP/1.1 503 Busy\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbusy")

    async def main() -> None:
        async with AnyioTransport() as transport:
            for _ in range(2):
                with pytest.raises(HTTPStatusError, match="busy"):
                    await data_of(transport, server.url, method="POST")

    with ConnectionServer(busy) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (2, 1)


@each_runtime
def test_connection_is_used_again_after_a_redirect(runtime: str) -> None:
    def redirect(peer: Peer) -> None:
        while head := peer.read_request():
            there = head.startswith(b"GET /there ")
            peer.send(
                ONE_EVENT if there else b"HTTP/1.1 307 x\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
            )

    async def main() -> None:
        async with AnyioTransport() as transport:
            assert await data_of(transport, server.url) == ["a"]

    with ConnectionServer(redirect) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (2, 1)


@each_runtime
def test_reconnecting_source_uses_its_connection_again(runtime: str) -> None:
    """Also without a transport of the caller's."""

    async def main() -> None:
        seen = 0
        async with AsyncEventSource(server.url) as source:
            async for _ in source:
                seen += 1
                if seen == 2:
                    break

    def end_quickly(peer: Peer) -> None:
        while peer.read_request():
            peer.send(HEAD + b"Content-Length: 19\r\n\r\nretry: 1\ndata: a\n\n\n")

    with ConnectionServer(end_quickly) as server:
        run(runtime, main)
        eventually(lambda: server.open_connections == 0, "the source closes its own transport")
    assert (len(server.requests), len(server.peers)) == (2, 1)


# When it is not.


@each_runtime
@pytest.mark.parametrize(
    "response",
    [
        pytest.param(HEAD + b"Connection: close\r\nContent-Length: 9\r\n\r\n" + BODY, id="Connection: close"),
        pytest.param(ONE_EVENT.replace(b"1.1", b"1.0", 1), id="HTTP/1.0"),
        pytest.param(ONE_EVENT + b"X", id="surplus bytes"),
        pytest.param(ONE_EVENT + ONE_EVENT, id="a second response"),
        pytest.param(CHUNKED + chunk(BODY) + LAST_CHUNK + b"\0", id="surplus after chunks"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\nsurplus", id="204 with a body"),
    ],
)
def test_connection_is_not_used_again_after(response: bytes, runtime: str) -> None:
    def answer(peer: Peer) -> None:
        peer.read_request()
        peer.send(response)
        assert peer.read_request() == b""

    async def main() -> None:
        async with AnyioTransport() as transport:
            for _ in range(2):
                _, body = await fetch(transport, server.url)
                assert body in {b"", BODY}
            await async_eventually(lambda: server.open_connections == 0, "each connection is closed at once")

    with ConnectionServer(answer) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (2, 2)


@each_runtime
def test_connection_is_not_used_again_after_a_body_that_was_not_read(runtime: str) -> None:
    async def main() -> None:
        async with AnyioTransport() as transport:
            for _ in range(2):
                exchange = transport.exchange(Request("GET", server.url), timeout=60.0)
                await exchange.open()
                await exchange.close()

    def unfinished(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD + b"Content-Length: 10\r\n\r\n" + BODY)
        assert peer.read_request() == b""

    with ConnectionServer(unfinished) as server:
        run(runtime, main)
        eventually(lambda: server.open_connections == 0, "the client closes each connection")
    assert (len(server.requests), len(server.peers)) == (2, 2)


async def until_not_idle(transport: AnyioTransport) -> None:
    """Wait for what the server has sent on the kept connection: even loopback takes its time."""
    (entries,) = transport._idle._connections.values()
    ((connection, _),) = entries
    await async_eventually(lambda: not connection.is_idle(), "what the server sent has arrived")


@each_runtime
def test_connection_with_late_bytes_is_discarded(runtime: str, contexts: Contexts) -> None:
    """They would be taken for the start of the next response."""
    answered, sent = threading.Event(), threading.Event()

    def late(peer: Peer) -> None:
        if peer.number:
            one_event_each(peer)
            return
        peer.read_request()
        peer.send(ONE_EVENT)
        until_set(answered, "the client has the response")
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        sent.set()
        peer.wait_until_gone()

    async def main() -> None:
        async with AnyioTransport(context=contexts[1]) as transport:
            assert await fetch(transport, server.url) == (200, BODY)
            answered.set()
            await async_until_set(sent, "the bytes are sent")
            await until_not_idle(transport)
            assert await fetch(transport, server.url) == (200, BODY)

    with ConnectionServer(late, context=contexts[0]) as server:
        run(runtime, main)
    assert len(server.peers) == 2


@each_runtime
@pytest.mark.parametrize("end", ["fin", "reset", "close_notify", "fin inside TLS"])
def test_connection_that_the_server_has_closed_is_discarded(
    runtime: str, end: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """Before the request is sent: so a POST reaches the server, and once."""
    answered, ended = threading.Event(), threading.Event()
    encrypted = end in {"close_notify", "fin inside TLS"}

    def one_and_end(peer: Peer) -> None:
        if peer.number:
            one_event_each(peer)
            return
        peer.read_request()
        peer.send(ONE_EVENT)
        until_set(answered, "the client has the response")
        if end == "close_notify":
            # The TCP connection stays open.
            peer.send_close_notify()
        elif end == "reset":
            peer.reset()
        else:
            peer.end()
        ended.set()
        if end != "reset":
            peer.wait_until_gone()

    async def main() -> None:
        async with AnyioTransport(context=client_tls if encrypted else None) as transport:
            assert await fetch(transport, server.url, method="POST", body=b"1") == (200, BODY)
            answered.set()
            await async_until_set(ended, "the server ends the connection")
            await until_not_idle(transport)
            assert await fetch(transport, server.url, method="POST", body=b"2") == (200, BODY)

    with ConnectionServer(one_and_end, context=server_tls if encrypted else None) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (2, 2)


@each_runtime
def test_close_notify_that_came_with_the_end_of_a_response_is_seen(
    runtime: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """It is read from the socket together with the body, so that the socket has nothing more."""
    opened, ended = threading.Event(), threading.Event()

    def end_with_the_body(peer: Peer) -> None:
        if peer.number:
            one_event_each(peer)
            return
        peer.read_request()
        peer.send(HEAD + b"Content-Length: 9\r\n\r\n")
        until_set(opened, "the client has the headers")
        peer.send(BODY)
        peer.send_close_notify()
        ended.set()
        peer.wait_until_gone()

    async def main() -> None:
        async with AnyioTransport(context=client_tls) as transport:
            exchange = transport.exchange(Request("POST", server.url), timeout=60.0)
            await exchange.open()
            opened.set()
            await async_until_set(ended, "the body and close_notify have arrived")
            assert await exchange.read(60.0) == BODY
            assert await exchange.read(60.0) == b""
            await exchange.close()
            assert await fetch(transport, server.url, method="POST") == (200, BODY)

    with ConnectionServer(end_with_the_body, context=server_tls) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (2, 2)


@each_runtime
def test_unused_connection_is_closed_after_some_time(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sse_transports._anyio_connections.MAX_IDLE", 0.05)

    async def main() -> None:
        async with AnyioTransport() as transport:
            assert await fetch(transport, server.url) == (200, BODY)
            await async_eventually(lambda: server.open_connections == 0, "the connection is closed")
            # Nor is anything kept of the server: there may be many.
            assert not transport._idle._connections
            assert await fetch(transport, server.url) == (200, BODY)

    with ConnectionServer(one_event_each) as server:
        run(runtime, main)
    assert len(server.peers) == 2


@each_runtime
def test_close_leaves_no_connection_open(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sse_transports._anyio_connections.MAX_IDLE", 1000.0)

    async def main() -> None:
        transport = AnyioTransport()
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(fetch, transport, server.url)
        assert server.open_connections == 5
        await transport.close()
        await async_eventually(lambda: server.open_connections == 0, "all are closed")
        # A request after that is sent, and its connection not kept.
        assert await fetch(transport, server.url) == (200, BODY)
        await async_eventually(lambda: server.open_connections == 0, "this one, too")

    together = threading.Barrier(5)

    def all_at_once(peer: Peer) -> None:
        peer.read_request()
        if peer.number < 5:
            together.wait(60)
        peer.send(ONE_EVENT)
        peer.wait_until_gone()

    with ConnectionServer(all_at_once) as server:
        run(runtime, main)
    assert len(server.peers) == 6


@each_runtime
def test_another_origin_gets_a_connection_of_its_own(runtime: str) -> None:
    async def main() -> None:
        async with AnyioTransport() as transport:
            assert await fetch(transport, server.url) == (200, BODY)
            assert await fetch(transport, other.url) == (200, BODY)
            # Another name of the same address may be another server.
            assert await fetch(transport, f"http://localhost:{server.port}/") == (200, BODY)
            assert await fetch(transport, f"{server.url}path?query") == (200, BODY)

    with ConnectionServer(one_event_each) as server, ConnectionServer(one_event_each) as other:
        run(runtime, main)
    assert (len(server.peers), len(other.peers)) == (2, 1)


# If it dies.


def dies_when_used_again(part: bytes, reset: bool) -> Callable[[Peer], None]:
    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(ONE_EVENT)
        if peer.number == 0:
            assert peer.read_request()
            peer.send(part)
            if reset:
                peer.reset()
        else:
            peer.wait_until_gone()

    return handle


ends = pytest.mark.parametrize("reset", [False, True], ids=["fin", "reset"])


@each_runtime
@ends
def test_get_is_sent_again_once_if_a_used_connection_dies(runtime: str, reset: bool) -> None:
    async def main() -> None:
        async with AnyioTransport() as transport:
            for _ in range(2):
                assert await fetch(transport, server.url) == (200, BODY)

    with ConnectionServer(dies_when_used_again(b"", reset)) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (3, 2)


@each_runtime
@ends
def test_post_is_never_sent_twice(runtime: str, reset: bool) -> None:
    async def main() -> None:
        async with AnyioTransport() as transport:
            assert await fetch(transport, server.url) == (200, BODY)
            with pytest.raises(ConnectError, match=r"127\.0\.0\.1:\d+: "):
                await fetch(transport, server.url, method="POST", body=b"1")

    with ConnectionServer(dies_when_used_again(b"", reset)) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (2, 1)


@each_runtime
def test_request_is_not_sent_again_after_the_first_byte_of_a_response(runtime: str) -> None:
    async def main() -> None:
        async with AnyioTransport() as transport:
            assert await fetch(transport, server.url) == (200, BODY)
            with pytest.raises(ConnectError, match="ended inside the response headers"):
                await fetch(transport, server.url)

    with ConnectionServer(dies_when_used_again(b"H", False)) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (2, 1)


@each_runtime
def test_request_on_a_new_connection_is_not_sent_again(runtime: str) -> None:
    async def main() -> None:
        async with AnyioTransport() as transport:
            with pytest.raises(ConnectError, match="closed the connection without a response"):
                await fetch(transport, server.url)

    with ConnectionServer(lambda peer: [peer.read_request()].clear()) as server:
        run(runtime, main)
    assert (len(server.requests), len(server.peers)) == (1, 1)


# Other event loops and processes.


@each_runtime
def test_another_event_loop_does_not_use_it(runtime: str) -> None:
    transport = AnyioTransport()

    async def main() -> None:
        assert await fetch(transport, server.url) == (200, BODY)

    async def last() -> None:
        await main()
        # The first loop's connection is closed.
        await async_eventually(lambda: server.open_connections == 1, "one connection is left")
        await transport.close()

    with ConnectionServer(one_event_each) as server:
        run(runtime, main)
        run(runtime, last)
        eventually(lambda: server.open_connections == 0, "all are closed")
    assert len(server.peers) == 2


@each_runtime
def test_event_loop_of_another_thread_does_not_use_it(runtime: str) -> None:
    errors: list[BaseException] = []

    def in_another_loop(transport: AnyioTransport) -> None:
        async def main() -> None:
            assert await fetch(transport, server.url) == (200, BODY)

        try:
            run(runtime, main)
        except BaseException as error:  # noqa: BLE001  # raised in the test's thread
            errors.append(error)

    async def main() -> None:
        async with AnyioTransport() as transport:
            assert await fetch(transport, server.url) == (200, BODY)
            thread = threading.Thread(target=in_another_loop, args=(transport,))
            thread.start()
            await anyio.to_thread.run_sync(thread.join)
            assert await fetch(transport, server.url) == (200, BODY)

    with ConnectionServer(one_event_each) as server:
        run(runtime, main)
        assert errors == []
        eventually(lambda: server.open_connections == 0, "all are closed")
    assert len(server.peers) == 3


def test_forked_process_does_not_use_it(contexts: Contexts) -> None:
    async def main() -> None:
        async with AnyioTransport(context=contexts[1]) as transport:
            assert await fetch(transport, server.url) == (200, BODY)

            def child() -> bool:
                async def use() -> None:
                    assert await fetch(transport, server.url) == (200, BODY)
                    await transport.close()

                asyncio.run(use())
                return len(server.peers) == 1  # this process's copy

            in_a_fork(child)
            # It is still open, and used.
            assert await fetch(transport, server.url) == (200, BODY)

    with ConnectionServer(one_event_each, context=contexts[0]) as server:
        asyncio.run(main())
    assert len(server.requests) == 3
    assert len(server.peers) == 2


@contextlib.contextmanager
def descriptors_unchanged() -> Iterator[None]:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    yield
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@each_runtime
def test_no_descriptor_is_left(runtime: str) -> None:
    async def main() -> None:
        async with AnyioTransport() as transport:
            await fetch(transport, server.url)
            with descriptors_unchanged():
                for _ in range(3):
                    await fetch(transport, server.url)

    with ConnectionServer(one_event_each) as server:
        run(runtime, main)
