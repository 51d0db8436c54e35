"""close() of the blocking client over urllib wakes every call of the standard library that can wait."""

from __future__ import annotations

import http.client
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from types import FrameType

import pytest

from sse_core import Event, ReadError, Request
from sse_transports import EventSource, UrllibTransport
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.reading import Reading, close_while_busy
from tests.sse_transports.small_servers import one_and_silence, three_and_silence, until_all_gone
from tests.sse_transports.waiting import eventually, is_blocked_in


def silence(call: Call) -> None:
    call.wait_until_gone()


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_close_wakes_a_blocked_read(
    encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(one_and_silence, context=server_tls if encrypted else None) as server:
        with Reading(EventSource(server.url, transport=transport)) as reading:
            reading.until_received("a")
            reading.until_it_reads()
            close_while_busy(reading)
        until_all_gone(server)


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_close_wakes_a_wait_for_response_headers(
    encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(silence, context=server_tls if encrypted else None) as server:
        with Reading(EventSource(server.url, transport=transport, timeout=None)) as reading:
            eventually(lambda: len(server.calls) == 1, "the request arrives")
            reading.until_blocked_in(http.client.HTTPConnection.getresponse)
            close_while_busy(reading)
        until_all_gone(server)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")
@pytest.mark.parametrize("count", [1, 3])
def test_close_wakes_an_unanswered_connect(
    count: int, unanswered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", unanswered))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: [place] * count)
    monkeypatch.setattr("sse_transports._urllib.ATTEMPT_DELAY", 0.001)
    source = EventSource("http://stream.test", timeout=None)
    with Reading(source) as reading:
        reading.until_blocked_in(UrllibExchange.connect)
        close_while_busy(reading)


def test_close_wakes_an_unanswered_tls_handshake(deaf: int) -> None:
    with Reading(EventSource(f"https://127.0.0.1:{deaf}", timeout=None)) as reading:
        reading.until_blocked_in(ssl.SSLSocket.do_handshake)
        close_while_busy(reading)


def test_close_wakes_sending_an_unread_body(deaf: int) -> None:
    source = EventSource(f"http://127.0.0.1:{deaf}", method="POST", content=bytes(50_000_000), timeout=None)
    with Reading(source) as reading:
        reading.until_blocked_in(http.client.HTTPConnection.send)
        close_while_busy(reading)


def test_close_wakes_reading_an_error_body() -> None:
    def half_an_error(call: Call) -> None:
        call.send(b"HTTP/1.1 400 Bad\r\nContent-Length: 100\r\n\r\nbecause")
        call.wait_until_gone()

    with SSEServer(half_an_error) as server:
        with Reading(EventSource(server.url)) as reading:
            reading.until_blocked_in(EventSource._read_body)
            close_while_busy(reading)
        until_all_gone(server)


def close_before_connecting(source: EventSource[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    """Call `close` in another thread between the creation of a socket and its connect."""
    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)

        def close_first(
            connection: socket.socket, address: object, original: Callable[..., object] = original
        ) -> object:
            closing = threading.Thread(target=source.close)
            closing.start()
            closing.join()
            return original(connection, address)

        monkeypatch.setattr(socket.socket, name, close_first)


def test_close_just_before_connect_prevents_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with SSEServer(silence) as server:
        source = EventSource(server.url, timeout=None)
        close_before_connecting(source, monkeypatch)
        assert list(source) == []
        assert server.calls == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")
@pytest.mark.timeout(200)
def test_close_just_before_an_unanswered_connect_ends_it(
    unanswered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = EventSource(f"http://127.0.0.1:{unanswered}", timeout=None)
    close_before_connecting(source, monkeypatch)
    assert list(source) == []


def test_close_keeps_last_event_id_before_dropped_events() -> None:
    def until(_event: Event) -> bool:
        # Bytes have been read, and the events in them not yet been handed on.
        source.close()
        return False

    with SSEServer(three_and_silence) as server:
        source = EventSource(server.url, until=until, last_event_id="0")
        assert list(source) == []
        assert source.last_event_id == "0"
        until_all_gone(server)


def test_garbage_collected_source_closes_its_connection() -> None:
    with SSEServer(three_and_silence) as server:
        source = EventSource(server.url)
        assert next(source).data == "a"
        with pytest.warns(ResourceWarning, match=f"unclosed <EventSource {server.url}/ OPEN>"):
            del source
        until_all_gone(server)


def test_garbage_collected_source_without_connection_does_not_warn() -> None:
    with SSEServer(three_and_silence) as server:
        never_used = EventSource(server.url)
        closed = EventSource(server.url)
        assert next(closed).data == "a"
        closed.close()
        # Warnings are errors.
        del never_used, closed


def test_source_with_invalid_url_is_collected_silently() -> None:
    with pytest.raises(ValueError, match="url"):
        EventSource("invalid")


@pytest.mark.parametrize("busy", [False, True], ids=["between reads", "during a read"])
def test_second_close_of_an_exchange_does_nothing(busy: bool) -> None:
    calls: list[str] = []

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            calls.append(frame.f_code.co_qualname)

    with SSEServer(one_and_silence) as server:
        exchange = UrllibTransport().exchange(Request("GET", f"{server.url}/"), timeout=10.0)
        exchange.open()
        assert exchange.read(10.0)
        errors: list[Exception] = []

        def read() -> None:
            try:
                exchange.read(None)
            except ReadError as error:
                errors.append(error)

        thread = threading.Thread(target=read)
        if busy:
            thread.start()
            eventually(lambda: is_blocked_in(thread, UrllibExchange._read_raw), "the thread reads")
        exchange.close()
        sys.setprofile(count)
        exchange.close()
        sys.setprofile(None)
        if busy:
            thread.join()
        until_all_gone(server)
    assert calls == ["UrllibExchange.close", "SocketGuard.close"]
    assert len(errors) == busy
