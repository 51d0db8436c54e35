"""close() works from any thread, at any moment, and nothing stays open."""

from __future__ import annotations

import http.client
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from itertools import islice

import pytest

from sse_core import (
    Connecting,
    Disconnected,
    Event,
    IllegalState,
    Opened,
    ReadyState,
    Response,
    RetryPolicy,
    StateChange,
    Waiting,
)
from sse_transports import EventSource, UrllibTransport
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import Call, LocalServer
from tests.sse_transports.reading import Reading
from tests.sse_transports.waiting import DEADLINE, eventually, until_set

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


def until_all_gone(server: LocalServer) -> None:
    eventually(lambda: server.open_connections == 0, "the client closes its connections")


def close_and_look(reading: Reading) -> None:
    """Close from this thread while the other is busy; it ends as if the stream had."""
    reading.source.close()
    reading.until_ended()
    assert reading.error is None
    assert reading.source.ready_state is ReadyState.CLOSED
    assert list(reading.source) == []


# From another thread.


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_close_ends_a_read(encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    transport = UrllibTransport(context=client_tls)
    with LocalServer(one_and_silence, context=server_tls if encrypted else None) as server:
        with Reading(EventSource(server.url, transport=transport)) as reading:
            reading.until_received("a")
            reading.until_it_reads()
            close_and_look(reading)
        until_all_gone(server)


def test_close_ends_a_wait_between_attempts() -> None:
    def one(call: Call) -> None:
        call.respond(body=b"data: a\n\n")

    with LocalServer(one) as server, Reading(EventSource(server.url, retry=SLOW)) as reading:
        reading.until_received("a")
        reading.until_it_sleeps()
        close_and_look(reading)
        assert len(server.calls) == 1


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_close_ends_waiting_for_an_answer(
    encrypted: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    transport = UrllibTransport(context=client_tls)
    with LocalServer(silence, context=server_tls if encrypted else None) as server:
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

    with LocalServer(half_an_error) as server:
        with Reading(EventSource(server.url)) as reading:
            reading.until_blocked_in(EventSource._read_body)
            close_and_look(reading)
        until_all_gone(server)


def test_close_ends_a_pause() -> None:
    with LocalServer(one_and_silence) as server, Reading(EventSource(server.url)) as reading:
        reading.until_received("a")
        reading.source.pause()
        reading.until_it_sleeps()
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
    with LocalServer(silence) as server:
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


def test_many_threads_may_close_at_once() -> None:
    with LocalServer(one_and_silence) as server, Reading(EventSource(server.url)) as reading:
        reading.until_received("a")
        together = threading.Barrier(8)

        def close() -> None:
            together.wait(DEADLINE)
            reading.source.close()

        threads = [threading.Thread(target=close) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        reading.until_ended()
        assert reading.error is None
        until_all_gone(server)


# From the iterating thread.


def test_close_in_the_loop_drops_what_was_not_asked_for() -> None:
    with LocalServer(three_and_silence) as server:
        source = EventSource(server.url)
        seen = []
        for event in source:
            seen.append(event.data)
            source.close()
        assert seen == ["a"]
        # Whoever begins there another day gets the dropped events.
        assert source.last_event_id == "1"
        assert list(source) == []
        assert source.last_event_id == "1"
        until_all_gone(server)


def test_close_in_another_thread_leaves_the_last_event_id_before_dropped_events() -> None:
    with LocalServer(three_and_silence) as server:
        source = EventSource(server.url)
        assert next(source).data == "a"
        closing = threading.Thread(target=source.close)
        closing.start()
        closing.join()
        assert next(source, None) is None
        assert source.last_event_id == "1"
        until_all_gone(server)


def test_close_that_comes_together_with_events_leaves_the_last_event_id_before_them() -> None:
    def until(_event: Event) -> bool:
        # Bytes have been read, and the events in them not yet been handed on.
        source.close()
        return False

    with LocalServer(three_and_silence) as server:
        source = EventSource(server.url, until=until, last_event_id="0")
        assert list(source) == []
        assert source.last_event_id == "0"
        until_all_gone(server)


@pytest.mark.parametrize("kind", [Connecting, Opened, Disconnected, Waiting])
def test_close_in_on_state_ends_the_iteration(kind: type[StateChange]) -> None:
    def on_state(change: StateChange) -> None:
        if type(change) is kind:
            source.close()

    def one_and_end(call: Call) -> None:
        call.respond(body=b"data: a\n\n")

    with LocalServer(one_and_end) as server:
        source = EventSource(server.url, retry=SLOW, on_state=on_state)
        assert [event.data for event in source] == ([] if kind in (Connecting, Opened) else ["a"])
        assert source.ready_state is ReadyState.CLOSED
        assert len(server.calls) <= 1
        until_all_gone(server)


@pytest.mark.parametrize("place", ["headers", "on_open", "on_error", "until"])
def test_close_in_a_hook_ends_the_iteration(place: str) -> None:
    def answer(call: Call) -> None:
        if place == "on_error":
            call.respond(503, [])
        else:
            one_and_silence(call)

    def close_at(here: str) -> None:
        if here == place:
            source.close()

    def headers() -> dict[str, str]:
        close_at("headers")
        return {}

    def on_open(_response: Response) -> None:
        close_at("on_open")

    def on_error(_error: Exception) -> None:
        close_at("on_error")

    def until(_event: Event) -> bool:
        close_at("until")
        return False

    with LocalServer(answer) as server:
        source = EventSource(
            server.url, retry=SLOW, headers=headers, on_open=on_open, on_error=on_error, until=until
        )
        assert list(source) == []
        assert source.ready_state is ReadyState.CLOSED
        until_all_gone(server)


def test_close_before_the_first_event_prevents_the_request() -> None:
    with LocalServer(one_and_silence) as server:
        source = EventSource(server.url)
        source.close()
        assert list(source) == []
        assert server.calls == []


def test_close_again_and_after_the_end_does_nothing() -> None:
    changes: list[StateChange] = []
    with LocalServer(lambda call: call.respond(204, [])) as server:
        source = EventSource(server.url, on_state=changes.append)
        assert list(source) == []
        told = list(changes)
        source.close()
        source.close()
        assert list(source) == []
        assert changes == told
        assert len(server.calls) == 1


@pytest.mark.parametrize("command", ["reconnect", "pause", "resume"])
def test_a_closed_source_stays_closed(command: str) -> None:
    with LocalServer(one_and_silence) as server:
        source = EventSource(server.url)
        assert next(source).data == "a"
        source.close()
        getattr(source, command)()
        assert source.ready_state is ReadyState.CLOSED
        assert list(source) == []
        assert len(server.calls) == 1


# Iterations that are left.


def test_leaving_the_context_closes() -> None:
    with LocalServer(three_and_silence) as server:
        with EventSource(server.url) as source:
            for event in source:
                if event.data == "b":
                    break
        assert source.ready_state is ReadyState.CLOSED
        assert source.last_event_id == "2"
        until_all_gone(server)


def test_leaving_the_context_with_an_error_closes() -> None:
    def work() -> None:
        with EventSource(server.url) as source:
            next(source)
            raise LookupError

    with LocalServer(three_and_silence) as server:
        with pytest.raises(LookupError):
            work()
        until_all_gone(server)


def test_an_iteration_that_was_left_can_be_gone_on_with() -> None:
    with LocalServer(three_and_silence) as server, EventSource(server.url) as source:
        assert next(source).data == "a"
        assert source.ready_state is ReadyState.OPEN
        assert [event.data for event in islice(source, 2)] == ["b", "c"]
        assert len(server.calls) == 1


def test_a_second_iteration_at_the_same_time_is_refused_and_harms_nothing() -> None:
    go_on = threading.Event()

    def two(call: Call) -> None:
        call.respond(body=b"data: a\n\n")
        until_set(go_on, "the test lets the server go on")
        call.send(b"data: b\n\n")
        call.wait_until_gone()

    with LocalServer(two) as server, Reading(EventSource(server.url)) as reading:
        reading.until_received("a")
        reading.until_it_reads()
        with pytest.raises(IllegalState):
            next(reading.source)
        go_on.set()
        reading.until_received("a", "b")


def test_an_abandoned_source_leaves_no_connection() -> None:
    with LocalServer(three_and_silence) as server:
        source = EventSource(server.url)
        assert next(source).data == "a"
        del source
        until_all_gone(server)


def test_a_source_that_could_not_be_made_is_abandoned_in_silence() -> None:
    with pytest.raises(ValueError, match="url"):
        EventSource("nonsense")
