"""What the status and headers of a response mean: a stream, the end, or an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import (
    Connection,
    ContentTypeError,
    HTTPStatusError,
    Read,
    ReadBody,
    RedirectError,
    Response,
    Stop,
)
from tests.sse_core.driving import URL, answer, connected, refused

STREAM_TYPES = [
    "text/event-stream",
    "Text/Event-Stream",
    "TEXT/EVENT-STREAM",
    "text/event-stream;charset=utf-8",
    "text/event-stream; charset=UTF-8",
    "text/event-stream ; charset=latin1",
    "text/event-stream;",
    "text/event-stream;;;=",
    " \ttext/event-stream\t ",
    'text/event-stream; x="a;b, text/html"',
    r'text/event-stream; x="a\", text/html"',
    'text/event-stream; x=", text/html',
    "text/event-stream, text/event-stream",
    "text/html, text/event-stream",
    'text/html; x="a", text/event-stream',
    # Invalid values and `*/*` do not count.
    "text/event-stream, */*",
    "text/event-stream, nonsense",
    "text/event-stream,",
    ",text/event-stream",
]
OTHER_TYPES = [
    "",
    " ",
    ";",
    "text/html",
    "application/json",
    "text/event-streamx",
    "xtext/event-stream",
    "text/event",
    "text/event-stream2; charset=utf-8",
    "text /event-stream",
    "text/event stream",
    "text/html; a=text/event-stream",
    "text/event-stream, text/html",
    "text/event-stream; a=b, text/html",
    r'text/event-stream; x="a\\", text/html',
    "*/*",
    "/",
    "text/",
    "/event-stream",
    "text/event-stream charset=utf-8",
    "text/event-stream(utf-8)",
    "application/text/event-stream",
    "\x0btext/event-stream",
    # A long s, which Unicode case folding turns into an s.
    "text/event-\u017ftream",
]


@pytest.mark.parametrize("value", STREAM_TYPES, ids=repr)
def test_an_event_stream_content_type_opens_the_stream(value: str) -> None:
    connection = Connection(URL)
    connected(connection)
    assert connection.respond(answer(200, Content_Type=value)) == Read()


@pytest.mark.parametrize("value", OTHER_TYPES, ids=repr)
def test_any_other_content_type_is_an_error_that_shows_it(value: str) -> None:
    connection = Connection(URL)
    connected(connection)
    error = refused(connection, answer(200, Content_Type=value), b"<html>").cause
    assert isinstance(error, ContentTypeError)
    assert (error.status, error.header("content-type"), error.body, error.url) == (200, value, b"<html>", URL)


def test_a_missing_content_type_is_an_error() -> None:
    connection = Connection(URL)
    connected(connection)
    error = refused(connection, answer(200)).cause
    assert isinstance(error, ContentTypeError)
    assert "missing" in str(error)


@pytest.mark.parametrize(("values", "is_stream"), [
    (("text/html", "text/event-stream"), True),
    (("text/event-stream", "text/html"), False),
    (("text/event-stream", "nonsense"), True),
    (("text/event-stream", "*/*"), True),
    (("text/event-stream", ""), True),
])  # fmt: skip
def test_the_last_valid_content_type_counts(values: tuple[str, str], is_stream: bool) -> None:
    connection = Connection(URL)
    connected(connection)
    names = ("content-type", "CONTENT-TYPE")
    step = connection.respond(Response(200, zip(names, values, strict=True)))
    assert isinstance(step, Read if is_stream else ReadBody)


def test_204_ends_the_stream_without_an_error() -> None:
    connection = Connection(URL)
    connected(connection)
    assert connection.respond(answer(204, Content_Type="text/event-stream")) == Stop(None)


# HTTP clients handle 1xx themselves. If one is reported all the same, it is an error too.
ERRORS = [
    *range(100, 104),
    201,
    202,
    203,
    205,
    206,
    207,
    226,
    300,
    304,
    305,
    306,
    *range(400, 418),
    *range(500, 512),
    599,
    999,
]


@pytest.mark.parametrize("status", ERRORS)
def test_any_other_status_is_an_error(status: int) -> None:
    connection = Connection(URL)
    connected(connection)
    response = answer(status, Content_Type="text/event-stream", X_Request_ID="a1")
    error = refused(connection, response, b"data: no\n\n").cause
    assert type(error) is HTTPStatusError
    assert (error.status, error.header("x-request-id"), error.body) == (status, "a1", b"data: no\n\n")
    assert error.headers == response.headers
    assert error.retry_after is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_without_location_is_a_redirect_error(status: int) -> None:
    connection = Connection(URL)
    connected(connection)
    error = refused(connection, answer(status, Content_Type="text/event-stream"), b"moved").cause
    assert type(error) is RedirectError
    assert (error.status, error.body, error.url) == (status, b"moved", URL)


def test_the_last_header_of_a_name_in_any_case_counts() -> None:
    response = Response(200, [("X-A", "1"), ("x-a", "2"), ("X-B", "3")])
    assert (response.header("X-a"), response.header("x-B"), response.header("x-c")) == ("2", "3", None)


def test_headers_given_as_bytes_keep_every_byte() -> None:
    as_bytes = [(b"Content-Type", b"text/event-stream"), (b"X-Name", b"Zo\xc3\xab")]
    response = Response(200, as_bytes, URL)
    assert response == Response(200, [("Content-Type", "text/event-stream"), ("X-Name", "Zo\xc3\xab")], URL)
    connection = Connection(URL)
    connected(connection)
    assert connection.respond(response) == Read()


@given(st.text(st.characters(max_codepoint=255)))
def test_any_content_type_is_classified(value: str) -> None:
    connection = Connection(URL)
    connected(connection)
    assert isinstance(connection.respond(answer(200, Content_Type=value)), (Read, ReadBody))


def test_a_list_header_is_joined_over_all_its_fields() -> None:
    response = Response(200, [("Vary", "a"), ("X-Other", "b"), ("vary", "c, d")])
    assert response.joined("VARY") == "a, c, d"
    assert response.joined("X-Missing") is None
