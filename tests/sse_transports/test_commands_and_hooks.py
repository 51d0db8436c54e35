"""What callers and hooks do at the worst moment: no wish is lost, and no event."""

from __future__ import annotations

import threading

import pytest

from sse_core import Closed, Paused, ReadyState, StateChange
from sse_transports import EventSource
from sse_transports._urllib import UrllibExchange
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.waiting import eventually


def two_and_silence(call: Call) -> None:
    start = int(call.headers.get("last-event-id", b"0"))
    call.respond(body=b"".join(b"id: %d\ndata: %d\n\n" % (n, n) for n in (start + 1, start + 2)))
    call.wait_until_gone()


def two_and_then_one(call: Call) -> None:
    """What comes alone is not at hand when it is asked for: it takes a turn to get it."""
    call.respond(body=b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n")
    eventually(lambda: call.path == "/go on", "the test lets the server go on")
    call.send(b"id: 3\ndata: 3\n\n")
    call.wait_until_gone()


def go_on(server: SSEServer) -> None:
    server.calls[0].path = "/go on"


def test_a_resume_that_comes_while_a_pause_is_carried_out_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    close = UrllibExchange.close

    def resume_meanwhile(exchange: UrllibExchange) -> None:
        close(exchange)
        source.resume()

    with SSEServer(two_and_silence) as server, EventSource(server.url) as source:
        assert [next(source).data, next(source).data] == ["1", "2"]
        with monkeypatch.context() as patch:
            patch.setattr(UrllibExchange, "close", resume_meanwhile)
            source.pause()
        assert next(source).data == "3"


def test_a_source_that_is_being_closed_is_never_seen_open_again(monkeypatch: pytest.MonkeyPatch) -> None:
    close = UrllibExchange.close
    seen: list[ReadyState] = []

    def look(exchange: UrllibExchange) -> None:
        seen.append(source.ready_state)
        close(exchange)

    with SSEServer(two_and_silence) as server, EventSource(server.url) as source:
        next(source)
        with monkeypatch.context() as patch:
            patch.setattr(UrllibExchange, "close", look)
            source.close()
    assert set(seen) == {ReadyState.CLOSED}


def test_an_interrupt_while_another_thread_has_the_turn_leaves_the_source_usable() -> None:
    class Interrupted:
        """A lock whose waiting is interrupted, once."""

        def __init__(self, lock: threading.Lock) -> None:
            self.lock = lock

        def __enter__(self) -> None:
            source._loop_lock = self.lock
            raise KeyboardInterrupt

        def __exit__(self, *error: object) -> None:
            return None

    with SSEServer(two_and_then_one) as server, EventSource(server.url) as source:
        assert [next(source).data, next(source).data] == ["1", "2"]
        source._loop_lock = Interrupted(source._loop_lock)  # type: ignore[assignment]
        with pytest.raises(KeyboardInterrupt):
            next(source)
        go_on(server)
        assert next(source).data == "3"


@pytest.mark.parametrize("command", ["pause", "close"])
def test_a_hook_that_fails_while_an_event_is_on_its_way_out_does_not_take_it_along(command: str) -> None:
    def on_state(change: StateChange) -> None:
        if type(change) in {Paused, Closed}:
            raise RuntimeError("a hook failed")

    with SSEServer(two_and_then_one) as server:
        source = EventSource(server.url, on_state=on_state)
        assert [next(source).data, next(source).data] == ["1", "2"]
        go_on(server)
        take = source._next

        def told_meanwhile() -> object:
            event = take()
            # In another thread, as it would be; it cannot have the turn, and leaves the wish.
            teller = threading.Thread(target=getattr(source, command))
            teller.start()
            teller.join()
            return event

        source._next = told_meanwhile  # type: ignore[method-assign, assignment]
        assert next(source).data == "3"
        source._next = take  # type: ignore[method-assign]
        with pytest.raises(RuntimeError, match="a hook failed"):
            next(source)
        assert source.ready_state is ReadyState.CLOSED
        assert source.last_event_id == "3"
