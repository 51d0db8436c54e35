"""The standard library's transport, by itself: what `Transport` and `Exchange` promise."""

from __future__ import annotations

import os
import socket
import sys
import threading

import pytest

from sse_core import ConnectError, IllegalState, Request, TransportError
from sse_transports import EventSource, UrllibTransport
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.reading import Reading
from tests.sse_transports.waiting import eventually


def one_and_silence(call: Call) -> None:
    call.respond(body=b"data: a\n\n")
    call.wait_until_gone()


def until_all_gone(server: SSEServer) -> None:
    eventually(lambda: server.open_connections == 0, "the client closes its connection")


def exchange_with(server: SSEServer) -> UrllibExchange:
    return UrllibTransport().exchange(Request("GET", f"{server.url}/"), timeout=10.0)


# The limits on a quiet stream: none.


def test_a_quiet_stream_has_no_time_limit_unless_one_is_given() -> None:
    with SSEServer(one_and_silence) as server, Reading(EventSource(server.url)) as reading:
        reading.until_received("a")
        reading.until_it_reads()
        exchange = reading.source._exchange
        assert isinstance(exchange, UrllibExchange)
        grip = exchange._grip._handle
        assert grip is not None
        # What the operating system says of the socket that is being read: a call waits for ever.
        eventually(lambda: os.get_blocking(grip.fileno()), "the socket is read without a time limit")
        # So that a peer that vanished is found out all the same.
        assert grip.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_an_idle_timeout_is_a_limit_of_the_socket() -> None:
    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url, idle_timeout=1000.0)
        with Reading(source) as reading:
            reading.until_received("a")
            reading.until_it_reads()
            exchange = source._exchange
            assert isinstance(exchange, UrllibExchange)
            handle = exchange._grip._handle
            assert handle is not None
            assert not os.get_blocking(handle.fileno())


# Exchanges.


def test_an_exchange_does_nothing_until_it_is_opened() -> None:
    with SSEServer(one_and_silence) as server:
        exchange = exchange_with(server)
        assert server.open_connections == 0
        with pytest.raises(IllegalState):
            exchange.read(None)
        exchange.close()
        assert server.calls == []


def test_an_exchange_gives_the_head_and_then_the_body_to_its_end() -> None:
    def answer(call: Call) -> None:
        call.respond(200, [("X-One", "1"), ("X-One", "é"), ("Transfer-Encoding", "chunked")])
        call.chunk(b"abc")
        call.chunk(b"")

    with SSEServer(answer) as server:
        exchange = exchange_with(server)
        response = exchange.open()
        assert response.status == 200
        assert response.headers[:2] == (("X-One", "1"), ("X-One", "é".encode().decode("latin-1")))
        assert [exchange.read(10.0) for _ in range(3)] == [b"abc", b"", b""]
        exchange.close()
        exchange.close()
        until_all_gone(server)


@pytest.mark.parametrize("call", ["open", "read"])
def test_a_closed_exchange_is_an_error(call: str) -> None:
    with SSEServer(one_and_silence) as server:
        exchange = exchange_with(server)
        if call == "read":
            exchange.open()
        exchange.close()
        with pytest.raises(TransportError, match="closed"):
            getattr(exchange, call)(*([None] if call == "read" else []))
        until_all_gone(server)


def test_a_transport_serves_several_sources_at_once_and_stays_the_callers() -> None:
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
    """What looking up a name gives."""
    return [(family, socket.SOCK_STREAM, 0, "", place) for family, place in places]


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with SSEServer(one_and_silence) as server, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        places = addresses(
            (socket.AF_INET, nobody.getsockname()), (socket.AF_INET, ("127.0.0.1", server.port))
        )
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
        with EventSource(f"http://stream.test:{server.port}", retry=None) as source:
            assert next(source).data == "a"
        assert server.calls[0].headers["host"] == f"stream.test:{server.port}".encode()


def test_an_address_of_a_family_that_this_machine_lacks_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lacking = 10_000
    with SSEServer(one_and_silence) as server:
        places = addresses((lacking, ("::1", server.port)), (socket.AF_INET, ("127.0.0.1", server.port)))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
        with EventSource(f"http://stream.test:{server.port}", retry=None) as source:
            assert next(source).data == "a"


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue answers elsewhere")
def test_an_address_that_never_answers_does_not_hide_the_next(
    unanswered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SSEServer(one_and_silence) as server:
        places = addresses(
            (socket.AF_INET, ("127.0.0.1", unanswered)), (socket.AF_INET, ("127.0.0.1", server.port))
        )
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
        with EventSource("http://stream.test", retry=None, timeout=0.4) as source:
            assert next(source).data == "a"


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue answers elsewhere")
def test_all_addresses_share_one_time_limit(unanswered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    places = addresses(*[(socket.AF_INET, ("127.0.0.1", unanswered))] * 3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
    source = EventSource("http://stream.test", retry=None, timeout=0.3)
    with pytest.raises(ConnectError, match=r"0\.3 seconds"):
        next(source)


def test_a_name_without_an_address_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConnectError, match="Name or service not known"):
        next(EventSource("http://stream.test", retry=None))


# Limits.


def test_sending_a_body_that_nobody_reads_is_bounded_by_timeout(deaf: int) -> None:
    source = EventSource(f"http://127.0.0.1:{deaf}", method="POST", content=bytes(50_000_000), timeout=0.2)
    with pytest.raises(ConnectError, match=r"0\.2 seconds"):
        next(source)


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue answers elsewhere")
def test_a_connect_that_nobody_answers_is_bounded_by_timeout(unanswered: int) -> None:
    source = EventSource(f"http://127.0.0.1:{unanswered}", retry=None, timeout=0.2)
    with pytest.raises(ConnectError, match=r"0\.2 seconds"):
        next(source)


def test_a_stream_in_the_smallest_chunks_is_read_whole() -> None:
    text = "".join(f"id: {number}\ndata: é€🎉 {number}\n\n" for number in range(50)).encode()

    def answer(call: Call) -> None:
        call.respond(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])
        for byte in text:
            call.chunk(bytes([byte]))
        call.chunk(b"")

    with SSEServer(answer) as server, EventSource(server.url, retry=None) as source:
        assert [event.data for event in source] == [f"é€🎉 {number}" for number in range(50)]


def test_sources_in_many_threads_do_not_disturb_each_other() -> None:
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
