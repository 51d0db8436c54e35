"""close() works from any thread, at any moment, and nothing stays open."""

from __future__ import annotations

import threading
from itertools import islice

import pytest

from sse_core import (
    Connecting,
    Disconnected,
    IllegalState,
    Opened,
    ReadyState,
    Response,
    StateChange,
    Waiting,
)
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.reading import Reading, close_while_busy
from tests.sse_transports.small_servers import SLOW, one_and_silence, three_and_silence, until_all_gone
from tests.sse_transports.waiting import DEADLINE, until_set

pytestmark = pytest.mark.usefixtures("every_client")

# From another thread.


def test_close_ends_a_wait_between_attempts() -> None:
    def one_and_end(call: Call) -> None:
        call.respond(body=b"data: a\n\n")

    with SSEServer(one_and_end) as server, Reading(EventSource(server.url, retry=SLOW)) as reading:
        reading.until_received("a")
        reading.until_it_sleeps()
        close_while_busy(reading)
        assert len(server.calls) == 1


def test_close_ends_a_pause() -> None:
    with SSEServer(one_and_silence) as server, Reading(EventSource(server.url)) as reading:
        reading.until_received("a")
        reading.source.pause()
        reading.until_it_sleeps()
        close_while_busy(reading)
        until_all_gone(server)


def test_many_threads_may_close_at_once() -> None:
    with SSEServer(one_and_silence) as server, Reading(EventSource(server.url)) as reading:
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


def test_close_in_the_loop_drops_buffered_events() -> None:
    with SSEServer(three_and_silence) as server:
        source = EventSource(server.url)
        seen = []
        for event in source:
            seen.append(event.data)
            source.close()
        assert seen == ["a"]
        # Resuming from this ID later brings the dropped events.
        assert source.last_event_id == "1"
        assert list(source) == []
        assert source.last_event_id == "1"
        until_all_gone(server)


def test_close_keeps_the_id_before_dropped_events() -> None:
    with SSEServer(three_and_silence) as server:
        source = EventSource(server.url)
        assert next(source).data == "a"
        closing = threading.Thread(target=source.close)
        closing.start()
        closing.join()
        assert next(source, None) is None
        assert source.last_event_id == "1"
        until_all_gone(server)


@pytest.mark.parametrize("kind", [Connecting, Opened, Disconnected, Waiting])
def test_close_in_on_state_ends_the_iteration(kind: type[StateChange]) -> None:
    def on_state(change: StateChange) -> None:
        if type(change) is kind:
            source.close()

    def one_and_end(call: Call) -> None:
        call.respond(body=b"data: a\n\n")

    with SSEServer(one_and_end) as server:
        source = EventSource(server.url, retry=SLOW, on_state=on_state)
        assert [event.data for event in source] == ([] if kind in (Connecting, Opened) else ["a"])
        assert source.ready_state is ReadyState.CLOSED
        assert len(server.calls) <= 1
        until_all_gone(server)


@pytest.mark.parametrize("hook_to_use", ["headers", "on_open", "on_error"])
def test_close_in_a_hook_ends_the_iteration(hook_to_use: str) -> None:
    def answer(call: Call) -> None:
        if hook_to_use == "on_error":
            call.respond(503, [])
        else:
            one_and_silence(call)

    def close_at(here: str) -> None:
        if here == hook_to_use:
            source.close()

    def headers() -> dict[str, str]:
        close_at("headers")
        return {}

    def on_open(_response: Response) -> None:
        close_at("on_open")

    def on_error(_error: Exception) -> None:
        close_at("on_error")

    with SSEServer(answer) as server:
        source = EventSource(server.url, retry=SLOW, headers=headers, on_open=on_open, on_error=on_error)
        assert list(source) == []
        assert source.ready_state is ReadyState.CLOSED
        until_all_gone(server)


def test_close_before_the_first_event_sends_nothing() -> None:
    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url)
        source.close()
        assert list(source) == []
        assert server.calls == []


def test_close_again_and_after_the_end_does_nothing() -> None:
    changes: list[StateChange] = []
    with SSEServer(lambda call: call.respond(204, [])) as server:
        source = EventSource(server.url, on_state=changes.append)
        assert list(source) == []
        seen_before = list(changes)
        source.close()
        source.close()
        assert list(source) == []
        assert changes == seen_before
        assert len(server.calls) == 1


@pytest.mark.parametrize("command", ["reconnect", "pause", "resume"])
def test_a_closed_source_stays_closed(command: str) -> None:
    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url)
        assert next(source).data == "a"
        source.close()
        getattr(source, command)()
        assert source.ready_state is ReadyState.CLOSED
        assert list(source) == []
        assert len(server.calls) == 1


# Leaving the loop or the context.


def test_leaving_the_context_closes() -> None:
    with SSEServer(three_and_silence) as server:
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

    with SSEServer(three_and_silence) as server:
        with pytest.raises(LookupError):
            work()
        until_all_gone(server)


def test_a_left_iteration_can_be_continued() -> None:
    with SSEServer(three_and_silence) as server, EventSource(server.url) as source:
        assert next(source).data == "a"
        assert source.ready_state is ReadyState.OPEN
        assert [event.data for event in islice(source, 2)] == ["b", "c"]
        assert len(server.calls) == 1


def test_a_second_concurrent_iteration_is_refused() -> None:
    may_continue = threading.Event()

    def two_events(call: Call) -> None:
        call.respond(body=b"data: a\n\n")
        until_set(may_continue, "the test lets the server continue")
        call.send(b"data: b\n\n")
        call.wait_until_gone()

    with SSEServer(two_events) as server, Reading(EventSource(server.url)) as reading:
        reading.until_received("a")
        reading.until_it_reads()
        with pytest.raises(IllegalState):
            next(reading.source)
        may_continue.set()
        reading.until_received("a", "b")
