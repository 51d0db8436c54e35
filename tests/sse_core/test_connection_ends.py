"""The table "Ends and reconnection": what follows each end, by method and policy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from sse_core import (
    ConnectError,
    Connection,
    ContentEncodingError,
    ContentTypeError,
    EventTooLarge,
    HTTPStatusError,
    IdleTimeout,
    IncompleteStream,
    ReadBody,
    RedirectError,
    RetryPolicy,
    State,
    Step,
    Wait,
)
from tests.sse_core.driving import (
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
)

WAIT = "waits and reconnects"
END = None
Outcome = str | type[Exception] | None

ID_7 = b"id: 7\ndata: a\n\n"


# A way to end: it takes a function that makes a connection; it returns the connection and the next step.
Make = Callable[..., Connection]
Scenario = Callable[[Make], tuple[Connection, Step]]


def clean_end(make: Make) -> tuple[Connection, Step]:
    connection = opened(make())
    received(connection, ID_7)
    return connection, ended(connection)


def clean_end_inside_an_event(make: Make) -> tuple[Connection, Step]:
    connection = opened(make())
    received(connection, ID_7 + b"data: unfinished\n")
    return connection, ended(connection)


def clean_end_without_until(make: Make) -> tuple[Connection, Step]:
    connection = opened(make(until="[DONE]"))
    received(connection, ID_7)
    return connection, ended(connection)


def until_seen(make: Make) -> tuple[Connection, Step]:
    connection = opened(make(until="[DONE]"))
    return connection, received(connection, ID_7 + b"data: [DONE]\n\n").then


def connection_lost(make: Make) -> tuple[Connection, Step]:
    connection = opened(make())
    received(connection, ID_7)
    return connection, lost(connection)


def idle_timeout(make: Make) -> tuple[Connection, Step]:
    connection = opened(make())
    received(connection, ID_7)
    connection.fail(IdleTimeout(30.0))
    return connection, connection.decide(monotonic=0.0, random=0.0)


def could_not_connect(make: Make) -> tuple[Connection, Step]:
    connection = make(last_event_id="7")
    connected(connection)
    connection.fail(ConnectError("no route to host"))
    return connection, connection.decide(monotonic=0.0, random=0.0)


def event_too_large(make: Make) -> tuple[Connection, Step]:
    connection = opened(make(max_event_size=100))
    received(connection, b"data: " + b"x" * 100)
    return connection, connection.decide(monotonic=0.0, random=0.0)


def unknown_content_encoding(make: Make) -> tuple[Connection, Step]:
    connection = make()
    connected(connection)
    connection.fail(ContentEncodingError(200, (("Content-Encoding", "zstd"),)))
    return connection, connection.decide(monotonic=0.0, random=0.0)


def response_with_status(make: Make, status: int) -> tuple[Connection, Step]:
    connection = make(last_event_id="7")
    connected(connection)
    refused(connection, answer(status, Content_Type="text/plain"), b"explained")
    return connection, connection.decide(monotonic=0.0, random=0.0)


def no_content(make: Make) -> tuple[Connection, Step]:
    connection = make()
    connected(connection)
    return connection, connection.respond(answer(204))


POST_ALLOWED = RetryPolicy(allowed_methods={"GET", "POST"})
RECONNECTS = RetryPolicy(reconnect_on_close=True)
NO_RECONNECT = RetryPolicy(reconnect_on_close=False)
COLUMNS: dict[str, Make] = {
    "GET": partial(Connection, URL),
    "POST": partial(Connection, URL, method="POST"),
    "POST, allowed": partial(Connection, URL, method="POST", retry=POST_ALLOWED),
    "GET, no policy": partial(Connection, URL, retry=None),
    "POST, no policy": partial(Connection, URL, method="POST", retry=None),
    "GET, reconnect_on_close": partial(Connection, URL, retry=RECONNECTS),
    "GET, not reconnect_on_close": partial(Connection, URL, retry=NO_RECONNECT),
    "POST, reconnect_on_close": partial(Connection, URL, method="POST", retry=RECONNECTS),
    "POST, not reconnect_on_close": partial(Connection, URL, method="POST", retry=NO_RECONNECT),
}


INCOMPLETE = IncompleteStream
# One row for each way to end; in a row one outcome for each column, or one for all of them.
ROWS: dict[str, tuple[Scenario, list[Outcome]]] = {
    "clean end": (clean_end, [WAIT, END, WAIT, END, END, WAIT, END, WAIT, END]),
    "clean end inside an event": (
        clean_end_inside_an_event,
        [WAIT, INCOMPLETE, WAIT, INCOMPLETE, INCOMPLETE, WAIT, INCOMPLETE, WAIT, INCOMPLETE],
    ),
    "clean end without until": (
        clean_end_without_until,
        [WAIT, INCOMPLETE, WAIT, INCOMPLETE, INCOMPLETE, WAIT, INCOMPLETE, WAIT, INCOMPLETE],
    ),
    "until seen": (until_seen, [END]),
    "connection lost": (
        connection_lost,
        [WAIT, INCOMPLETE, WAIT, INCOMPLETE, INCOMPLETE, WAIT, WAIT, INCOMPLETE, INCOMPLETE],
    ),
    "idle timeout": (
        idle_timeout,
        [WAIT, IdleTimeout, WAIT, IdleTimeout, IdleTimeout, WAIT, WAIT, IdleTimeout, IdleTimeout],
    ),
    "could not connect": (
        could_not_connect,
        [WAIT, ConnectError, WAIT, ConnectError, ConnectError, WAIT, WAIT, ConnectError, ConnectError],
    ),
    "204": (no_content, [END]),
    "a temporary status": (
        partial(response_with_status, status=503),
        [
            WAIT,
            HTTPStatusError,
            WAIT,
            HTTPStatusError,
            HTTPStatusError,
            WAIT,
            WAIT,
            HTTPStatusError,
            HTTPStatusError,
        ],
    ),
    "another status": (partial(response_with_status, status=404), [HTTPStatusError]),
    "a redirect without a location": (partial(response_with_status, status=302), [RedirectError]),
    "another content type": (partial(response_with_status, status=200), [ContentTypeError]),
    "event too large": (event_too_large, [EventTooLarge]),
    "unknown content encoding": (unknown_content_encoding, [ContentEncodingError]),
}

CASES = [
    pytest.param(scenario, column, outcome, id=f"{name}-{column}")
    for name, (scenario, outcomes) in ROWS.items()
    for column, outcome in zip(
        COLUMNS, outcomes if len(outcomes) > 1 else outcomes * len(COLUMNS), strict=True
    )
]


@pytest.mark.parametrize(("scenario", "column", "outcome"), CASES)
def test_each_end_leads_to_the_documented_outcome(scenario: Scenario, column: str, outcome: Outcome) -> None:
    connection, step = scenario(COLUMNS[column])
    if outcome == WAIT:
        assert step == Wait(1.0)
        assert connection.error is None
        assert connected(connection).header("Last-Event-ID") == "7"
    else:
        assert state_of(connection) is State.CLOSED
        error = stopped(step)
        assert connection.error is error
        assert type(error) is (outcome or type(None))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_temporary_status_is_retried(status: int) -> None:
    _, step = response_with_status(COLUMNS["GET"], status)
    assert step == Wait(1.0)


@pytest.mark.parametrize("status", [201, 205, 206, 300, 304, 400, 401, 403, 404, 410, 418, 501, 505, 511])
def test_another_status_is_final_and_keeps_the_body(status: int) -> None:
    _, step = response_with_status(COLUMNS["GET"], status)
    error = stopped(step)
    assert isinstance(error, HTTPStatusError)
    assert (error.status, error.header("content-type"), error.body) == (status, "text/plain", b"explained")


def test_a_policy_may_name_other_statuses() -> None:
    make = partial(Connection, URL, retry=RetryPolicy(statuses={404}))
    assert response_with_status(make, 404)[1] == Wait(1.0)
    assert isinstance(stopped(response_with_status(make, 503)[1]), HTTPStatusError)


@pytest.mark.parametrize("status", [302, 200])
def test_statuses_do_not_make_unusable_responses_retryable(status: int) -> None:
    _, step = response_with_status(partial(Connection, URL, retry=RetryPolicy(statuses={302, 200})), status)
    assert isinstance(stopped(step), (RedirectError, ContentTypeError))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "REPORT", "get2"])
def test_an_unsafe_method_is_not_sent_again(method: str) -> None:
    for scenario in (
        clean_end,
        connection_lost,
        could_not_connect,
        partial(response_with_status, status=503),
    ):
        connection, _ = scenario(partial(Connection, URL, method=method))
        assert state_of(connection) is State.CLOSED


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "get"])
def test_a_safe_method_is_sent_again(method: str) -> None:
    for scenario in (
        clean_end,
        connection_lost,
        could_not_connect,
        partial(response_with_status, status=503),
    ):
        _, step = scenario(partial(Connection, URL, method=method))
        assert step == Wait(1.0)


def test_an_allowed_method_is_sent_again_with_its_body() -> None:
    connection = Connection(URL, method="POST", json={"a": 1}, retry=POST_ALLOWED)
    first = connected(connection)
    connection.fail(ConnectError())
    connection.decide(monotonic=0.0, random=0.0)
    assert connected(connection) == first


def test_a_lost_stream_says_where_and_why_it_ended() -> None:
    connection = opened(COLUMNS["POST"]())
    received(connection, ID_7 + b"data: unfin")
    error = stopped(lost(connection))
    assert isinstance(error, IncompleteStream)
    assert (error.pending, error.last_event_id) == (len(b"data: unfin"), "7")
    assert str(error.__cause__) == "connection reset"


def test_an_end_inside_an_event_says_where_it_ended() -> None:
    connection, step = clean_end_inside_an_event(COLUMNS["POST"])
    error = stopped(step)
    assert isinstance(error, IncompleteStream)
    assert (error.pending, error.last_event_id) == (len(b"data: unfinished\n"), "7")
    assert error.__cause__ is None
    assert connection.last_event_id == "7"


def test_a_failed_connect_is_not_an_incomplete_stream() -> None:
    connection = COLUMNS["POST"]()
    connected(connection)
    assert type(stopped(lost(connection))) is not IncompleteStream


def test_a_trailing_comment_or_unknown_field_is_not_missed() -> None:
    connection = opened(COLUMNS["POST"]())
    received(connection, ID_7 + b": bye\nunknown: field")
    assert stopped(ended(connection)) is None


def test_an_error_body_is_truncated_to_64_kib() -> None:
    connection = COLUMNS["GET"]()
    connected(connection)
    connection.respond(answer(404))
    connection.refuse(b"x" * 2**17, epoch=0.0)
    error = stopped(connection.decide(monotonic=0.0, random=0.0))
    assert isinstance(error, HTTPStatusError)
    assert error.body == b"x" * 2**16


def test_an_error_body_is_read_up_to_64_kib_and_5_seconds() -> None:
    connection = COLUMNS["GET"]()
    connected(connection)
    assert connection.respond(answer(404)) == ReadBody(2**16, 5.0)
