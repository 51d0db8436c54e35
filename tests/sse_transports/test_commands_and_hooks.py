"""Commands that come at the worst moment, and hooks that fail then: no command and no event is lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import pytest

from sse_core import Closed, Event, Paused, ReadyState, StateChange
from sse_transports import EventSource
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.waiting import eventually, is_blocked_in, until_set


def two_and_silence(call: Call) -> None:
    start = int(call.headers.get("last-event-id", b"0"))
    call.respond(body=b"".join(b"id: %d\ndata: %d\n\n" % (n, n) for n in (start + 1, start + 2)))
    call.wait_until_gone()


def two_and_then_one(call: Call) -> None:
    """Send two events together; send a third, which is not buffered with them, after `send_third`."""
    call.respond(body=b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n")
    eventually(lambda: call.path == "/third", "the test asks for the third event")
    call.send(b"id: 3\ndata: 3\n\n")
    call.wait_until_gone()


def send_third(server: SSEServer) -> None:
    server.calls[0].path = "/third"


def test_resume_while_pausing_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    close = UrllibExchange.close

    def close_and_resume(exchange: UrllibExchange) -> None:
        close(exchange)
        source.resume()

    with SSEServer(two_and_silence) as server, EventSource(server.url) as source:
        assert [next(source).data, next(source).data] == ["1", "2"]
        with monkeypatch.context() as patch:
            patch.setattr(UrllibExchange, "close", close_and_resume)
            source.pause()
        assert next(source).data == "3"


def test_a_source_that_is_closing_is_never_seen_open(monkeypatch: pytest.MonkeyPatch) -> None:
    close = UrllibExchange.close
    seen: list[ReadyState] = []

    def look_and_close(exchange: UrllibExchange) -> None:
        seen.append(source.ready_state)
        close(exchange)

    with SSEServer(two_and_silence) as server, EventSource(server.url) as source:
        next(source)
        with monkeypatch.context() as patch:
            patch.setattr(UrllibExchange, "close", look_and_close)
            source.close()
    assert set(seen) == {ReadyState.CLOSED}


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_an_interrupted_wait_for_a_lock_is_harmless() -> None:
    """Another thread applies `pause` and holds the loop's lock, because its hook has not returned yet."""
    pausing, may_return = threading.Event(), threading.Event()

    def on_state(change: StateChange) -> None:
        if isinstance(change, Paused):
            pausing.set()
            until_set(may_return, "the test lets the hook return")

    def interrupt() -> None:
        here = threading.main_thread()
        eventually(lambda: is_blocked_in(here, EventSource.__next__), "the main thread waits for the lock")
        signal.pthread_kill(here.ident or 0, signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with SSEServer(two_and_silence) as server, EventSource(server.url, on_state=on_state) as source:
        assert [next(source).data, next(source).data] == ["1", "2"]
        threads = [threading.Thread(target=source.pause), threading.Thread(target=interrupt)]
        threads[0].start()
        until_set(pausing, "the other thread pauses the source")
        threads[1].start()
        try:
            with pytest.raises(KeyboardInterrupt):
                next(source)
        finally:
            may_return.set()
            for thread in threads:
                thread.join()
            signal.signal(signal.SIGINT, before)
        source.resume()
        assert next(source).data == "3"


@pytest.mark.parametrize("command", ["pause", "close"])
def test_a_failing_hook_does_not_lose_the_returned_event(command: str) -> None:
    def on_state(change: StateChange) -> None:
        if type(change) in {Paused, Closed}:
            raise RuntimeError("a hook failed")

    with SSEServer(two_and_then_one) as server:
        source = EventSource(server.url, on_state=on_state)
        assert [next(source).data, next(source).data] == ["1", "2"]
        send_third(server)
        # A private method, because nothing public runs at this moment: the loop has found an event, and
        # `__next__` has not returned it yet.
        find_event = source._next

        def find_event_and_command(take: Callable[[], Event | None]) -> Event:
            event = find_event(take)
            # In another thread, which cannot get the loop's lock and leaves the command to this one.
            commanding = threading.Thread(target=getattr(source, command))
            commanding.start()
            commanding.join()
            return event

        source._next = find_event_and_command  # type: ignore[method-assign, assignment]
        assert next(source).data == "3"
        source._next = find_event  # type: ignore[method-assign]
        with pytest.raises(RuntimeError, match="a hook failed"):
            next(source)
        assert source.ready_state is ReadyState.CLOSED
        assert source.last_event_id == "3"
