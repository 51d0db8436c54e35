"""Waits between connections, and where they come to an end."""

from __future__ import annotations

from typing import Any

import pytest

from sse_core import (
    ConnectError,
    Connection,
    ContentTypeError,
    HTTPStatusError,
    IncompleteStream,
    InvalidArgument,
    RetriesExhausted,
    RetryPolicy,
    State,
    Wait,
)
from tests.sse_core.driving import (
    ONE_EVENT,
    URL,
    answer,
    connected,
    ended,
    lost,
    opened,
    received,
    refused,
    state_of,
    stopped,
    waited,
)


def failed_to_connect(connection: Connection[Any], times: int) -> list[float]:
    waits = []
    for _ in range(times):
        connected(connection)
        waits.append(waited(lost(connection)))
    return waits


def dropped_at_once(connection: Connection, times: int) -> list[float]:
    waits = []
    for _ in range(times):
        opened(connection)
        waits.append(waited(ended(connection)))
    return waits


def test_waits_grow_while_no_connection_comes_about() -> None:
    assert failed_to_connect(Connection(URL), 7) == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_a_server_that_accepts_and_drops_at_once_meets_growing_waits() -> None:
    assert dropped_at_once(Connection(URL), 6) == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0]


def test_chance_lengthens_a_wait() -> None:
    connection = opened(Connection(URL))
    assert waited(lost(connection, random=0.5)) == 1.25


def test_an_event_starts_the_waits_anew() -> None:
    connection = Connection(URL)
    failed_to_connect(connection, 3)
    opened(connection)
    received(connection, ONE_EVENT)
    assert waited(lost(connection)) == 1.0
    assert failed_to_connect(connection, 2) == [2.0, 4.0]


@pytest.mark.parametrize(
    "data", [b"", b": still here\n", b"id: 7\n\n", b"event: a\n\n", b"data: unfinished\n"]
)
def test_bytes_without_an_event_are_no_progress(data: bytes) -> None:
    connection = Connection(URL, comments=True)
    failed_to_connect(connection, 2)
    opened(connection)
    received(connection, data)
    assert waited(lost(connection)) == 4.0


def test_the_servers_retry_is_where_waits_begin_on_every_later_connection() -> None:
    connection = opened(Connection(URL))
    received(connection, b"retry: 3000\n" + ONE_EVENT)
    assert waited(lost(connection)) == 3.0
    assert connection.reconnection_time == 3000
    assert failed_to_connect(connection, 3) == [6.0, 12.0, 20.0]
    opened(connection)
    received(connection, ONE_EVENT)
    assert waited(ended(connection)) == 3.0
    assert connection.reconnection_time == 3000


@pytest.mark.parametrize(
    ("line", "delay"),
    [
        (b"retry: 0", 0.1),
        (b"retry: 99999999999999999999", 30.0),
        (b"retry: " + b"9" * 5000, 30.0),
        (b"retry: 1_000", 1.0),
        (b"retry: -5", 1.0),
        (b"retry", 1.0),
    ],
)
def test_no_retry_value_stalls_or_storms(line: bytes, delay: float) -> None:
    connection = opened(Connection(URL))
    received(connection, line + b"\n" + ONE_EVENT)
    assert waited(lost(connection)) == delay


@pytest.mark.parametrize(
    ("value", "delay"),
    [("7", 7.0), ("0", 1.0), ("9" * 5000, 30.0), ("soon", 1.0), ("Thu, 01 Jan 1970 00:01:52 GMT", 12.0)],
)
def test_retry_after_is_waited_for_within_the_policys_bounds(value: str, delay: float) -> None:
    connection = Connection(URL)
    connected(connection)
    refused(connection, answer(503, Retry_After=value), epoch=100.0)
    assert waited(connection.decide(monotonic=0.0, random=0.0)) == delay


def test_retry_after_counts_once() -> None:
    connection = Connection(URL)
    connected(connection)
    refused(connection, answer(503, Retry_After="9"))
    assert waited(connection.decide(monotonic=0.0, random=0.0)) == 9.0
    assert failed_to_connect(connection, 1) == [2.0]


def test_attempts_without_an_event_come_to_an_end() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=3))
    failed_to_connect(connection, 1)
    dropped_at_once(connection, 1)
    connected(connection)
    cause = ConnectError("no route to host")
    connection.fail(cause)
    error = stopped(connection.decide(monotonic=3.5, random=0.0))
    assert isinstance(error, RetriesExhausted)
    assert (error.attempts, error.elapsed) == (3, 3.5)
    assert error.__cause__ is cause
    assert connection.error is error
    assert state_of(connection) is State.CLOSED


def test_an_event_starts_the_count_of_attempts_anew() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=3))
    failed_to_connect(connection, 2)
    for _ in range(5):
        opened(connection)
        received(connection, ONE_EVENT)
        assert waited(ended(connection)) == 1.0
    failed_to_connect(connection, 2)
    connected(connection)
    assert isinstance(stopped(lost(connection)), RetriesExhausted)


def test_one_attempt_allows_a_reconnection_only_after_an_event() -> None:
    policy = RetryPolicy(max_attempts=1)
    with_an_event = opened(Connection(URL, retry=policy))
    received(with_an_event, ONE_EVENT)
    assert lost(with_an_event) == Wait(1.0)
    without = opened(Connection(URL, retry=policy))
    assert isinstance(stopped(lost(without)), RetriesExhausted)


def test_a_server_that_only_ever_ends_the_stream_exhausts_the_retries_without_a_cause() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=2))
    dropped_at_once(connection, 1)
    opened(connection)
    error = stopped(ended(connection))
    assert isinstance(error, RetriesExhausted)
    assert error.__cause__ is None


def test_a_wait_that_would_end_past_the_time_limit_is_not_begun() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_elapsed=10.0))
    connected(connection)
    assert waited(lost(connection, 100.0)) == 1.0
    connected(connection)
    assert waited(lost(connection, 108.0)) == 2.0
    connected(connection)
    error = stopped(lost(connection, 110.0))
    assert isinstance(error, RetriesExhausted)
    assert (error.attempts, error.elapsed) == (3, 10.0)
    assert str(error.__cause__) == "connection reset"


def test_an_event_starts_the_time_limit_anew() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_elapsed=10.0))
    connected(connection)
    assert waited(lost(connection, 8.0)) == 1.0
    opened(connection)
    received(connection, ONE_EVENT)
    assert waited(lost(connection, 500.0)) == 1.0
    connected(connection)
    assert waited(lost(connection, 508.0)) == 2.0
    connected(connection)
    assert isinstance(stopped(lost(connection, 510.0)), RetriesExhausted)


def test_the_time_limit_begins_at_the_failure_also_where_the_caller_reconnected_before() -> None:
    connection = opened(Connection(URL, retry=RetryPolicy(max_elapsed=10.0)))
    received(connection, ONE_EVENT)
    opened(connection)
    assert waited(lost(connection, 100.0)) == 1.0


def test_the_time_limit_does_not_count_how_long_a_stream_was_open_before_its_first_failure() -> None:
    """`max_elapsed` is in seconds "from the first failure on": a stream of heartbeats is none."""
    connection = opened(Connection(URL, retry=RetryPolicy(max_elapsed=10.0)))
    received(connection, b": heartbeat\n\n")
    assert lost(connection, 100.0) == Wait(1.0)


def test_a_caller_may_go_on_after_an_error_that_is_final() -> None:
    connection = Connection(URL)
    connected(connection)
    refused(connection, answer(200, Content_Type="text/html"))
    assert connection.decide(monotonic=0.0, random=0.9, delay=5.5) == Wait(5.5)
    assert opened(connection).error is None


@pytest.mark.parametrize("delay", [0, 0.0, 0.05, 120.0, 10**6])
def test_a_callers_delay_is_taken_as_it_is(delay: float) -> None:
    """The bounds guard against the server, not against the caller."""
    connection = opened(Connection(URL))
    received(connection, b"retry: 5000\n" + ONE_EVENT)
    connection.end()
    assert connection.decide(monotonic=0.0, random=0.9, delay=delay) == Wait(delay)


def test_a_caller_may_go_on_without_a_policy_and_after_an_unsafe_request() -> None:
    connection = opened(Connection(URL, method="POST", retry=None))
    connection.end()
    assert connection.decide(monotonic=0.0, random=0.0, delay=1.0) == Wait(1.0)
    for _ in range(100):
        connected(connection)
        connection.fail(ConnectError())
        assert connection.decide(monotonic=10**6, random=0.0, delay=1.0) == Wait(1.0)


def test_a_caller_does_not_go_on_past_the_limit_of_attempts() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=2))
    for attempt in (1, 2):
        connected(connection)
        cause = refused(connection, answer(404)).cause
        step = connection.decide(monotonic=0.0, random=0.0, delay=1.0)
        assert (step == Wait(1.0)) is (attempt == 1)
    error = stopped(step)
    assert isinstance(error, RetriesExhausted)
    assert isinstance(cause, HTTPStatusError)
    assert error.__cause__ is cause


def test_a_caller_does_not_go_on_past_the_limit_of_time() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_elapsed=10.0))
    connected(connection)
    refused(connection, answer(200, Content_Type="text/html"))
    error = stopped(connection.decide(monotonic=0.0, random=0.0, delay=10.1))
    assert isinstance(error, RetriesExhausted)
    assert isinstance(error.__cause__, ContentTypeError)


def test_a_callers_waits_count_as_waits() -> None:
    connection = Connection(URL)
    connected(connection)
    connection.fail(ConnectError())
    connection.decide(monotonic=0.0, random=0.0, delay=0.0)
    assert failed_to_connect(connection, 1) == [2.0]


@pytest.mark.parametrize("delay", [-1.0, -1e-9, float("nan"), float("inf"), float("-inf")])
def test_a_delay_that_cannot_be_waited_is_refused_and_nothing_has_changed(delay: float) -> None:
    connection = opened(Connection(URL, retry=RetryPolicy(max_attempts=2)))
    connection.end()
    changes = connection.changes()
    with pytest.raises(InvalidArgument) as caught:
        connection.decide(monotonic=0.0, random=0.0, delay=delay)
    assert caught.value.name == "delay"
    assert (state_of(connection), connection.error, connection.changes()) == (State.DECIDING, None, [])
    # Nor was it counted as an attempt: this is still the first of two.
    assert connection.decide(monotonic=0.0, random=0.0) == Wait(1.0)
    assert changes[-1].attempt == 1


def test_an_error_that_is_final_is_raised_as_it_is_however_many_attempts_there_were() -> None:
    connection = Connection(URL, method="POST", retry=RetryPolicy(max_attempts=1))
    opened(connection)
    assert isinstance(stopped(lost(connection)), IncompleteStream)


def test_reconnecting_on_purpose_is_no_failure() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=2))
    for _ in range(5):
        opened(connection)
    assert lost(connection) == Wait(1.0)
