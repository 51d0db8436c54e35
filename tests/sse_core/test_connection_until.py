"""`until`, the event that ends a stream; and `max_event_size`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sse_core import (
    Comment,
    Connection,
    Decide,
    Deliver,
    Event,
    EventTooLarge,
    IncompleteStream,
    InvalidArgument,
    Read,
    RetryPolicy,
    State,
    Stop,
    Wait,
)
from tests.sse_core.driving import (
    ONE_EVENT,
    URL,
    ended,
    opened,
    received,
    state_of,
    stopped,
    waited,
)

A = Event("a")
DONE = b"data: [DONE]\n\n"


def test_until_ends_the_stream_without_delivering_its_event() -> None:
    connection = opened(Connection(URL, until="[DONE]"))
    assert received(connection, ONE_EVENT) == Deliver([A], Read())
    assert received(connection, ONE_EVENT + DONE + ONE_EVENT) == Deliver([A], Stop(None))
    assert state_of(connection) is State.CLOSED
    assert connection.error is None


@pytest.mark.parametrize("data", [b"[done]", b"[DONE] ", b" [DONE]", b"x[DONE]", b"[DONE]\ndata", b""])
def test_until_compares_the_whole_data(data: bytes) -> None:
    connection = opened(Connection(URL, until="[DONE]"))
    assert received(connection, b"data: " + data + b"\n\n").then == Read()


class Awaitable:
    """Can be awaited but is not a coroutine: it has no `close`."""

    def __await__(self) -> Iterator[None]:
        yield


async def is_done(event: Event) -> bool:
    return event.data == "[DONE]"


@pytest.mark.parametrize("until", [lambda event: is_done(event), lambda _: Awaitable()])
def test_an_async_until_is_refused_without_a_warning(until: Any) -> None:
    connection = opened(Connection(URL, until=until))
    delivery = received(connection, ONE_EVENT)
    assert delivery.events == []
    assert isinstance(delivery.then, Stop)
    assert isinstance(delivery.then.error, InvalidArgument)
    assert str(delivery.then.error).startswith("until: expected a function that returns bool")


def test_until_ignores_the_type_of_the_event() -> None:
    connection = opened(Connection(URL, until="[DONE]"))
    assert received(connection, b"event: x\n" + DONE) == Deliver([], Stop(None))


def test_empty_data_can_end_the_stream() -> None:
    connection = opened(Connection(URL, until=""))
    assert received(connection, ONE_EVENT + b"data\n\n") == Deliver([A], Stop(None))


def test_without_until_nothing_ends_the_stream() -> None:
    connection = opened(Connection(URL))
    assert received(connection, DONE) == Deliver([Event("[DONE]")], Read())


def test_until_can_be_a_function_of_the_event() -> None:
    asked: list[Event] = []

    def is_last(event: Event) -> bool:
        asked.append(event)
        return event.event == "end"

    connection = opened(Connection(URL, until=is_last))
    assert received(connection, ONE_EVENT + b"event: end\ndata: b\n\n" + ONE_EVENT) == Deliver(
        [A], Stop(None)
    )
    assert asked == [A, Event("b", "end")]


def test_a_comment_never_ends_the_stream() -> None:
    def is_last(event: Event) -> bool:
        assert type(event) is Event
        return False

    connection = opened(Connection(URL, until=is_last, comments=True))
    assert received(connection, b": [DONE]\n" + ONE_EVENT).events == [Comment("[DONE]"), A]
    named = opened(Connection(URL, until="[DONE]", comments=True))
    assert received(named, b":[DONE]\n" + DONE) == Deliver([Comment("[DONE]")], Stop(None))


def test_an_error_in_until_comes_after_the_events_before() -> None:
    mistake = KeyError("type")

    def is_last(event: Event) -> bool:
        if event.data == "b":
            raise mistake
        return False

    connection = opened(Connection(URL, until=is_last))
    step = received(connection, ONE_EVENT + b"data: b\n\ndata: c\n\n")
    assert step.events == [A]
    assert stopped(step.then) is connection.error is mistake
    assert state_of(connection) is State.CLOSED


def test_the_end_may_come_on_a_later_connection() -> None:
    connection = opened(Connection(URL, until="[DONE]"))
    received(connection, ONE_EVENT)
    assert waited(ended(connection)) == 1.0
    opened(connection)
    assert received(connection, DONE) == Deliver([], Stop(None))


def test_the_last_event_is_not_counted_as_received() -> None:
    connection = opened(Connection(URL, until="[DONE]"))
    received(connection, ONE_EVENT + DONE + ONE_EVENT)
    assert [change.events_received for change in connection.changes()] == [0, 0, 1]


def test_a_stream_without_its_last_event_is_incomplete() -> None:
    connection = opened(Connection(URL, method="POST", until="[DONE]"))
    received(connection, b"id: 7\n" + ONE_EVENT)
    error = stopped(ended(connection))
    assert isinstance(error, IncompleteStream)
    assert (error.pending, error.last_event_id, error.__cause__) == (0, "7", None)


def test_a_too_large_event_comes_after_the_events_before() -> None:
    connection = opened(Connection(URL, max_event_size=100))
    step = received(connection, ONE_EVENT + b"data: " + b"x" * 100)
    assert step.events == [A]
    assert isinstance(step.then, Decide)
    assert state_of(connection) is State.DECIDING
    error = stopped(connection.decide(monotonic=0.0, random=0.0))
    assert isinstance(error, EventTooLarge)
    assert error is step.then.cause is connection.error
    # Without events: those were delivered already.
    assert (error.limit, error.events) == (100, ())


def test_until_comes_before_a_too_large_event() -> None:
    connection = opened(Connection(URL, max_event_size=100, until="[DONE]"))
    step = received(connection, ONE_EVENT + DONE + b"data: " + b"x" * 100)
    assert step == Deliver([A], Stop(None))


def test_a_caller_may_retry_after_a_too_large_event() -> None:
    connection = opened(Connection(URL, max_event_size=100))
    received(connection, b"data: " + b"x" * 100)
    assert waited(connection.decide(monotonic=0.0, random=0.0, delay=2.0)) == 2.0
    opened(connection)
    assert received(connection, ONE_EVENT) == Deliver([A], Read())


def test_the_size_limit_is_per_event() -> None:
    connection = opened(Connection(URL, max_event_size=100))
    for _ in range(50):
        assert received(connection, b"data: " + b"x" * 50 + b"\n\n").then == Read()


def test_a_too_large_event_is_not_progress() -> None:
    connection = Connection(URL, max_event_size=100, retry=RetryPolicy(max_attempts=2))
    opened(connection)
    received(connection, ONE_EVENT + b"data: " + b"x" * 100)
    connection.decide(monotonic=0.0, random=0.0, delay=0.0)
    changes = connection.changes()
    assert [change.events_received for change in changes] == [0, 0, 1, 1]
    assert changes[-1].attempt == 1
    opened(connection)
    received(connection, b"data: " + b"x" * 100)
    assert connection.decide(monotonic=0.0, random=0.0, delay=0.0) == Wait(0.0)
    assert connection.changes()[-1].attempt == 2


def test_comments_are_not_delivered_unless_asked_for() -> None:
    connection = opened(Connection(URL))
    assert received(connection, b": hello\n" + ONE_EVENT) == Deliver([A], Read())


def test_receive_refuses_text() -> None:
    connection = opened(Connection(URL))
    with pytest.raises(InvalidArgument, match="data: expected bytes, not str"):
        connection.receive("data: a\n\n")  # type: ignore[arg-type]
    assert state_of(connection) is State.OPEN
