"""`Connection.receive_events`: a list of events if reading goes on, else the `Deliver` of `receive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sse_core import Comment, Connection, Decide, Deliver, Event, EventTooLarge, Read, Stop
from tests.sse_core.driving import ONE_EVENT, URL, opened

if TYPE_CHECKING:
    from typing import Any

A = Event("a")


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"data: a", []),
        (b": comment\n\n", []),
        (ONE_EVENT, [A]),
        (ONE_EVENT * 3, [A] * 3),
        (b"id: 7\ndata: a\n\n", [Event("a", id="7")]),
        (b"id: 7\n\ndata: a\n\n", [Event("a", id="7")]),
        (b"data: [DONE\n\n", [Event("[DONE")]),
    ],
)
@pytest.mark.parametrize("until", [None, "[DONE]"])
def test_events_come_as_a_list(data: bytes, events: list[Event], until: str | None) -> None:
    connection = opened(Connection(URL, until=until))
    assert connection.receive_events(data) == events
    assert (connection.bytes_received, connection.events_received) == (len(data), len(events))
    assert connection.attempt.last_event == (events[-1] if events else None)
    assert opened(Connection(URL, until=until)).receive(data) == Deliver(events, Read())


def test_an_id_after_the_last_event_comes_with_a_step() -> None:
    connection = opened(Connection(URL))
    assert connection.receive_events(ONE_EVENT + b"id: 7\n\n") == Deliver([A], Read())
    assert connection.last_event_id == "7"


def test_an_id_without_an_event_comes_with_an_empty_list() -> None:
    connection = opened(Connection(URL))
    assert connection.receive_events(b"id: 7\n\n") == []
    assert connection.last_event_id == "7"


@pytest.mark.parametrize("until", ["[DONE]", lambda event: event.data == "[DONE]"])
def test_the_last_event_comes_with_a_step(until: Any) -> None:
    connection = opened(Connection(URL, until=until))
    assert connection.receive_events(ONE_EVENT + b"data: [DONE]\n\n" + ONE_EVENT) == Deliver([A], Stop(None))
    assert connection.events_received == 1


def test_an_event_that_is_too_large_comes_with_a_step() -> None:
    connection = opened(Connection(URL, max_event_size=10))
    delivery = connection.receive_events(ONE_EVENT + b"data: 0123456789\n\n")
    assert isinstance(delivery, Deliver)
    assert delivery.events == [A]
    assert isinstance(delivery.then, Decide)
    assert isinstance(delivery.then.cause, EventTooLarge)
    assert connection.events_received == 1


def test_comments_come_with_a_step() -> None:
    connection = opened(Connection(URL, comments=True))
    expected: Deliver[Event | Comment] = Deliver([Comment("hi"), A], Read())
    assert connection.receive_events(b": hi\n" + ONE_EVENT) == expected
    assert connection.events_received == 1
