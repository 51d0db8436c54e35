"""`AnyioTransport` on asyncio, uvloop and trio: TLS, addresses, large requests, limits and reads."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme

from sse_core import (
    ConnectError,
    HTTPStatusError,
    IdleTimeout,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    Request,
)
from sse_transports import AnyioTransport, AsyncEventSource, _timers
from tests.sse_transports.connection_server import ConnectionServer, Peer
from tests.sse_transports.runtimes import async_until_set, each_runtime, fetch, fetch_request, run
from tests.sse_transports.waiting import until_set

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
BODY = b"data: a\n\n"
ONE_EVENT = HEAD + b"Content-Length: 9\r\n\r\n" + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def one_event(peer: Peer) -> None:
    if peer.read_request():
        peer.send(ONE_EVENT)


def get(runtime: str, url: str, **options: Any) -> tuple[int, bytes]:
    """Return what a transport with these options gets."""

    async def main() -> tuple[int, bytes]:
        async with AnyioTransport(**options) as transport:
            return await fetch(transport, url)

    return run(runtime, main)


# Arguments.


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"context": True}, "context"),
        ({"context": "tls"}, "context"),
        ({"proxy": 5}, "proxy"),
        ({"proxy": {"http": "http://proxy.test"}}, "proxy"),
        ({"uds": 5}, "uds"),
        ({"local_address": 5}, "local_address"),
        ({"local_address": ("127.0.0.1", 0)}, "local_address"),
        ({"proxy": "http://proxy.test", "uds": "/run/x.sock"}, "proxy"),
        ({"connect_limit": 0}, "connect_limit"),
        ({"connect_limit": "64"}, "connect_limit"),
        ({"connect_limit": True}, "connect_limit"),
    ],
)
def test_argument_of_another_kind_is_refused(options: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidArgument, match=rf"^{name}: "):
        AnyioTransport(**options)


# TLS.


@each_runtime
def test_private_authority_is_trusted_by_the_callers_context_only(
    runtime: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    with ConnectionServer(one_event, context=server_tls) as server:
        assert get(runtime, server.url, context=client_tls) == (200, BODY)
        with pytest.raises(ConnectError, match="certificate verify failed: unable to get local") as caught:
            get(runtime, server.url)
        assert caught.value.final


@each_runtime
def test_server_is_named_in_the_handshake(
    runtime: str, authority: trustme.CA, client_tls: ssl.SSLContext
) -> None:
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    context.sni_callback = lambda _connection, name, _context: names.append(name)
    with ConnectionServer(one_event, context=context) as server:
        for host in ("localhost", "127.0.0.1"):
            assert get(runtime, f"https://{host}:{server.port}/", context=client_tls) == (200, BODY)
    # An address has no name (RFC 6066, 3).
    assert names == ["localhost", None]


@each_runtime
def test_client_certificate_is_sent_and_can_be_loaded_again(runtime: str, authority: trustme.CA) -> None:
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    authority.configure_trust(server_context)
    server_context.verify_mode = ssl.CERT_REQUIRED
    seen: list[int] = []

    def note_certificate(peer: Peer) -> None:
        assert isinstance(peer.connection, ssl.SSLSocket)
        certificate = peer.connection.getpeercert()
        assert certificate is not None
        seen.append(int(str(certificate["serialNumber"]), 16))
        one_event(peer)

    context = ssl.create_default_context()
    authority.configure_trust(context)

    async def main() -> None:
        async with AnyioTransport(context=context) as transport:
            with pytest.raises(ConnectError, match="certificate required") as caught:
                await fetch(transport, server.url)
            assert caught.value.final
            for _ in range(2):
                authority.issue_cert("client.test").configure_cert(context)
                assert await fetch(transport, server.url) == (200, BODY)

    with ConnectionServer(note_certificate, context=server_context) as server:
        run(runtime, main)
    assert len(set(seen)) == 2


@each_runtime
def test_http2_in_the_callers_context_is_a_clear_error(runtime: str, authority: trustme.CA) -> None:
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    server_context.set_alpn_protocols(["h2", "http/1.1"])
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with ConnectionServer(one_event, context=server_context) as server:
        context.set_alpn_protocols(["h2", "http/1.1"])
        with pytest.raises(ConnectError, match="offer h2 with ALPN, and only http/1") as caught:
            get(runtime, server.url, context=context)
        assert caught.value.final
        context.set_alpn_protocols(["http/1.1"])
        assert get(runtime, server.url, context=context) == (200, BODY)


@each_runtime
def test_default_context_offers_http_1_1(
    runtime: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocols: list[str | None] = []

    def note_protocol(peer: Peer) -> None:
        assert isinstance(peer.connection, ssl.SSLSocket)
        protocols.append(peer.connection.selected_alpn_protocol())
        one_event(peer)

    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    server_context.set_alpn_protocols(["h2", "http/1.1"])
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with ConnectionServer(note_protocol, context=server_context) as server:
        assert get(runtime, server.url) == (200, BODY)
    assert protocols == ["http/1.1"]


@each_runtime
@pytest.mark.parametrize("whole", [True, False], ids=["close_notify", "cut"])
def test_end_of_a_tls_body_without_a_length_is_known(
    runtime: str, whole: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """Only close_notify tells an end from a cut."""

    def until_close(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD + b"\r\n" + BODY)
        if whole:
            peer.send_close_notify()
            peer.wait_until_gone()

    async def main() -> list[str]:
        async with (
            AnyioTransport(context=client_tls) as transport,
            AsyncEventSource(server.url, method="POST", transport=transport) as source,
        ):
            seen.extend([event.data async for event in source])
        return seen

    seen: list[str] = []
    with ConnectionServer(until_close, context=server_tls) as server:
        if whole:
            assert run(runtime, main) == ["a"]
        else:
            with pytest.raises(IncompleteStream) as caught:
                run(runtime, main)
            assert isinstance(caught.value.__cause__, ReadError)
            assert "without TLS close_notify" in str(caught.value.__cause__)


@each_runtime
def test_records_that_have_arrived_are_one_read(
    runtime: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    opened, sent = threading.Event(), threading.Event()

    def five_records(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD + b"Content-Length: 45\r\n\r\n")
        until_set(opened, "the client has the headers")
        for _ in range(5):
            peer.send(BODY)
        sent.set()
        peer.wait_until_gone()

    async def main() -> None:
        async with AnyioTransport(context=client_tls) as transport:
            exchange = transport.exchange(Request("GET", server.url), timeout=60.0)
            await exchange.open()
            opened.set()
            await async_until_set(sent, "five records have arrived")
            assert await exchange.read(60.0) == BODY * 5
            assert await exchange.read(60.0) == b""
            await exchange.close()

    with ConnectionServer(five_records, context=server_tls) as server:
        run(runtime, main)


# Where it connects.


@each_runtime
@pytest.mark.parametrize("kind", [str, Path])
def test_unix_socket_is_used_whatever_the_host(
    runtime: str, kind: Callable[[str], str | Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    path = str(tmp_path / "server.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    with ConnectionServer(one_event, listener=listener) as server:
        assert get(runtime, "http://stream.test/feed", uds=kind(path)) == (200, BODY)
    assert server.requests[0].startswith(b"GET /feed HTTP/1.1\r\nHost: stream.test\r\n")


@each_runtime
def test_missing_unix_socket_is_an_error(runtime: str, tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match="No such file"):
        get(runtime, "http://stream.test/", uds=tmp_path / "none.sock")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, 127.0.0.2 is no address of this machine")
@each_runtime
def test_local_address_is_where_it_connects_from(runtime: str) -> None:
    seen: list[str] = []

    def note_address(peer: Peer) -> None:
        seen.append(peer.connection.getpeername()[0])
        one_event(peer)

    with ConnectionServer(note_address) as server:
        assert get(runtime, server.url, local_address="127.0.0.2") == (200, BODY)
        # On trio, anyio leaves the socket that it cannot bind to the garbage collector, which warns.
        if runtime != "trio":
            with pytest.raises(ConnectError, match="assign requested address"):
                get(runtime, server.url, local_address="192.0.2.1")
    assert seen == ["127.0.0.2"]


@pytest.fixture
def ipv6_listener() -> Iterator[socket.socket]:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6")
    yield listener
    listener.close()


@each_runtime
def test_ipv6_address_is_a_host(runtime: str, ipv6_listener: socket.socket) -> None:
    with ConnectionServer(one_event, listener=ipv6_listener) as server:
        assert get(runtime, f"http://[::1]:{server.port}/") == (200, BODY)
    assert b"\r\nHost: [::1]:%d\r\n" % server.port in server.requests[0]


@pytest.mark.parametrize("runtime", ["asyncio", "trio"])
def test_international_host_is_looked_up_in_its_ascii_form(
    runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        asked.append(name)
        return real("127.0.0.1" if name == "xn--bcher-kva.test" else host, *args, **options)

    async def main() -> None:
        async with AsyncEventSource(f"http://bücher.test:{server.port}/", retry=None) as source:
            assert [event.data async for event in source] == ["a"]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with ConnectionServer(one_event) as server:
        run(runtime, main)
    assert "xn--bcher-kva.test" in asked
    assert b"\r\nHost: xn--bcher-kva.test:%d\r\n" % server.port in server.requests[0]


@each_runtime
@pytest.mark.parametrize("host", ["none.invalid", "a" * 64 + ".test"])
def test_unknown_host_is_an_error(runtime: str, host: str) -> None:
    with pytest.raises(ConnectError, match=host[:20]) as caught:
        get(runtime, f"http://{host}/")
    assert not caught.value.final


@each_runtime
def test_without_a_free_descriptor_nothing_stays_open(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_is_free(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async def main() -> None:
        async with AnyioTransport() as transport:
            with pytest.raises(ConnectError, match="Too many open files"):
                await fetch(transport, server.url)
            await async_until_set(gone, "the connection is closed")

    gone = threading.Event()

    def note_end(peer: Peer) -> None:
        peer.wait_until_gone()
        gone.set()

    monkeypatch.setattr(socket, "fromfd", none_is_free)
    with ConnectionServer(note_end) as server:
        run(runtime, main)


# Large requests.


@each_runtime
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_early_response_to_a_large_body_is_read(
    runtime: str, encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """The server does not read the body, so it cannot be sent."""
    done = threading.Event()

    def too_large(peer: Peer) -> None:
        peer.read_head()
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\ntoo much")
        until_set(done, "the client has both responses")

    async def main() -> None:
        async with AnyioTransport(context=client_tls if encrypted else None) as transport:
            with pytest.raises(HTTPStatusError, match="too much") as caught:
                async with AsyncEventSource(
                    server.url, method="POST", content=bytes(30_000_000), transport=transport
                ) as source:
                    await anext(source)
            assert caught.value.status == 413
            # On the same connection, it would be taken for the rest of the body.
            assert (await fetch(transport, server.url, timeout=20.0))[0] == 413

    with ConnectionServer(too_large, context=server_tls if encrypted else None) as server:
        try:
            run(runtime, main)
        finally:
            done.set()
    assert (len(server.requests), len(server.peers)) == (2, 2)


@each_runtime
def test_large_body_arrives_whole(runtime: str) -> None:
    body = bytes(range(256)) * 40_000

    def echo_length(peer: Peer) -> None:
        while peer.read_request():
            peer.send(ONE_EVENT)

    async def main() -> None:
        async with AnyioTransport() as transport:
            for _ in range(2):
                assert await fetch(transport, server.url, method="POST", body=body) == (200, BODY)

    with ConnectionServer(echo_length) as server:
        run(runtime, main)
    # All was read, so the connection was used again.
    assert (len(server.requests), len(server.peers)) == (2, 1)
    assert b"\r\nContent-Length: 10240000" in server.requests[0]


@each_runtime
@pytest.mark.parametrize("field", [("content-length", "0"), ("Transfer-Encoding", "chunked")])
def test_callers_framing_cannot_make_a_body_the_next_request(runtime: str, field: tuple[str, str]) -> None:
    body = b"GET /other HTTP/1.1\r\nHost: other\r\n\r\n"

    def one_event_each(peer: Peer) -> None:
        while peer.read_request():
            peer.send(ONE_EVENT)

    async def main() -> None:
        async with AnyioTransport() as transport:
            for _ in range(2):
                request = Request("POST", server.url, [field], body)
                assert await fetch_request(transport, request) == (200, BODY)

    with ConnectionServer(one_event_each) as server:
        run(runtime, main)
    assert [head.partition(b" ")[0] for head in server.requests] == [b"POST", b"POST"]
    assert len(server.peers) == 1
    assert b"Content-Length: %d" % len(body) in server.requests[0]
    assert b"chunked" not in server.requests[0]


@each_runtime
@pytest.mark.parametrize("size", [10, 30_000_000])
def test_connection_that_is_reset_while_sending_is_an_error(runtime: str, size: int) -> None:
    def drop(peer: Peer) -> None:
        peer.read_head()
        peer.reset()

    async def main() -> None:
        async with AnyioTransport() as transport:
            with pytest.raises(ConnectError, match=r"127\.0\.0\.1:\d+: "):
                await fetch(transport, server.url, method="POST", body=bytes(size))

    with ConnectionServer(drop) as server:
        run(runtime, main)
    assert len(server.requests) == 1


@each_runtime
def test_timeout_ends_a_request_that_cannot_be_sent(runtime: str) -> None:
    done = threading.Event()

    def deaf(peer: Peer) -> None:
        peer.read_head()
        until_set(done, "the client has given up")

    async def main() -> None:
        async with AnyioTransport() as transport:
            for size in (1000, 30_000_000):
                with pytest.raises(ConnectError, match=r"no response within 0\.1 seconds"):
                    await fetch(transport, server.url, method="POST", body=bytes(size), timeout=0.1)
        done.set()

    with ConnectionServer(deaf) as server:
        run(runtime, main)


# What a server may not send.


@each_runtime
@pytest.mark.parametrize(
    ("start", "piece", "fault"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", "the response headers are larger than 65536 bytes"),
        (b"HTTP/1.1 200 ", b"x", "the response headers are larger than 65536 bytes"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "the response headers are larger than 65536 bytes"),
    ],
    ids=["fields", "reason", "interim responses"],
)
def test_endless_head_is_an_error(runtime: str, start: bytes, piece: bytes, fault: str) -> None:
    def endless(peer: Peer) -> None:
        peer.read_request()
        peer.send(start)
        with contextlib.suppress(OSError):
            while True:
                peer.send(piece * 1000)

    with ConnectionServer(endless) as server, pytest.raises(ConnectError, match=fault):
        get(runtime, server.url)


@each_runtime
@pytest.mark.parametrize(
    ("start", "piece"), [(b"1;", b"x"), (b"0\r\n", b"X: y\r\n")], ids=["extensions", "trailers"]
)
def test_endless_bytes_without_a_body_are_an_error(runtime: str, start: bytes, piece: bytes) -> None:
    def endless(peer: Peer) -> None:
        peer.read_request()
        peer.send(CHUNKED + b"9\r\ndata: a\n\n\r\n" + start)
        with contextlib.suppress(OSError):
            while True:
                peer.send(piece * 1000)

    async def main() -> None:
        async with (
            AnyioTransport() as transport,
            AsyncEventSource(server.url, method="POST", transport=transport) as source,
        ):
            assert (await anext(source)).data == "a"
            with pytest.raises(IncompleteStream) as caught:
                await anext(source)
            assert "chunk extensions and trailers are larger than" in str(caught.value.__cause__)

    with ConnectionServer(endless) as server:
        run(runtime, main)


@each_runtime
def test_events_before_a_broken_chunk_arrive_first(runtime: str) -> None:
    def broken(peer: Peer) -> None:
        peer.read_request()
        peer.send(CHUNKED + b"9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\nwrong\r\n")
        peer.wait_until_gone()

    async def main() -> None:
        async with (
            AnyioTransport() as transport,
            AsyncEventSource(server.url, method="POST", transport=transport) as source,
        ):
            assert [(await anext(source)).data, (await anext(source)).data] == ["a", "b"]
            with pytest.raises(IncompleteStream) as caught:
                await anext(source)
            assert "malformed HTTP: " in str(caught.value.__cause__)

    with ConnectionServer(broken) as server:
        run(runtime, main)


@each_runtime
@pytest.mark.parametrize(
    "status", [b"HTTP/2.0 200 OK", b"HTTP/0.9 200 OK", b"ICY 200 OK", b"HTTP/1.1 2x0 OK"]
)
def test_another_protocol_is_an_error(runtime: str, status: bytes) -> None:
    def other(peer: Peer) -> None:
        peer.read_request()
        peer.send(status + b"\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n")
        peer.wait_until_gone()

    with ConnectionServer(other) as server, pytest.raises(ConnectError, match=r"HTTP/[20]|malformed HTTP"):
        get(runtime, server.url)


# Reads: idle timeout, close.


class Timers:
    """Counts the timers that are started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started = 0
        self._real = _timers.call_later
        monkeypatch.setattr(_timers, "call_later", self._call_later)

    def _call_later(self, seconds: float, function: Callable[[], object]) -> Callable[[], object]:
        self.started += 1
        return self._real(seconds, function)


@each_runtime
def test_many_reads_need_one_timer(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    timers = Timers(monkeypatch)
    seen = threading.Semaphore(0)

    def one_by_one(peer: Peer) -> None:
        peer.read_request()
        peer.send(CHUNKED)
        for _ in range(50):
            peer.send(b"9\r\ndata: a\n\n\r\n")
            assert seen.acquire(timeout=60)
        peer.send(b"0\r\n\r\n")

    async def main() -> None:
        async with (
            AnyioTransport() as transport,
            AsyncEventSource(server.url, transport=transport, idle_timeout=600, retry=None) as source,
        ):
            async for _ in source:
                seen.release()

    with ConnectionServer(one_by_one) as server:
        run(runtime, main)
    assert timers.started == 1


@each_runtime
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_timeout_of_a_read_may_change(
    runtime: str, encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    more = threading.Event()

    def two(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD + b"Content-Length: 27\r\n\r\n" + BODY)
        until_set(more, "the client waits for longer than its first timeout")
        peer.send(BODY)
        peer.wait_until_gone()

    async def main() -> None:
        async with AnyioTransport(context=client_tls if encrypted else None) as transport:
            exchange = transport.exchange(Request("GET", server.url), timeout=60.0)
            await exchange.open()
            assert await exchange.read(0.5) == BODY
            async with anyio.create_task_group() as tasks:

                async def later() -> None:
                    await anyio.sleep(0.7)
                    more.set()

                tasks.start_soon(later)
                # The first timer ends nothing any more.
                assert await exchange.read(60.0) == BODY
            with pytest.raises(IdleTimeout, match=r"0\.05"):
                await exchange.read(0.05)
            with pytest.raises(ReadError, match="closed"):
                await exchange.read(60.0)
            await exchange.close()

    with ConnectionServer(two, context=server_tls if encrypted else None) as server:
        run(runtime, main)


@each_runtime
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("timeout", [None, 60.0])
def test_close_ends_a_read(
    runtime: str,
    encrypted: bool,
    timeout: float | None,
    server_tls: ssl.SSLContext,
    client_tls: ssl.SSLContext,
) -> None:
    def silent(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD + b"Content-Length: 27\r\n\r\n")
        peer.wait_until_gone()

    async def main() -> None:
        async with AnyioTransport(context=client_tls if encrypted else None) as transport:
            exchange = transport.exchange(Request("GET", server.url), timeout=60.0)
            await exchange.open()
            async with anyio.create_task_group() as tasks:

                async def read() -> None:
                    with pytest.raises(ReadError, match="the exchange is closed"):
                        await exchange.read(timeout)

                tasks.start_soon(read)
                await anyio.wait_all_tasks_blocked()
                await exchange.close()

    with ConnectionServer(silent, context=server_tls if encrypted else None) as server:
        run(runtime, main)


@each_runtime
def test_head_and_body_may_arrive_byte_by_byte(runtime: str) -> None:
    def drip(peer: Peer) -> None:
        peer.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.read_request()
        for byte in CHUNKED + b"9;x=y\r\ndata: a\n\n\r\n0\r\nX: y\r\n\r\n":
            peer.send(bytes([byte]))
        assert peer.read_request()
        peer.send(ONE_EVENT)

    async def main() -> None:
        async with AnyioTransport() as transport:
            for _ in range(2):
                assert await fetch(transport, server.url) == (200, BODY)

    with ConnectionServer(drip) as server:
        run(runtime, main)
    assert len(server.peers) == 1


@each_runtime
def test_large_response_arrives_whole(
    runtime: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    body = bytes(range(256)) * 20_000

    def large(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    for context, own in ((None, None), (server_tls, client_tls)):
        with ConnectionServer(large, context=context) as server:
            assert get(runtime, server.url, context=own) == (200, body)


@each_runtime
def test_default_of_an_event_loop_is_anyio(runtime: str) -> None:
    async def main() -> None:
        async with AsyncEventSource(server.url) as source:
            await anext(source)
            assert type(source._transport) is AnyioTransport

    with ConnectionServer(one_event) as server:
        run(runtime, main)
