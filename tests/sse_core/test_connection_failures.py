"""`Connection.fail`: what an HTTP client raises becomes a ConnectError, a ReadError or a response's error."""

from __future__ import annotations

import pytest

from sse_core import (
    ConnectError,
    Connection,
    ContentEncodingError,
    ContentTypeError,
    Decide,
    HTTPStatusError,
    IdleTimeout,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    Response,
    RetryPolicy,
    SSEError,
    State,
    Stop,
    Wait,
)
from tests.sse_core.driving import URL, answer, connected, opened, received, state_of, waited

SUNDAY = "Sun, 06 Nov 1994 08:49:37 GMT"
A_MINUTE_BEFORE = "Sun, 06 Nov 1994 08:48:37 GMT"


def connecting() -> Connection:
    connection = Connection(URL)
    connected(connection)
    return connection


def refused_with(response: Response) -> Connection:
    connection = connecting()
    connection.respond(response)
    assert state_of(connection) is State.REFUSED
    return connection


def cause_of(step: Decide) -> SSEError:
    assert step.cause is not None
    return step.cause


@pytest.mark.parametrize("raised", [OSError("no route to host"), ReadError("no route to host")])
def test_an_error_while_connecting_becomes_a_connect_error(raised: Exception) -> None:
    error = cause_of(connecting().fail(raised))
    assert type(error) is ConnectError
    assert str(error) == "no route to host"
    assert error.__cause__ is raised


@pytest.mark.parametrize("raised", [OSError("reset by peer"), ConnectError("reset by peer")])
def test_an_error_while_reading_becomes_a_read_error(raised: Exception) -> None:
    error = cause_of(opened(Connection(URL)).fail(raised))
    assert type(error) is ReadError
    assert str(error) == "reset by peer"
    assert error.__cause__ is raised


def test_an_error_without_a_message_shows_its_type() -> None:
    assert str(cause_of(connecting().fail(TimeoutError()))) == "TimeoutError"


def test_a_fitting_error_is_not_wrapped() -> None:
    failure = ConnectError("refused")
    assert connecting().fail(failure).cause is failure
    for other in (ReadError("reset"), IdleTimeout(30.0), ContentEncodingError(200)):
        assert opened(Connection(URL)).fail(other).cause is other


def test_a_lost_post_stream_is_incomplete() -> None:
    connection = opened(Connection(URL, method="POST"))
    received(connection, b"id: 7\ndata: a\n\ndata")
    raised = OSError("reset by peer")
    error = cause_of(connection.fail(raised))
    assert isinstance(error, IncompleteStream)
    assert (error.pending, error.last_event_id) == (4, "7")
    assert type(error.__cause__) is ReadError
    assert error.__cause__.__cause__ is raised


@pytest.mark.parametrize("raised", [OSError("reset"), ReadError("reset"), IdleTimeout(5.0)])
def test_a_lost_error_body_keeps_the_status_error(raised: Exception) -> None:
    error = cause_of(refused_with(answer(404, X_Trace="9")).fail(raised))
    assert type(error) is HTTPStatusError
    assert (error.status, error.body, error.url, error.header("X-Trace")) == (404, b"", URL, "9")
    assert error.__cause__ is raised


def test_a_lost_body_keeps_the_content_type_error() -> None:
    connection = refused_with(answer(200, Content_Type="text/html"))
    assert isinstance(connection.fail(ReadError("reset")).cause, ContentTypeError)


def test_a_lost_error_body_is_retried_by_its_status() -> None:
    connection = refused_with(answer(503, Retry_After="9"))
    connection.fail(OSError("reset"))
    assert waited(connection.decide(monotonic=0.0, random=0.0)) == 9.0


def test_without_a_clock_retry_after_is_compared_to_date() -> None:
    connection = refused_with(answer(503, Retry_After=SUNDAY, Date=A_MINUTE_BEFORE))
    error = cause_of(connection.fail(OSError("reset")))
    assert isinstance(error, HTTPStatusError)
    assert error.retry_after == 60.0


@pytest.mark.parametrize("response", [answer(503, Retry_After=SUNDAY), answer(503, Date=A_MINUTE_BEFORE)])
def test_without_any_date_a_retry_after_date_is_ignored(response: Response) -> None:
    connection = refused_with(response)
    connection.fail(OSError("reset"))
    assert connection.decide(monotonic=0.0, random=0.0) == Wait(1.0)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_final_connect_error_is_not_retried(method: str) -> None:
    connection = Connection(URL, method=method, retry=RetryPolicy(allowed_methods={"GET", "POST"}))
    connected(connection)
    error = ConnectError("the certificate has expired", final=True)
    connection.fail(error)
    assert connection.decide(monotonic=0.0, random=0.0) == Stop(error)


@pytest.mark.parametrize("error", ["reset", None, OSError, KeyboardInterrupt()])
def test_fail_refuses_anything_but_an_exception(error: Exception) -> None:
    connection = opened(Connection(URL))
    connection.changes()
    with pytest.raises(InvalidArgument) as caught:
        connection.fail(error)
    assert caught.value.name == "error"
    assert (state_of(connection), connection.changes()) == (State.OPEN, [])
