"""Waits between connections, and the limits of attempts and of time."""

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


def ended_without_an_event(connection: Connection, times: int) -> list[float]:
    waits = []
    for _ in range(times):
        opened(connection)
        waits.append(waited(ended(connection)))
    return waits


def test_waits_grow_while_connecting_fails() -> None:
    assert failed_to_connect(Connection(URL), 7) == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_waits_grow_while_streams_end_without_an_event() -> None:
    assert ended_without_an_event(Connection(URL), 6) == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0]


def test_jitter_lengthens_a_wait() -> None:
    connection = opened(Connection(URL))
    assert waited(lost(connection, random=0.5)) == 1.25


def test_an_event_resets_the_backoff() -> None:
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


def test_waits_begin_at_the_servers_retry_value() -> None:
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
def test_extreme_retry_values_are_bounded(line: bytes, delay: float) -> None:
    connection = opened(Connection(URL))
    received(connection, line + b"\n" + ONE_EVENT)
    assert waited(lost(connection)) == delay


@pytest.mark.parametrize(
    ("value", "delay"),
    [("7", 7.0), ("0", 1.0), ("9" * 5000, 30.0), ("soon", 1.0), ("Thu, 01 Jan 1970 00:01:52 GMT", 12.0)],
)
def test_retry_after_is_obeyed_within_bounds(value: str, delay: float) -> None:
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


def test_attempts_without_an_event_are_limited() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=3))
    failed_to_connect(connection, 1)
    ended_without_an_event(connection, 1)
    connected(connection)
    cause = ConnectError("no route to host")
    connection.fail(cause)
    error = stopped(connection.decide(monotonic=3.5, random=0.0))
    assert isinstance(error, RetriesExhausted)
    assert (error.attempts, error.elapsed) == (3, 3.5)
    assert error.__cause__ is cause
    assert connection.error is error
    assert state_of(connection) is State.CLOSED


def test_an_event_resets_the_count_of_attempts() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=3))
    failed_to_connect(connection, 2)
    for _ in range(5):
        opened(connection)
        received(connection, ONE_EVENT)
        assert waited(ended(connection)) == 1.0
    failed_to_connect(connection, 2)
    connected(connection)
    assert isinstance(stopped(lost(connection)), RetriesExhausted)


def test_one_attempt_reconnects_only_after_an_event() -> None:
    policy = RetryPolicy(max_attempts=1)
    with_an_event = opened(Connection(URL, retry=policy))
    received(with_an_event, ONE_EVENT)
    assert lost(with_an_event) == Wait(1.0)
    without = opened(Connection(URL, retry=policy))
    assert isinstance(stopped(lost(without)), RetriesExhausted)


def test_clean_ends_exhaust_retries_without_a_cause() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=2))
    ended_without_an_event(connection, 1)
    opened(connection)
    error = stopped(ended(connection))
    assert isinstance(error, RetriesExhausted)
    assert error.__cause__ is None


def test_a_wait_past_the_time_limit_is_not_begun() -> None:
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


def test_an_event_resets_the_time_limit() -> None:
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


def test_the_time_limit_begins_at_the_first_failure() -> None:
    connection = opened(Connection(URL, retry=RetryPolicy(max_elapsed=10.0)))
    received(connection, ONE_EVENT)
    opened(connection)
    assert waited(lost(connection, 100.0)) == 1.0


def test_the_time_limit_excludes_the_open_stream() -> None:
    """`max_elapsed` begins "from the first failure on", and an open stream is not a failure."""
    connection = opened(Connection(URL, retry=RetryPolicy(max_elapsed=10.0)))
    received(connection, b": heartbeat\n\n")
    assert lost(connection, 100.0) == Wait(1.0)


def test_a_caller_may_retry_after_a_final_error() -> None:
    connection = Connection(URL)
    connected(connection)
    refused(connection, answer(200, Content_Type="text/html"))
    assert connection.decide(monotonic=0.0, random=0.9, delay=5.5) == Wait(5.5)
    assert opened(connection).error is None


@pytest.mark.parametrize("delay", [0, 0.0, 0.05, 120.0, 10**6])
def test_a_callers_delay_is_not_bounded(delay: float) -> None:
    """The policy's bounds limit what a server asks for, not what the caller decides."""
    connection = opened(Connection(URL))
    received(connection, b"retry: 5000\n" + ONE_EVENT)
    connection.end()
    assert connection.decide(monotonic=0.0, random=0.9, delay=delay) == Wait(delay)


def test_a_caller_may_retry_without_a_policy() -> None:
    connection = opened(Connection(URL, method="POST", retry=None))
    connection.end()
    assert connection.decide(monotonic=0.0, random=0.0, delay=1.0) == Wait(1.0)
    for _ in range(100):
        connected(connection)
        connection.fail(ConnectError())
        assert connection.decide(monotonic=10**6, random=0.0, delay=1.0) == Wait(1.0)


def test_a_caller_cannot_exceed_max_attempts() -> None:
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


def test_a_caller_cannot_exceed_max_elapsed() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_elapsed=10.0))
    connected(connection)
    refused(connection, answer(200, Content_Type="text/html"))
    error = stopped(connection.decide(monotonic=0.0, random=0.0, delay=10.1))
    assert isinstance(error, RetriesExhausted)
    assert isinstance(error.__cause__, ContentTypeError)


def test_a_callers_waits_grow_the_backoff() -> None:
    connection = Connection(URL)
    connected(connection)
    connection.fail(ConnectError())
    connection.decide(monotonic=0.0, random=0.0, delay=0.0)
    assert failed_to_connect(connection, 1) == [2.0]


@pytest.mark.parametrize("delay", [-1.0, -1e-9, float("nan"), float("inf"), float("-inf")])
def test_an_invalid_delay_changes_nothing(delay: float) -> None:
    connection = opened(Connection(URL, retry=RetryPolicy(max_attempts=2)))
    connection.end()
    changes = connection.changes()
    with pytest.raises(InvalidArgument) as caught:
        connection.decide(monotonic=0.0, random=0.0, delay=delay)
    assert caught.value.name == "delay"
    assert (state_of(connection), connection.error, connection.changes()) == (State.DECIDING, None, [])
    # It was not counted as an attempt: this is still the first of two.
    assert connection.decide(monotonic=0.0, random=0.0) == Wait(1.0)
    assert changes[-1].attempt == 1


def test_a_final_error_is_not_retries_exhausted() -> None:
    connection = Connection(URL, method="POST", retry=RetryPolicy(max_attempts=1))
    opened(connection)
    assert isinstance(stopped(lost(connection)), IncompleteStream)


def test_a_callers_reconnect_is_not_a_failure() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=2))
    for _ in range(5):
        opened(connection)
    assert lost(connection) == Wait(1.0)
