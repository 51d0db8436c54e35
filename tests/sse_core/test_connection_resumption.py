"""After which event the next connection resumes, and what is sent with each attempt."""

from __future__ import annotations

import pytest

from sse_core import Connection, Deliver, Event, Read
from tests.sse_core.driving import ONE_EVENT, URL, answer, connected, ended, lost, opened, received, refused


def next_id(connection: Connection, headers: dict[str, str] | None = None) -> str | None:
    """The Last-Event-ID of the next attempt; there must be no more than one."""
    request = connected(connection, headers)
    values = [value for name, value in request.headers if name.lower() == "last-event-id"]
    assert len(values) <= 1
    return values[0] if values else None


def test_the_next_connection_resumes_after_the_last_event() -> None:
    connection = opened(Connection(URL))
    received(connection, b"id: 6\n" + ONE_EVENT + b"id: 7\n" + ONE_EVENT + ONE_EVENT)
    lost(connection)
    assert connection.last_event_id == "7"
    assert next_id(connection) == "7"


def test_an_id_survives_connections_without_one() -> None:
    connection = opened(Connection(URL))
    received(connection, "id: €\n\n".encode())
    for _ in range(3):
        ended(connection)
        assert next_id(connection) == connection.last_event_id == "€"
        connection.respond(answer(200, Content_Type="text/event-stream"))
        assert received(connection, ONE_EVENT).events == [Event("a", id="€")]


def test_an_initial_id_is_sent_and_inherited_by_events() -> None:
    connection = Connection(URL, last_event_id="5")
    assert connection.last_event_id == "5"
    assert next_id(connection) == "5"
    connection.respond(answer(200, Content_Type="text/event-stream"))
    assert received(connection, ONE_EVENT) == Deliver([Event("a", id="5")], Read())


@pytest.mark.parametrize("line", [b"id", b"id:", b"id: "])
def test_after_an_id_was_cleared_no_header_is_sent(line: bytes) -> None:
    connection = opened(Connection(URL, last_event_id="5"))
    received(connection, line + b"\n\n")
    ended(connection)
    assert connection.last_event_id == ""
    assert next_id(connection) is None


@pytest.mark.parametrize("rest", [b"id: 8", b"id: 8\n", b"id: 8\ndata: b\n", b"id: 8\r\ndata: b"])
@pytest.mark.parametrize("end", [ended, lost, None])
def test_the_id_of_an_unfinished_event_is_not_sent(rest: bytes, end: object) -> None:
    connection = opened(Connection(URL))
    received(connection, b"id: 7\n" + ONE_EVENT + rest)
    if end is ended:
        ended(connection)
    elif end is lost:
        lost(connection)
    assert next_id(connection) == "7"


def test_the_next_connection_does_not_finish_an_event() -> None:
    connection = opened(Connection(URL))
    received(connection, b"id: 8\ndata: half")
    # Neither if the caller reconnects at once, nor after a pause.
    opened(connection)
    assert received(connection, b"\n\n" + ONE_EVENT).events == [Event("a")]
    received(connection, b"id: 8\ndata: half")
    connection.pause()
    opened(connection)
    assert received(connection, b"\n\n" + ONE_EVENT).events == [Event("a")]


def test_a_byte_order_mark_is_stripped_on_every_connection() -> None:
    connection = Connection(URL)
    for _ in range(2):
        opened(connection)
        assert received(connection, b"\xef\xbb\xbf" + ONE_EVENT).events == [Event("a")]
        ended(connection)


def test_an_id_survives_error_responses() -> None:
    connection = opened(Connection(URL))
    received(connection, b"id: 7\n\n")
    ended(connection)
    connected(connection)
    refused(connection, answer(503), b"id: 9\n\n")
    connection.decide(monotonic=0.0, random=0.0)
    assert next_id(connection) == "7"


def test_a_callers_id_header_wins_until_the_stream_sets_one() -> None:
    own = {"last-event-ID": "5"}
    connection = Connection(URL, last_event_id="4")
    assert next_id(connection, own) == "5"
    connection.respond(answer(200, Content_Type="text/event-stream"))
    received(connection, ONE_EVENT)
    ended(connection)
    assert next_id(connection, own) == "5"
    connection.respond(answer(200, Content_Type="text/event-stream"))
    received(connection, b"id: 7\n\n")
    ended(connection)
    assert next_id(connection, own) == "7"
    assert own == {"last-event-ID": "5"}


@pytest.mark.parametrize("initial", ["", "4"])
@pytest.mark.parametrize("stream", [b"id: 7\n\nid: %s\n\n", b"id: %s\n\n"])
def test_an_equal_id_replaces_the_callers_header_too(initial: str, stream: bytes) -> None:
    """Otherwise the next request would resume from the caller's ID, which is out of date."""
    connection = Connection(URL, last_event_id=initial)
    own = {"Last-Event-ID": "1"}
    assert next_id(connection, own) == "1"
    connection.respond(answer(200, Content_Type="text/event-stream"))
    received(connection, stream % initial.encode())
    ended(connection)
    assert next_id(connection, own) == (initial or None)


def test_each_attempt_has_its_own_headers() -> None:
    connection = Connection(URL)
    for number in range(3):
        request = connected(connection, headers={"Authorization": f"Bearer {number}"})
        assert request.header("Authorization") == f"Bearer {number}"
        lost(connection)
    assert connected(connection).header("Authorization") is None


def test_events_come_with_the_chunk_that_completes_them() -> None:
    connection = opened(Connection(URL))
    assert received(connection, b"data: a\n\nda") == Deliver([Event("a")], Read())
    assert received(connection, b"ta: b\n") == Deliver([], Read())
    assert received(connection, b"\n") == Deliver([Event("b")], Read())
