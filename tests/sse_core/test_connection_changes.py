"""What `changes` returns: enough for a timeline, and no secrets."""

from __future__ import annotations

from sse_core import (
    Closed,
    Connecting,
    Connection,
    Decide,
    Disconnected,
    HTTPStatusError,
    IncompleteStream,
    Opened,
    Paused,
    ReadError,
    RetriesExhausted,
    RetryPolicy,
    StateChange,
    Waiting,
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
    stopped,
)

ELSEWHERE = "https://example.org/"


def test_changes_list_a_whole_run_in_order() -> None:
    connection = opened(Connection(URL))
    first = b"id: 1\ndata: a\n\n: a comment\nid: 2\ndata: b\n\n"
    received(connection, first)
    received(connection, b"data: half")
    step = connection.end()
    assert isinstance(step, Decide)
    cut = step.cause
    assert isinstance(cut, IncompleteStream)
    connection.decide(monotonic=1.0, random=0.0)
    opened(connection)
    received(connection, ONE_EVENT)
    failure = ReadError("reset")
    connection.fail(failure)
    connection.decide(monotonic=3.0, random=0.5)
    connected(connection)
    connection.respond(answer(204))

    received_bytes = len(first) + len(b"data: half")
    longer = received_bytes + len(ONE_EVENT)
    assert connection.changes() == [
        Connecting(URL, 1),
        Opened(URL, 1),
        Disconnected(URL, 1, cut, None, len(b"data: half"), "2", received_bytes, 2),
        Waiting(URL, 1, cut, 1.0, 0, "2", received_bytes, 2),
        Connecting(URL, 1, None, None, 0, "2", received_bytes, 2),
        Opened(URL, 1, None, None, 0, "2", received_bytes, 2),
        Disconnected(URL, 1, failure, None, 0, "2", longer, 3),
        Waiting(URL, 1, failure, 1.25, 0, "2", longer, 3),
        Connecting(URL, 1, None, None, 0, "2", longer, 3),
        Closed(URL, 1, None, None, 0, "2", longer, 3),
    ]


def test_changes_are_returned_only_once() -> None:
    connection = Connection(URL)
    assert connection.changes() == []
    connected(connection)
    assert connection.changes() == [Connecting(URL, 1)]
    assert connection.changes() == []
    opened(connection)
    assert connection.changes() == [Connecting(URL, 1), Opened(URL, 1)]


def test_attempts_are_counted_since_the_last_event() -> None:
    connection = Connection(URL)
    for _ in range(2):
        connected(connection)
        lost(connection)
    opened(connection)
    received(connection, ONE_EVENT)
    lost(connection)
    connected(connection)
    lost(connection)
    assert [(type(change), change.attempt) for change in connection.changes()] == [
        (Connecting, 1),
        (Disconnected, 1),
        # The next attempt.
        (Waiting, 2),
        (Connecting, 2),
        (Disconnected, 2),
        (Waiting, 3),
        (Connecting, 3),
        (Opened, 3),
        (Disconnected, 1),
        (Waiting, 1),
        (Connecting, 1),
        (Disconnected, 1),
        (Waiting, 2),
    ]


def test_each_redirected_request_is_a_change_with_its_url() -> None:
    connection = Connection(URL)
    connected(connection)
    connection.respond(answer(307, Location=ELSEWHERE))
    connection.respond(answer(200, Content_Type="text/event-stream"))
    ended(connection)
    connected(connection)
    assert [(type(change), change.url) for change in connection.changes()] == [
        (Connecting, URL),
        (Connecting, ELSEWHERE),
        (Opened, ELSEWHERE),
        (Disconnected, ELSEWHERE),
        (Waiting, ELSEWHERE),
        (Connecting, URL),
    ]


def test_an_error_response_is_noted_after_its_body() -> None:
    connection = Connection(URL)
    connected(connection)
    connection.respond(answer(404))
    assert connection.changes() == [Connecting(URL, 1)]
    connection.refuse(b"none here", epoch=0.0)
    (change,) = connection.changes()
    assert isinstance(change.cause, HTTPStatusError)
    assert change == Disconnected(URL, 1, change.cause)
    error = stopped(connection.decide(monotonic=0.0, random=0.0))
    assert connection.changes() == [Closed(URL, 1, error)]
    assert error is change.cause


def test_the_final_error_is_noted() -> None:
    connection = Connection(URL, retry=RetryPolicy(max_attempts=1))
    connected(connection)
    error = stopped(lost(connection))
    changes = connection.changes()
    assert [type(change) for change in changes] == [Connecting, Disconnected, Closed]
    assert isinstance(error, RetriesExhausted)
    assert changes[2].cause is error
    assert changes[1].cause is error.__cause__


def test_a_pause_and_a_close_are_noted() -> None:
    connection = opened(Connection(URL))
    received(connection, b"id: 7\n" + ONE_EVENT + b"data: half")
    total = len(b"id: 7\n" + ONE_EVENT + b"data: half")
    connection.changes()
    connection.pause()
    connection.close()
    assert connection.changes() == [
        Paused(URL, 1, None, None, 0, "7", total, 1),
        Closed(URL, 1, None, None, 0, "7", total, 1),
    ]


def test_comments_count_as_bytes_but_not_as_events() -> None:
    connection = opened(Connection(URL, comments=True))
    received(connection, b": heartbeat\n")
    connection.close()
    change = connection.changes()[-1]
    assert (change.bytes_received, change.events_received) == (len(b": heartbeat\n"), 0)


def test_an_error_body_is_not_counted() -> None:
    connection = Connection(URL)
    connected(connection)
    refused(connection, answer(404), b"data: a\n\n")
    change = connection.changes()[-1]
    assert (change.bytes_received, change.events_received) == (0, 0)


def with_secrets() -> list[StateChange]:
    connection = Connection("https://user:PASSWORD@example.com/", method="POST", content="REQUEST-BODY")
    connected(connection, headers={"X-API-Key": "REQUEST-HEADER"})
    refused(connection, answer(404, Set_Cookie="RESPONSE-HEADER"), b"x" * 500 + b"RESPONSE-BODY")
    connection.decide(monotonic=0.0, random=0.0)
    return connection.changes()


def test_a_change_has_no_field_for_headers_or_a_body() -> None:
    fields = {
        "url",
        "attempt",
        "cause",
        "delay",
        "pending",
        "last_event_id",
        "bytes_received",
        "events_received",
    }
    for change in with_secrets():
        names = {name for kind in type(change).__mro__ for name in getattr(kind, "__slots__", ())}
        assert names == fields
        assert not hasattr(change, "__dict__")


def test_a_logged_change_shows_no_secret() -> None:
    for change in with_secrets():
        for shown in (repr(change), str(change), f"{change.cause}"):
            for secret in ("PASSWORD", "REQUEST-BODY", "REQUEST-HEADER", "RESPONSE-HEADER", "RESPONSE-BODY"):
                assert secret not in shown
