"""The event that ends a stream, and the event that is too large to go on."""

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


def test_the_stream_ends_at_the_event_with_that_data_which_is_not_delivered() -> None:
    connection = opened(Connection(URL, until="[DONE]"))
    assert received(connection, ONE_EVENT) == Deliver([A], Read())
    assert received(connection, ONE_EVENT + DONE + ONE_EVENT) == Deliver([A], Stop(None))
    assert state_of(connection) is State.CLOSED
    assert connection.error is None


@pytest.mark.parametrize("data", [b"[done]", b"[DONE] ", b" [DONE]", b"x[DONE]", b"[DONE]\ndata", b""])
def test_only_the_whole_data_counts(data: bytes) -> None:
    connection = opened(Connection(URL, until="[DONE]"))
    assert received(connection, b"data: " + data + b"\n\n").then == Read()


class Awaitable:
    """What is awaited, and is no coroutine: it has nothing to close."""

    def __await__(self) -> Iterator[None]:
        yield


async def is_done(event: Event) -> bool:
    return event.data == "[DONE]"


@pytest.mark.parametrize("until", [lambda event: is_done(event), lambda _: Awaitable()])
def test_an_answer_that_is_to_be_awaited_is_refused_and_does_not_warn(until: Any) -> None:
    connection = opened(Connection(URL, until=until))
    delivery = received(connection, ONE_EVENT)
    assert delivery.events == []
    assert isinstance(delivery.then, Stop)
    assert isinstance(delivery.then.error, InvalidArgument)
    assert str(delivery.then.error).startswith("until: expected a function that returns bool")


def test_the_type_of_the_event_does_not_count() -> None:
    connection = opened(Connection(URL, until="[DONE]"))
    assert received(connection, b"event: x\n" + DONE) == Deliver([], Stop(None))


def test_an_empty_data_can_be_the_end() -> None:
    connection = opened(Connection(URL, until=""))
    assert received(connection, ONE_EVENT + b"data\n\n") == Deliver([A], Stop(None))


def test_without_until_nothing_ends_the_stream() -> None:
    connection = opened(Connection(URL))
    assert received(connection, DONE) == Deliver([Event("[DONE]")], Read())


def test_a_function_may_tell_by_anything_in_the_event() -> None:
    asked: list[Event] = []

    def is_last(event: Event) -> bool:
        asked.append(event)
        return event.event == "end"

    connection = opened(Connection(URL, until=is_last))
    assert received(connection, ONE_EVENT + b"event: end\ndata: b\n\n" + ONE_EVENT) == Deliver(
        [A], Stop(None)
    )
    assert asked == [A, Event("b", "end")]


def test_comments_are_delivered_but_never_the_end() -> None:
    def is_last(event: Event) -> bool:
        assert type(event) is Event
        return False

    connection = opened(Connection(URL, until=is_last, comments=True))
    assert received(connection, b": [DONE]\n" + ONE_EVENT).events == [Comment("[DONE]"), A]
    named = opened(Connection(URL, until="[DONE]", comments=True))
    assert received(named, b":[DONE]\n" + DONE) == Deliver([Comment("[DONE]")], Stop(None))


def test_a_function_that_raises_stops_it_with_that_error_after_the_events_before() -> None:
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


def test_the_event_that_ends_the_stream_is_not_counted_as_received() -> None:
    connection = opened(Connection(URL, until="[DONE]"))
    received(connection, ONE_EVENT + DONE + ONE_EVENT)
    assert [change.events_received for change in connection.changes()] == [0, 0, 1]


def test_a_stream_without_its_last_event_is_incomplete_where_it_is_not_resumed() -> None:
    connection = opened(Connection(URL, method="POST", until="[DONE]"))
    received(connection, b"id: 7\n" + ONE_EVENT)
    error = stopped(ended(connection))
    assert isinstance(error, IncompleteStream)
    assert (error.pending, error.last_event_id, error.__cause__) == (0, "7", None)


def test_an_event_that_is_too_large_comes_after_the_events_before_it() -> None:
    connection = opened(Connection(URL, max_event_size=100))
    step = received(connection, ONE_EVENT + b"data: " + b"x" * 100)
    assert step.events == [A]
    assert isinstance(step.then, Decide)
    assert state_of(connection) is State.DECIDING
    error = stopped(connection.decide(monotonic=0.0, random=0.0))
    assert isinstance(error, EventTooLarge)
    assert error is step.then.cause is connection.error
    # Whoever catches it must not find again what was delivered.
    assert (error.limit, error.events) == (100, ())


def test_the_end_counts_before_an_event_that_is_too_large() -> None:
    connection = opened(Connection(URL, max_event_size=100, until="[DONE]"))
    step = received(connection, ONE_EVENT + DONE + b"data: " + b"x" * 100)
    assert step == Deliver([A], Stop(None))


def test_after_an_event_that_is_too_large_a_caller_may_still_go_on() -> None:
    connection = opened(Connection(URL, max_event_size=100))
    received(connection, b"data: " + b"x" * 100)
    assert waited(connection.decide(monotonic=0.0, random=0.0, delay=2.0)) == 2.0
    opened(connection)
    assert received(connection, ONE_EVENT) == Deliver([A], Read())


def test_the_limit_counts_for_each_event_alone() -> None:
    connection = opened(Connection(URL, max_event_size=100))
    for _ in range(50):
        assert received(connection, b"data: " + b"x" * 50 + b"\n\n").then == Read()


def test_a_large_event_is_no_progress_but_the_events_before_it_are() -> None:
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


def test_text_is_no_stream() -> None:
    connection = opened(Connection(URL))
    with pytest.raises(InvalidArgument, match="data: expected bytes, not str"):
        connection.receive("data: a\n\n")  # type: ignore[arg-type]
    assert state_of(connection) is State.OPEN
