"""A program that is interrupted at any moment leaves no connection open."""

from __future__ import annotations

import http.client
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sse_core import IllegalState, ReadyState, RetryPolicy
from sse_transports import EventSource
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.waiting import eventually, is_blocked_in

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")

SLOW = RetryPolicy(initial_delay=1000.0, max_delay=1000.0)


@pytest.fixture(autouse=True)
def sigint_raises() -> Iterator[None]:
    """Install the default handler: a shell makes its background jobs ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def signalled_in(function: Callable[..., object], number: signal.Signals) -> Iterator[None]:
    """Send a signal to this thread, the main one, as soon as its iteration waits in `function`."""
    here = threading.main_thread()

    def is_there() -> bool:
        # Only inside an iteration: starting a thread blocks for a moment too.
        return is_blocked_in(here, EventSource._iterate, function)

    def send() -> None:
        eventually(is_there, f"the main thread waits in {function.__qualname__}")
        signal.pthread_kill(here.ident or 0, number)

    thread = threading.Thread(target=send)
    thread.start()
    yield
    thread.join()


def respond(call: Call) -> None:
    if call.path == "/read":
        call.respond(body=b"id: 1\ndata: a\n\n")
    if call.path == "/wait":
        call.respond(503, [])
        return
    call.wait_until_gone()


while_busy = pytest.mark.parametrize(
    ("path", "function"),
    [
        ("/read", UrllibExchange._read_raw),
        ("/connect", http.client.HTTPConnection.getresponse),
        ("/wait", EventSource._sleep_unless_commanded),
    ],
    ids=["while reading", "while waiting for the headers", "while waiting for the next attempt"],
)


@while_busy
def test_an_interrupt_closes_the_connection(path: str, function: Callable[..., object]) -> None:
    with SSEServer(respond) as server:
        source = EventSource(server.url + path, retry=SLOW)
        with signalled_in(function, signal.SIGINT), pytest.raises(KeyboardInterrupt):
            list(source)
        eventually(lambda: server.open_connections == 0, "the client closes its connection")
        assert source.ready_state is ReadyState.CLOSED
        # Continuing must not look like the end of the stream.
        with pytest.raises(IllegalState, match="interrupted"):
            list(source)
        source.close()
        assert list(source) == []


@while_busy
def test_a_signal_handler_may_close_the_source(path: str, function: Callable[..., object]) -> None:
    with SSEServer(respond) as server:
        source = EventSource(server.url + path, retry=SLOW)
        before = signal.signal(signal.SIGUSR1, lambda _number, _frame: source.close())
        try:
            if path == "/read":
                assert next(source).data == "a"
            with signalled_in(function, signal.SIGUSR1):
                assert list(source) == []
        finally:
            signal.signal(signal.SIGUSR1, before)
        eventually(lambda: server.open_connections == 0, "the client closes its connection")
        assert source.ready_state is ReadyState.CLOSED


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")
def test_an_interrupt_closes_a_connecting_socket(unanswered: int) -> None:
    source = EventSource(f"http://127.0.0.1:{unanswered}", timeout=None)
    with signalled_in(UrllibExchange.connect, signal.SIGINT), pytest.raises(KeyboardInterrupt):
        list(source)
    assert source.ready_state is ReadyState.CLOSED


def test_an_interrupt_in_the_loop_keeps_buffered_events() -> None:
    def two_and_silence(call: Call) -> None:
        call.respond(body=b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n")
        call.wait_until_gone()

    with SSEServer(two_and_silence) as server:
        with EventSource(server.url) as source:
            first = next(source)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            second = next(source)
        assert [first.data, second.data] == ["a", "b"]


def test_close_in_a_signal_handler_ends_a_starting_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler, for SIGTERM for instance, runs in the waiting thread, also just before it waits."""

    class Wakeup(queue.SimpleQueue[None]):
        def get(self, block: bool = True, timeout: float | None = None) -> None:
            signal.raise_signal(signal.SIGTERM)
            super().get(block, timeout)

    monkeypatch.setattr(queue, "SimpleQueue", Wakeup)

    with SSEServer(lambda call: call.respond(503, [])) as server:
        source = EventSource(server.url, retry=SLOW)
        before = signal.signal(signal.SIGTERM, lambda *_: source.close())
        try:
            assert list(source) == []
        finally:
            signal.signal(signal.SIGTERM, before)
        assert source.ready_state is ReadyState.CLOSED
