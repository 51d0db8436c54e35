"""close() of the blocking client over urllib: every call of the standard library that can wait is woken."""

from __future__ import annotations

import http.client
import socket
import ssl
import sys
import threading
from collections.abc import Callable

import pytest

from sse_core import (
    Event,
    ReadyState,
    RetryPolicy,
)
from sse_transports import EventSource, UrllibTransport
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.reading import Reading
from tests.sse_transports.waiting import eventually

SLOW = RetryPolicy(initial_delay=1000.0, max_delay=1000.0)
QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0)
THREE = b"id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n"


def one_and_silence(call: Call) -> None:
    call.respond(body=b"id: 1\ndata: a\n\n")
    call.wait_until_gone()


def three_and_silence(call: Call) -> None:
    call.respond(body=THREE)
    call.wait_until_gone()


def silence(call: Call) -> None:
    call.wait_until_gone()


def until_all_gone(server: SSEServer) -> None:
    eventually(lambda: server.open_connections == 0, "the client closes its connections")


def close_and_look(reading: Reading) -> None:
    """Close from this thread while the other is busy; it ends as if the stream had."""
    reading.source.close()
    reading.until_ended()
    assert reading.error is None
    assert reading.source.ready_state is ReadyState.CLOSED
    assert list(reading.source) == []


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_close_ends_a_read(encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(one_and_silence, context=server_tls if encrypted else None) as server:
        with Reading(EventSource(server.url, transport=transport)) as reading:
            reading.until_received("a")
            reading.until_it_reads()
            close_and_look(reading)
        until_all_gone(server)


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_close_ends_waiting_for_an_answer(
    encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    transport = UrllibTransport(context=client_tls)
    with SSEServer(silence, context=server_tls if encrypted else None) as server:
        with Reading(EventSource(server.url, transport=transport, timeout=None)) as reading:
            eventually(lambda: len(server.calls) == 1, "the request arrives")
            reading.until_blocked_in(http.client.HTTPConnection.getresponse)
            close_and_look(reading)
        until_all_gone(server)


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue answers elsewhere")
def test_close_ends_a_connect_that_nobody_answers(unanswered: int) -> None:
    source = EventSource(f"http://127.0.0.1:{unanswered}", timeout=None)
    with Reading(source) as reading:
        reading.until_blocked_in(UrllibExchange.connect)
        close_and_look(reading)


def test_close_ends_a_tls_handshake_that_nobody_answers(deaf: int) -> None:
    with Reading(EventSource(f"https://127.0.0.1:{deaf}", timeout=None)) as reading:
        reading.until_blocked_in(ssl.SSLSocket.do_handshake)
        close_and_look(reading)


def test_close_ends_sending_a_body_that_nobody_reads(deaf: int) -> None:
    source = EventSource(f"http://127.0.0.1:{deaf}", method="POST", content=bytes(50_000_000), timeout=None)
    with Reading(source) as reading:
        reading.until_blocked_in(http.client.HTTPConnection.send)
        close_and_look(reading)


def test_close_ends_waiting_for_the_text_of_an_error() -> None:
    def half_an_error(call: Call) -> None:
        call.send(b"HTTP/1.1 400 Bad\r\nContent-Length: 100\r\n\r\nbecause")
        call.wait_until_gone()

    with SSEServer(half_an_error) as server:
        with Reading(EventSource(server.url)) as reading:
            reading.until_blocked_in(EventSource._read_body)
            close_and_look(reading)
        until_all_gone(server)


def close_before_connecting(source: EventSource[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make another thread's `close` come at the worst moment: between making a socket and connecting it."""
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


def test_close_just_before_the_socket_connects_prevents_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with SSEServer(silence) as server:
        source = EventSource(server.url, timeout=None)
        close_before_connecting(source, monkeypatch)
        assert list(source) == []
        assert server.calls == []


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue answers elsewhere")
@pytest.mark.timeout(20)
def test_close_just_before_the_socket_connects_ends_an_unanswered_connect(
    unanswered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = EventSource(f"http://127.0.0.1:{unanswered}", timeout=None)
    close_before_connecting(source, monkeypatch)
    assert list(source) == []


def test_close_that_comes_together_with_events_leaves_the_last_event_id_before_them() -> None:
    def until(_event: Event) -> bool:
        # Bytes have been read, and the events in them not yet been handed on.
        source.close()
        return False

    with SSEServer(three_and_silence) as server:
        source = EventSource(server.url, until=until, last_event_id="0")
        assert list(source) == []
        assert source.last_event_id == "0"
        until_all_gone(server)


def test_an_abandoned_source_leaves_no_connection() -> None:
    with SSEServer(three_and_silence) as server:
        source = EventSource(server.url)
        assert next(source).data == "a"
        del source
        until_all_gone(server)


def test_a_source_that_could_not_be_made_is_abandoned_in_silence() -> None:
    with pytest.raises(ValueError, match="url"):
        EventSource("nonsense")
