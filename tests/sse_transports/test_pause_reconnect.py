"""pause(), resume() and reconnect(), from any thread: no event is lost, none comes twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from itertools import count, islice

import pytest

from sse_core import (
    Closed,
    Connecting,
    Disconnected,
    Event,
    Opened,
    Paused,
    ReadyState,
    StateChange,
    Waiting,
)
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.reading import Reading
from tests.sse_transports.small_servers import SLOW, until_all_gone
from tests.sse_transports.waiting import eventually, until_set

pytestmark = pytest.mark.usefixtures("every_client")

EVENTS = [b"id: %d\ndata: %d\n\n" % (number, number) for number in range(1, 7)]


def after_the_last(call: Call) -> int:
    """Return the index in `EVENTS` at which a resumed stream begins."""
    return int(call.headers.get("last-event-id", b"0"))


def three_at_once(call: Call) -> None:
    """Send three events, and half of the next."""
    start = after_the_last(call)
    call.respond(body=b"".join(EVENTS[start : start + 3]) + b"data: half")
    call.wait_until_gone()


def one_at_a_time(call: Call) -> None:
    start = after_the_last(call)
    call.respond(body=EVENTS[start])
    call.wait_until_gone()


def ids_sent(server: SSEServer) -> list[bytes | None]:
    return [call.headers.get("last-event-id") for call in server.calls]


def data(source: EventSource[Event], number: int) -> list[str]:
    return [event.data for event in islice(source, number)]


def kinds(changes: list[StateChange]) -> list[type[StateChange]]:
    return [type(change) for change in changes]


def test_pause_drops_the_connection_until_resume() -> None:
    changes: list[StateChange] = []
    with SSEServer(one_at_a_time) as server:
        source = EventSource(server.url, on_state=changes.append)
        with Reading(source) as reading:
            reading.until_received("1")
            reading.until_it_reads()
            states = [source.ready_state]
            source.pause()
            until_all_gone(server)
            reading.until_it_sleeps()
            states.append(source.ready_state)
            assert ids_sent(server) == [None]
            source.resume()
            reading.until_received("1", "2")
            states.append(source.ready_state)
            assert states == [ReadyState.OPEN, ReadyState.CONNECTING, ReadyState.OPEN]
            assert ids_sent(server) == [None, b"1"]
    assert kinds(changes) == [Connecting, Opened, Paused, Connecting, Opened, Closed]


def test_pause_in_the_loop_keeps_buffered_events() -> None:
    with SSEServer(three_at_once) as server, EventSource(server.url) as source:
        assert data(source, 1) == ["1"]
        source.pause()
        until_all_gone(server)
        assert source.ready_state is ReadyState.CONNECTING
        assert data(source, 2) == ["2", "3"]
        with Reading(source) as reading:
            reading.until_it_sleeps()
            assert ids_sent(server) == [None]
            source.resume()
            reading.until_received("4", "5", "6")
            assert ids_sent(server) == [None, b"3"]


def test_resume_in_the_loop_keeps_buffered_events() -> None:
    with SSEServer(three_at_once) as server, EventSource(server.url) as source:
        assert data(source, 1) == ["1"]
        source.pause()
        source.resume()
        assert data(source, 5) == ["2", "3", "4", "5", "6"]
        assert ids_sent(server) == [None, b"3"]


def test_a_pause_inside_an_event_repeats_all_of_it() -> None:
    halves = [b"data: 2", b"id: 2\ndata: 2\n\n"]

    def half_then_whole(call: Call) -> None:
        call.respond(body=(EVENTS[0] if call.number == 0 else b"") + halves[call.number])
        call.wait_until_gone()

    with SSEServer(half_then_whole) as server, EventSource(server.url) as source:
        assert data(source, 1) == ["1"]
        source.pause()
        source.resume()
        assert data(source, 1) == ["2"]
        assert ids_sent(server) == [None, b"1"]


def test_pause_before_the_first_event_sends_nothing() -> None:
    with SSEServer(one_at_a_time) as server:
        source = EventSource(server.url)
        source.pause()
        assert source.ready_state is ReadyState.CONNECTING
        with Reading(source) as reading:
            reading.until_it_sleeps()
            assert server.calls == []
            source.resume()
            reading.until_received("1")


def test_pause_ends_a_wait_for_good() -> None:
    changes: list[StateChange] = []

    def busy_at_first(call: Call) -> None:
        if call.number == 0:
            call.respond(503, [])
        else:
            one_at_a_time(call)

    with SSEServer(busy_at_first) as server:
        source = EventSource(server.url, retry=SLOW, on_state=changes.append)
        with Reading(source) as reading:
            eventually(lambda: Waiting in kinds(changes), "the source waits")
            source.pause()
            eventually(lambda: Paused in kinds(changes), "the source is paused")
            source.resume()
            reading.until_received("1")
    assert kinds(changes) == [Connecting, Disconnected, Waiting, Paused, Connecting, Opened, Closed]


def test_pause_ends_waiting_for_response_headers() -> None:
    def silent_at_first(call: Call) -> None:
        if call.number == 0:
            call.wait_until_gone()
        else:
            one_at_a_time(call)

    changes: list[StateChange] = []
    with SSEServer(silent_at_first) as server:
        source = EventSource(server.url, retry=None, on_state=changes.append)
        with Reading(source) as reading:
            eventually(lambda: len(server.calls) == 1, "the request arrives")
            source.pause()
            until_all_gone(server)
            source.resume()
            reading.until_received("1")
            assert reading.error is None
    # A connection that was dropped on purpose did not fail.
    assert kinds(changes) in (
        [Connecting, Paused, Connecting, Opened, Closed],
        # Resumed before the loop applied the pause.
        [Connecting, Connecting, Opened, Closed],
    )


def test_pause_in_on_state_pauses() -> None:
    changes: list[StateChange] = []

    def on_state(change: StateChange) -> None:
        changes.append(change)
        if kinds(changes) == [Connecting, Opened]:
            source.pause()

    with SSEServer(three_at_once) as server:
        source = EventSource(server.url, on_state=on_state)
        with Reading(source) as reading:
            eventually(lambda: Paused in kinds(changes), "the source is paused")
            until_all_gone(server)
            source.resume()
            eventually(lambda: len(reading.events) == 3, "the events arrive")
            assert reading.data == ["1", "2", "3"]


def test_reconnect_skips_a_wait() -> None:
    def one_and_end(call: Call) -> None:
        call.respond(body=EVENTS[after_the_last(call)])

    with SSEServer(one_and_end) as server, Reading(EventSource(server.url, retry=SLOW)) as reading:
        reading.until_received("1")
        reading.until_it_sleeps()
        reading.source.reconnect()
        reading.until_received("1", "2")
        assert ids_sent(server) == [None, b"1"]


def one_chunk_at_a_time(call: Call) -> None:
    call.respond(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])
    call.chunk(EVENTS[after_the_last(call)])
    call.wait_until_gone()


@pytest.mark.parametrize("handler", [one_at_a_time, one_chunk_at_a_time], ids=["whole", "chunked"])
def test_reconnect_replaces_the_open_connection(handler: Callable[[Call], None]) -> None:
    changes: list[StateChange] = []
    with SSEServer(handler) as server:
        source = EventSource(server.url, retry=None, on_state=changes.append)
        with Reading(source) as reading:
            reading.until_received("1")
            reading.until_it_reads()
            source.reconnect()
            reading.until_received("1", "2")
            eventually(lambda: server.open_connections == 1, "the first connection is dropped")
            assert ids_sent(server) == [None, b"1"]
    # A connection that was dropped on purpose did not fail.
    assert kinds(changes) == [Connecting, Opened, Connecting, Opened, Closed]


def test_reconnect_in_the_loop_keeps_buffered_events() -> None:
    with SSEServer(three_at_once) as server, EventSource(server.url) as source:
        assert data(source, 1) == ["1"]
        source.reconnect()
        until_all_gone(server)
        assert source.ready_state is ReadyState.CONNECTING
        assert data(source, 5) == ["2", "3", "4", "5", "6"]
        assert ids_sent(server) == [None, b"3"]


def test_reconnect_ends_waiting_for_response_headers() -> None:
    def silent_at_first(call: Call) -> None:
        if call.number == 0:
            call.wait_until_gone()
        else:
            one_at_a_time(call)

    with SSEServer(silent_at_first) as server, Reading(EventSource(server.url, retry=None)) as reading:
        eventually(lambda: len(server.calls) == 1, "the request arrives")
        reading.source.reconnect()
        reading.until_received("1")
        assert len(server.calls) == 2


def test_reconnect_ends_a_pause() -> None:
    with SSEServer(one_at_a_time) as server, EventSource(server.url) as source:
        source.pause()
        source.reconnect()
        assert data(source, 1) == ["1"]


def test_reconnect_before_the_first_event_connects_once() -> None:
    with SSEServer(one_at_a_time) as server, EventSource(server.url) as source:
        source.reconnect()
        assert data(source, 1) == ["1"]
        assert len(server.calls) == 1


def test_reconnect_sends_a_post_again() -> None:
    with SSEServer(one_at_a_time) as server:
        with EventSource(server.url, method="POST", json=["ask"]) as source:
            assert data(source, 1) == ["1"]
            source.reconnect()
            assert data(source, 1) == ["2"]
        assert [call.body for call in server.calls] == [b'["ask"]'] * 2
        assert ids_sent(server) == [None, b"1"]


def test_resume_without_a_pause_changes_nothing() -> None:
    may_continue = threading.Event()

    def one_by_one(call: Call) -> None:
        call.respond(body=EVENTS[0])
        until_set(may_continue, "the test lets the server continue")
        call.send(EVENTS[1])
        call.wait_until_gone()

    with SSEServer(one_by_one) as server, Reading(EventSource(server.url)) as reading:
        reading.source.resume()
        reading.until_received("1")
        reading.until_it_reads()
        reading.source.resume()
        may_continue.set()
        reading.until_received("1", "2")
        assert len(server.calls) == 1


def test_pause_twice_is_one_pause() -> None:
    changes: list[StateChange] = []
    with SSEServer(one_at_a_time) as server:
        with EventSource(server.url, on_state=changes.append) as source:
            assert data(source, 1) == ["1"]
            source.pause()
            source.pause()
            source.resume()
            source.resume()
            assert data(source, 1) == ["2"]
        assert kinds(changes) == [Connecting, Opened, Paused, Connecting, Opened, Closed]
        assert len(server.calls) == 2


def test_commands_after_the_end_do_nothing() -> None:
    with SSEServer(lambda call: call.respond(204, [])) as server:
        source = EventSource(server.url)
        assert list(source) == []
        for command in (source.pause, source.resume, source.reconnect):
            command()
            assert source.ready_state is ReadyState.CLOSED
            assert list(source) == []
        assert len(server.calls) == 1


@pytest.mark.parametrize("command", ["pause", "reconnect"])
def test_a_command_while_events_arrive_drops_none(command: str) -> None:
    def until(event: Event) -> bool:
        # Bytes have been read, and the events in them are not buffered yet.
        if event.data == "2":
            getattr(source, command)()
            source.resume()
        return False

    with SSEServer(three_at_once) as server, EventSource(server.url, until=until) as source:
        assert data(source, 3) == ["1", "2", "3"]
        assert data(source, 3) == ["4", "5", "6"]
        assert ids_sent(server) == [None, b"3"]


@pytest.mark.parametrize("seed", range(3))
def test_commands_from_threads_lose_and_repeat_nothing(seed: int) -> None:
    def numbered(call: Call) -> None:
        call.respond()
        for number in count(after_the_last(call) + 1):
            if done.is_set():
                break
            call.send(b"id: %d\ndata: %d\n\n" % (number, number))
        call.send(b"data: end\n\n")
        call.wait_until_gone()

    def disturb(chance: random.Random) -> None:
        for _ in range(60):
            chance.choice([source.pause, source.reconnect, source.resume, source.resume])()
            done.wait(chance.random() * 0.003)
            source.resume()

    done = threading.Event()
    with SSEServer(numbered) as server:
        # Reconnecting on purpose needs no retry policy.
        source = EventSource(server.url, until="end", retry=None)
        with Reading(source) as reading:
            threads = [
                threading.Thread(target=disturb, args=(random.Random(f"{seed} {index}"),))
                for index in range(2)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            done.set()
            reading.until_ended()
        numbers = [int(event.data) for event in reading.events]
        print(f"{len(numbers)} events over {len(server.calls)} connections")
        assert reading.error is None
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(server.calls) > 1
        until_all_gone(server)
