"""The request of the next attempt: next_request, what a caller makes of it, and what decides by it."""

from __future__ import annotations

import pytest

from sse_core import (
    Attempt,
    Connection,
    Event,
    HTTPStatusError,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    Request,
    Response,
    RetryPolicy,
    Stop,
    Wait,
)
from tests.sse_core.driving import ONE_EVENT, STREAM, URL, answer, connected, opened, received, refused

ELSEWHERE = "https://other.example/stream"


def lost_post() -> Connection[Event]:
    connection = opened(Connection(URL, method="POST", json={}))
    received(connection, b"id: 1\n" + ONE_EVENT)
    connection.fail(ReadError("reset"))
    return connection


def decided(connection: Connection[Event], request: Request | None) -> Wait | Stop:
    return connection.decide(monotonic=0.0, random=0.0, request=request)


def test_the_next_request_is_what_connect_would_send() -> None:
    connection = Connection(URL, method="POST", json={}, last_event_id="7")
    headers = {"X-Key": "k", "accept": "*/*"}
    request = connection.next_request(headers)
    assert request == connection.connect(headers).request
    assert request.header("Last-Event-ID") == "7"


def test_a_request_can_be_replaced_in_part() -> None:
    request = Connection(URL, method="POST", content="a").next_request()
    assert request.replace() == request
    get = request.replace(method="get", url=ELSEWHERE, headers={"accept": "*/*", "X-A": "1"})
    assert (get.method, get.url, get.body) == ("GET", ELSEWHERE, None)
    assert get.headers.get_all("Accept") == ["*/*"]
    assert get.headers["x-a"] == "1"
    assert request.replace(body=b"b").body == b"b"
    assert request.replace(method="PUT").body == b"a"


def test_after_a_lost_post_a_get_may_follow() -> None:
    connection = lost_post()
    assert connection.can_reconnect
    own = connection.next_request()
    assert isinstance(decided(connection, own.replace(method="GET", url=ELSEWHERE)), Wait)
    request = connected(connection)
    assert (request.method, request.url, request.body) == ("GET", ELSEWHERE, None)
    assert "content-type" not in request.headers
    # It has the GET column from then on.
    connection.respond(STREAM)
    step = connection.fail(ReadError("reset"))
    assert type(step.cause) is ReadError


def test_the_same_post_does_not_follow() -> None:
    connection = lost_post()
    step = decided(connection, connection.next_request())
    assert isinstance(step, Stop)
    assert isinstance(step.error, IncompleteStream)
    assert isinstance(step.error.__cause__, ReadError)


def test_a_refused_post_may_be_followed_by_a_get() -> None:
    for status, kind in ((503, Wait), (401, Stop)):
        connection = Connection(URL, method="POST")
        connected(connection)
        assert isinstance(refused(connection, answer(status)).cause, HTTPStatusError)
        assert connection.can_reconnect is (kind is Wait)
        assert isinstance(decided(connection, connection.next_request().replace(method="GET")), kind)


def test_after_a_clean_end_the_method_decides_too() -> None:
    for method, kind in (("GET", Wait), ("POST", Stop)):
        connection = opened(Connection(URL, method="POST"))
        connection.end()
        assert isinstance(decided(connection, connection.next_request().replace(method=method)), kind)


def test_at_end_raise_is_final_whatever_follows() -> None:
    connection = opened(Connection(URL, at_end="raise"))
    received(connection, b"data: half")
    connection.end()
    assert not connection.can_reconnect
    assert isinstance(decided(connection, connection.next_request()), Stop)


def test_reconnect_on_close_decides_for_every_method() -> None:
    for on_close in (True, False):
        connection = opened(Connection(URL, retry=RetryPolicy(reconnect_on_close=on_close)))
        connection.end()
        assert connection.can_reconnect is on_close


def test_the_attempt_says_what_is_known() -> None:
    connection = Connection(URL, comments=True)
    assert connection.attempt == Attempt(1)
    opened(connection)
    received(connection, b": one\n\n")
    assert connection.attempt == Attempt(2, last_response=STREAM)
    received(connection, b"id: 7\ndata: a\n\n: two\n")
    assert connection.attempt == Attempt(2, "7", Event("a", id="7"), STREAM)
    cause = connection.fail(ReadError("reset")).cause
    assert connection.attempt == Attempt(2, "7", Event("a", id="7"), STREAM, cause)
    connection.decide(monotonic=0.0, random=0.0)
    assert connection.attempt.cause is None


def test_connect_takes_a_request_too_and_headers_win() -> None:
    connection = Connection(URL)
    own = connection.next_request({"X-Key": "k"})
    request = connection.connect({"x-key": "new"}, request=own.replace(url=f"{URL}?since=1")).request
    assert (request.url, request.headers.get_all("X-Key")) == (f"{URL}?since=1", ["new"])
    # It is for one attempt.
    assert connection.connect().request.url == URL


def test_a_request_that_was_made_without_asking_is_taken() -> None:
    request = Connection(URL).connect(request=Request("get", "https://user:pw@example.com/")).request
    assert (request.method, request.url) == ("GET", "https://example.com/")
    assert request.headers["Authorization"].startswith("Basic ")


def test_another_origin_gets_no_secret_of_this_one() -> None:
    connection = Connection(URL, last_event_id="7", sensitive_headers=["X-Secret"])
    own = connection.next_request({"Authorization": "a", "X-Secret": "s", "X-Plain": "p"})
    step = connection.connect({"X-Api-Key": "k", "X-B": "b"}, request=own.replace(url=ELSEWHERE))
    names = {name.lower() for name, _ in step.request.headers}
    assert names == {"accept", "cache-control", "x-plain", "x-b"}
    assert {"authorization", "x-secret", "x-api-key", "cookie", "host"} <= step.request.withheld


def test_the_origin_of_the_stream_gets_its_id() -> None:
    connection = Connection(URL)
    connected(connection)
    connection.respond(Response(200, STREAM.headers, ELSEWHERE))
    received(connection, b"id: 1\n" + ONE_EVENT)
    connection.fail(ReadError("reset"))
    decided(connection, connection.next_request().replace(url=ELSEWHERE))
    assert connected(connection).header("Last-Event-ID") == "1"


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ("GET", "request"),
        (Request("GET", "/stream"), "url"),
        (Request("", URL), "method"),
        (Request("HEAD", URL, body=b"x"), "body"),
        (Request("GET", URL, [("A B", "")]), "headers"),
    ],
)
def test_a_request_that_cannot_be_sent_changes_nothing(request_: Request, name: str) -> None:
    connection = opened(Connection(URL))
    connection.end()
    for call in (connection.connect, lambda request: decided(connection, request)):
        with pytest.raises(InvalidArgument) as caught:
            call(request=request_)
        assert caught.value.name == name
    assert isinstance(decided(connection, None), Wait)
