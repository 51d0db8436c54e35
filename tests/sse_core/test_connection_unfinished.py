"""Streams that end inside an event: `until` without its blank line, `at_end`, and ends without progress."""

from __future__ import annotations

from typing import Any

import pytest

from sse_core import (
    Closed,
    Connection,
    Decide,
    Deliver,
    Event,
    IllegalState,
    IncompleteStream,
    RetriesExhausted,
    RetryPolicy,
    State,
    Stop,
    Wait,
)
from tests.sse_core.driving import (
    ONE_EVENT,
    URL,
    connected,
    ended,
    lost,
    opened,
    received,
    state_of,
    stopped,
    waited,
)

A = Event("a")
HALF = b"id: 8\ndata: half\n"


# `until`.


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "last",
    [b"data: [DONE]", b"data: [DONE]\n", b"data:[DONE]\r\n", b"data: [DONE]\r", b"data: [DONE]\n: bye"],
)
def test_until_needs_no_blank_line_at_a_clean_end(method: str, last: bytes) -> None:
    connection = opened(Connection(URL, method=method, until="[DONE]"))
    assert received(connection, ONE_EVENT + b"id: 9\n" + last).events == [A]
    assert connection.end() == Stop(None)
    assert (state_of(connection), connection.error) == (State.CLOSED, None)
    # As if the blank line had come.
    assert connection.last_event_id == "9"
    assert type(connection.changes()[-1]) is Closed


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_until_as_a_function_gets_whole_events_only(method: str) -> None:
    # Half an event may look like the last one, and may be no JSON.
    def is_last(event: Event) -> bool:
        return bool(event.json() == "done")

    connection = opened(Connection(URL, method=method, until=is_last))
    received(connection, b'data: 1\n\ndata: "don')
    step = connection.end()
    assert isinstance(step, Decide)
    assert isinstance(step.cause, IncompleteStream)
    following = connection.decide(monotonic=0.0, random=0.0)
    assert isinstance(following, Stop if method == "POST" else Wait)


@pytest.mark.parametrize("rest", [b"data: [DONE", b"data: [DONE]\ndata:", b"id: [DONE]\n", b": [DONE]", b""])
def test_another_pending_event_is_not_until(rest: bytes) -> None:
    connection = opened(Connection(URL, method="POST", until="[DONE]"))
    received(connection, b"id: 7\n" + ONE_EVENT + rest)
    assert isinstance(stopped(ended(connection)), IncompleteStream)
    assert connection.last_event_id == "7"


@pytest.mark.parametrize("at_end", [None, "drop"])
def test_until_without_its_blank_line_does_not_count_if_lost(at_end: Any) -> None:
    connection = opened(Connection(URL, method="POST", until="[DONE]", at_end=at_end))
    received(connection, b"data: [DONE]\n")
    assert isinstance(stopped(lost(connection)), IncompleteStream)


# `at_end`.


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_at_end_can_raise_whatever_the_method(method: str) -> None:
    connection = opened(Connection(URL, method=method, at_end="raise"))
    received(connection, b"id: 7\n" + ONE_EVENT + HALF)
    error = stopped(ended(connection))
    assert isinstance(error, IncompleteStream)
    assert (error.pending, error.last_event_id, error.text) == (len(HALF), "7", HALF.decode())


@pytest.mark.parametrize(("method", "step"), [("GET", Wait(1.0)), ("POST", Stop(None))])
def test_at_end_can_drop_whatever_the_method(method: str, step: object) -> None:
    connection = opened(Connection(URL, method=method, at_end="drop"))
    received(connection, b"id: 7\n" + ONE_EVENT + HALF)
    assert ended(connection) == step
    assert connection.last_event_id == "7"
    # Not in silence.
    assert len(HALF) in [change.pending for change in connection.changes()]


@pytest.mark.parametrize(("method", "step"), [("GET", Wait(1.0)), ("POST", Stop(None))])
@pytest.mark.parametrize("half", [HALF, HALF[:-1], HALF.replace(b"\n", b"\r\n")])
def test_at_end_can_dispatch_whatever_the_method(method: str, step: object, half: bytes) -> None:
    connection = opened(Connection(URL, method=method, at_end="dispatch"))
    received(connection, b"id: 7\n" + ONE_EVENT + half)
    assert connection.end() == Deliver([Event("half", id="8")], Decide(None))
    assert connection.decide(monotonic=0.0, random=0.0) == step
    assert connection.last_event_id == "8"
    assert [change.pending for change in connection.changes()] == [0] * 4
    assert connection._events_received == 2


def test_a_dispatched_event_is_progress() -> None:
    connection = Connection(URL, at_end="dispatch", retry=RetryPolicy(max_attempts=1))
    for _ in range(5):
        opened(connection)
        received(connection, HALF)
        assert isinstance(connection.end(), Deliver)
        assert connection.decide(monotonic=0.0, random=0.0) == Wait(1.0)


def test_dispatching_without_data_delivers_nothing() -> None:
    connection = opened(Connection(URL, method="POST", at_end="dispatch"))
    received(connection, b"id: 7\n")
    assert ended(connection) == Stop(None)
    assert connection.last_event_id == "7"


def test_until_is_not_dispatched() -> None:
    connection = opened(Connection(URL, method="POST", at_end="dispatch", until="[DONE]"))
    received(connection, b"data: [DONE]")
    assert connection.end() == Stop(None)


@pytest.mark.parametrize("at_end", ["drop", "dispatch"])
def test_until_is_missed_whatever_at_end_says(at_end: Any) -> None:
    connection = opened(Connection(URL, method="POST", at_end=at_end, until="[DONE]"))
    received(connection, HALF)
    connection.end()
    assert isinstance(stopped(connection.decide(monotonic=0.0, random=0.0)), IncompleteStream)


@pytest.mark.parametrize("at_end", [None, "raise", "drop", "dispatch"])
def test_a_lost_connection_never_dispatches_nor_ends_well(at_end: Any) -> None:
    connection = opened(Connection(URL, method="POST", at_end=at_end))
    received(connection, HALF)
    error = stopped(lost(connection))
    assert isinstance(error, IncompleteStream)
    assert error.pending == len(HALF)


def test_the_end_of_a_stream_that_is_not_open_is_refused() -> None:
    connection = Connection(URL, at_end="dispatch", until="[DONE]")
    connected(connection)
    with pytest.raises(IllegalState):
        connection.end()


# Ends without progress.


def attempts_until_exhausted(connection: Connection, *streams: bytes, end: Any = ended) -> RetriesExhausted:
    """Serve the streams in turn, at most twenty, until no further attempt is made."""
    for number in range(20):
        opened(connection)
        received(connection, streams[number % len(streams)])
        step = end(connection)
        if isinstance(step, Stop):
            assert isinstance(step.error, RetriesExhausted)
            return step.error
    raise AssertionError("it reconnects for ever")


@pytest.mark.parametrize("end", [ended, lost])
@pytest.mark.parametrize("before", [b"", ONE_EVENT, b"id: 1\n" + ONE_EVENT * 3])
def test_ends_inside_the_same_event_are_no_progress(before: bytes, end: Any) -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=3))
    error = attempts_until_exhausted(connection, before + b"id: 2\ndata: only\n", end=end)
    assert error.attempts == 3
    assert isinstance(error.__cause__, IncompleteStream) is (end is ended)
    assert ("data: only" in str(error)) is (end is ended)


def test_waits_grow_while_streams_end_inside_the_same_event() -> None:
    connection = Connection(URL)
    waits = []
    for _ in range(5):
        opened(connection)
        received(connection, ONE_EVENT + HALF)
        waits.append(waited(ended(connection)))
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]
    opened(connection)
    received(connection, ONE_EVENT)
    assert waited(ended(connection)) == 1.0


def test_the_time_limit_covers_ends_inside_the_same_event() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_elapsed=10.0))
    for now in (0.0, 5.0):
        opened(connection)
        received(connection, ONE_EVENT + HALF)
        assert isinstance(ended(connection, now), Wait)
    opened(connection)
    received(connection, ONE_EVENT + HALF)
    assert isinstance(stopped(ended(connection, 9.0)), RetriesExhausted)


@pytest.mark.parametrize(
    "streams",
    [
        # Another half, one more event, another ID, the blank line.
        (ONE_EVENT + b"data: b", ONE_EVENT + b"data: bc"),
        (ONE_EVENT + HALF, ONE_EVENT * 2 + HALF),
        (b"id: 1\n" + ONE_EVENT + HALF, b"id: 2\n" + ONE_EVENT + HALF),
        (ONE_EVENT + HALF, ONE_EVENT + HALF + b"\n"),
        # Complete streams that are alike.
        (ONE_EVENT, ONE_EVENT),
    ],
)
def test_other_ends_after_an_event_are_progress(streams: tuple[bytes, ...]) -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=2))
    with pytest.raises(AssertionError, match="for ever"):
        attempts_until_exhausted(connection, *streams)


def test_failures_between_them_do_not_hide_the_same_end() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=4))
    for _ in range(2):
        opened(connection)
        received(connection, ONE_EVENT + HALF)
        assert isinstance(ended(connection), Wait)
        connected(connection)
        assert isinstance(lost(connection), Wait)
    # Four attempts without progress: two that did not connect, and two that ended like the first one.
    opened(connection)
    received(connection, ONE_EVENT + HALF)
    assert isinstance(stopped(ended(connection)), RetriesExhausted)


@pytest.mark.parametrize("at_end", [None, "drop"])
def test_what_the_server_leaves_out_is_the_cause_when_no_attempt_is_left(at_end: Any) -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=3), at_end=at_end)
    error = attempts_until_exhausted(connection, ONE_EVENT + HALF)
    assert isinstance(error.__cause__, IncompleteStream)
    assert error.__cause__.pending == len(HALF)
