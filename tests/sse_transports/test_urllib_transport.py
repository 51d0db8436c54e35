"""The standard library's transport: what `Transport` and `Exchange` promise."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import sys
import threading
from typing import Any

import pytest

from sse_core import ConnectError, Event, IllegalState, Request, TransportError
from sse_transports import EventSource, UrllibTransport
from sse_transports._sockets import KEEP_ALIVE
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.reading import Reading
from tests.sse_transports.small_servers import QUICK, one_and_silence, until_all_gone
from tests.sse_transports.waiting import eventually, until_set


def exchange_with(server: SSEServer) -> UrllibExchange:
    return UrllibTransport().exchange(Request("GET", f"{server.url}/"), timeout=10.0)


# The timeout of a quiet stream.


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[socket.socket]:
    """The sockets that exchanges have connected, in order."""
    connected: list[socket.socket] = []
    connect = UrllibExchange.connect

    def record(exchange: UrllibExchange, *arguments: Any) -> socket.socket:
        connected.append(connect(exchange, *arguments))
        return connected[-1]

    monkeypatch.setattr(UrllibExchange, "connect", record)
    return connected


def test_no_idle_timeout_means_a_blocking_socket(sockets: list[socket.socket]) -> None:
    with SSEServer(one_and_silence) as server, Reading(EventSource(server.url)) as reading:
        reading.until_received("a")
        reading.until_it_reads()
        (connection,) = sockets
        # Asks the operating system: a read of this socket waits without a limit.
        eventually(lambda: os.get_blocking(connection.fileno()), "the socket is read without a timeout")


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_connections_have_tcp_keep_alive(
    encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an idle timeout, this is how a peer that vanished is noticed."""
    descriptor = -1
    connect = UrllibExchange.connect

    def remember(exchange: UrllibExchange, *arguments: Any) -> socket.socket:
        nonlocal descriptor
        connection = connect(exchange, *arguments)
        # Over TLS, another object takes it over.
        descriptor = connection.fileno()
        return connection

    monkeypatch.setattr(UrllibExchange, "connect", remember)
    with (
        SSEServer(one_and_silence, context=server_tls if encrypted else None) as server,
        EventSource(server.url, transport=UrllibTransport(context=client_tls)) as source,
    ):
        assert next(source).data == "a"
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            values = [connection.getsockopt(level, option) for level, option, _ in KEEP_ALIVE]
    assert values[0]
    assert values[1:] == [value for _, _, value in KEEP_ALIVE[1:]]


def test_idle_timeout_is_set_on_the_socket(sockets: list[socket.socket]) -> None:
    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url, idle_timeout=1000.0)
        with Reading(source) as reading:
            reading.until_received("a")
            reading.until_it_reads()
            (connection,) = sockets
            assert not os.get_blocking(connection.fileno())


def test_timeout_may_differ_for_each_read(sockets: list[socket.socket]) -> None:
    def answer(call: Call) -> None:
        for number in range(4):
            if number == 0:
                call.respond(200, [("Transfer-Encoding", "chunked")])
            call.chunk(b"%d" % number)
            until_set(read[number], "the chunk is read")
        call.chunk(b"")

    read = [threading.Event() for _ in range(4)]
    with SSEServer(answer) as server:
        exchange = exchange_with(server)
        exchange.open()
        for number, timeout in enumerate((None, 10.0, 20.0, None)):
            assert exchange.read(timeout) == b"%d" % number
            if number:
                # The first chunk may have come with the headers, before this timeout was set.
                assert sockets[0].gettimeout() == timeout
            read[number].set()
        assert exchange.read(10.0) == b""
        exchange.close()


# Exchanges.


def test_exchange_does_no_io_until_opened() -> None:
    with SSEServer(one_and_silence) as server:
        exchange = exchange_with(server)
        assert server.open_connections == 0
        with pytest.raises(IllegalState):
            exchange.read(None)
        exchange.close()
        assert server.calls == []


def test_exchange_returns_headers_then_body_to_its_end() -> None:
    def answer(call: Call) -> None:
        call.respond(200, [("X-One", "1"), ("X-One", "é"), ("Transfer-Encoding", "chunked")])
        call.chunk(b"abc")
        call.chunk(b"")

    with SSEServer(answer) as server:
        exchange = exchange_with(server)
        response = exchange.open()
        assert response.status == 200
        assert response.headers.pairs[:2] == (("X-One", "1"), ("X-One", "é".encode().decode("latin-1")))
        assert [exchange.read(10.0) for _ in range(3)] == [b"abc", b"", b""]
        exchange.close()
        exchange.close()
        until_all_gone(server)


@pytest.mark.parametrize("call", ["open", "read"])
def test_using_a_closed_exchange_raises(call: str) -> None:
    with SSEServer(one_and_silence) as server:
        exchange = exchange_with(server)
        if call == "read":
            exchange.open()
        exchange.close()
        with pytest.raises(TransportError, match="closed"):
            getattr(exchange, call)(*([None] if call == "read" else []))
        until_all_gone(server)


def test_transport_is_a_context_manager() -> None:
    closed = []

    class Counted(UrllibTransport):
        def close(self) -> None:
            closed.append(1)

    with SSEServer(one_and_silence) as server, Counted() as transport:
        with EventSource(server.url, transport=transport) as source:
            assert next(source).data == "a"
        assert closed == []
    assert closed == [1]


def test_sources_share_a_transport_and_leave_it_open() -> None:
    closed = []

    class Counted(UrllibTransport):
        def close(self) -> None:
            closed.append(1)

    transport = Counted()
    with SSEServer(one_and_silence) as server:
        with EventSource(server.url, transport=transport) as first:
            assert next(first).data == "a"
            with EventSource(server.url, transport=transport) as second:
                assert next(second).data == "a"
                assert server.open_connections == 2
        until_all_gone(server)
    assert closed == []


# Addresses.


def addresses(*places: tuple[int, tuple[str, int]]) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    """Return what `getaddrinfo` does."""
    return [(family, socket.SOCK_STREAM, 0, "", place) for family, place in places]


def test_all_addresses_of_a_host_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with SSEServer(one_and_silence) as server, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        places = addresses(
            (socket.AF_INET, unused.getsockname()), (socket.AF_INET, ("127.0.0.1", server.port))
        )
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
        with EventSource(f"http://stream.test:{server.port}", retry=None) as source:
            assert next(source).data == "a"
        assert server.calls[0].headers["host"] == f"stream.test:{server.port}".encode()


def test_unsupported_address_family_is_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unsupported = 10_000
    with SSEServer(one_and_silence) as server:
        places = addresses((unsupported, ("::1", server.port)), (socket.AF_INET, ("127.0.0.1", server.port)))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
        with EventSource(f"http://stream.test:{server.port}", retry=None) as source:
            assert next(source).data == "a"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")
def test_short_timeout_is_shared_by_the_addresses(unanswered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with SSEServer(one_and_silence) as server:
        places = addresses(
            (socket.AF_INET, ("127.0.0.1", unanswered)), (socket.AF_INET, ("127.0.0.1", server.port))
        )
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
        # As if the timeout were shorter than the delay between two addresses.
        monkeypatch.setattr("sse_transports._urllib.ATTEMPT_DELAY", 1000.0)
        with EventSource("http://stream.test", retry=None, timeout=0.8) as source:
            assert next(source).data == "a"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["IPv4 first", "IPv6 first"])
def test_every_reconnection_tries_the_next_address(
    family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(SSEServer([[Event("1")], [Event("2")], [Event("3")]]))
        try:
            full = stack.enter_context(socket.create_server((host, 0), family=family, backlog=0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        stack.enter_context(socket.create_connection(full.getsockname()[:2]))
        places = addresses(
            (family, full.getsockname()),
            (family, full.getsockname()),
            (socket.AF_INET, ("127.0.0.1", server.port)),
        )
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
        monkeypatch.setattr("sse_transports._urllib.ATTEMPT_DELAY", 0.01)
        with EventSource("http://stream.test", retry=QUICK) as source:
            assert [next(source).data for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")
def test_all_addresses_share_one_timeout(unanswered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    places = addresses(*[(socket.AF_INET, ("127.0.0.1", unanswered))] * 3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
    source = EventSource("http://stream.test", retry=None, timeout=0.3)
    with pytest.raises(ConnectError, match=r"0\.3 seconds"):
        next(source)


def test_unresolvable_host_raises_connect_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConnectError, match="Name or service not known"):
        next(EventSource("http://stream.test", retry=None))


@pytest.mark.parametrize("host", ["a..test", f"{'a' * 64}.test", "a.test:port"])
def test_host_that_cannot_have_an_address_is_final(host: str) -> None:
    """The event source refuses such URLs; a transport may be used without one."""
    exchange = UrllibTransport().exchange(Request("GET", f"http://{host}/"), timeout=5)
    with pytest.raises(ConnectError) as caught:
        exchange.open()
    assert caught.value.final


# Limits.


def test_timeout_limits_sending_an_unread_body(deaf: int) -> None:
    source = EventSource(f"http://127.0.0.1:{deaf}", method="POST", content=bytes(50_000_000), timeout=0.2)
    with pytest.raises(ConnectError, match=r"0\.2 seconds"):
        next(source)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")
def test_timeout_limits_an_unanswered_connect(unanswered: int) -> None:
    source = EventSource(f"http://127.0.0.1:{unanswered}", retry=None, timeout=0.2)
    with pytest.raises(ConnectError, match=r"0\.2 seconds"):
        next(source)


def test_stream_in_one_byte_chunks_is_read_completely() -> None:
    text = "".join(f"id: {number}\ndata: é€🎉 {number}\n\n" for number in range(50)).encode()

    def answer(call: Call) -> None:
        call.respond(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])
        for byte in text:
            call.chunk(bytes([byte]))
        call.chunk(b"")

    with SSEServer(answer) as server, EventSource(server.url, retry=None) as source:
        assert [event.data for event in source] == [f"é€🎉 {number}" for number in range(50)]


def test_sources_in_many_threads_are_independent() -> None:
    def answer(call: Call) -> None:
        name = call.path.strip("/")
        call.respond(body="".join(f"id: {name}-{n}\ndata: {name} {n}\n\n" for n in range(200)).encode())

    received: dict[int, list[str]] = {}

    def read(name: int) -> None:
        with EventSource(f"{server.url}/{name}", retry=None) as source:
            received[name] = [event.data for event in source]

    with SSEServer(answer) as server:
        threads = [threading.Thread(target=read, args=(name,)) for name in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert received == {name: [f"{name} {n}" for n in range(200)] for name in range(10)}
