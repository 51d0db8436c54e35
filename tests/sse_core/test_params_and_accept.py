"""params= in the URL's query, accept= of content types, and a last event ID that is set."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from sse_core import Connection, ContentTypeError, Event, InvalidArgument, Parser, Read, Response
from tests.sse_core.driving import URL, answer, connected, opened, received, refused

# There, `json` of the standard library overflows the stack of WebAssembly, which ends the process.
NOT_ON_PYODIDE = pytest.mark.skipif(sys.platform == "emscripten", reason="deep JSON ends Pyodide")

BASE = "https://example.com/feed"

# As httpx encodes them; a test of the transports compares that.
PARAMS: list[tuple[Any, str]] = [
    ({"a": "b"}, "a=b"),
    (
        {"a": "x y&=+/?#%", "é": "日本"},
        "a=x+y%26%3D%2B%2F%3F%23%25&%C3%A9=%E6%97%A5%E6%9C%AC",
    ),
    (
        {"n": 1, "f": 1.5, "t": True, "o": False, "none": None, "empty": ""},
        "n=1&f=1.5&t=true&o=false&none=&empty=",
    ),
    ({"list": ["a", 2, None], "tuple": (True, "x")}, "list=a&list=2&list=&tuple=true&tuple=x"),
    ([("a", "1"), ("a", "3"), ("b", "2")], "a=1&a=3&b=2"),
    ({"~": "-._~*", "(": "'!)"}, "~=-._~%2A&%28=%27%21%29"),
]


@pytest.mark.parametrize(("params", "query"), PARAMS, ids=repr)
def test_params_are_encoded(params: Any, query: str) -> None:
    assert Connection(BASE, params=params).connect().request.url == f"{BASE}?{query}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BASE, f"{BASE}?a=1"),
        ("https://example.com", "https://example.com/?a=1"),
        (f"{BASE}?", f"{BASE}?a=1"),
        (f"{BASE}?b=2", f"{BASE}?b=2&a=1"),
        (f"{BASE}?b=2&", f"{BASE}?b=2&a=1"),
        (f"{BASE}?a=0#part", f"{BASE}?a=0&a=1"),
    ],
)
def test_params_come_after_the_query_of_the_url(url: str, expected: str) -> None:
    connection = Connection(url, params={"a": 1})
    assert (connection.connect().request.url, connection.url) == (expected, expected)


@pytest.mark.parametrize("params", [None, {}, [], {"a": []}])
def test_without_params_the_url_stays(params: Any) -> None:
    assert Connection(f"{BASE}?b=2", params=params).url == f"{BASE}?b=2"


@pytest.mark.parametrize(
    "params", [7, ["ab", 3], [("a",)], {"a": {}}, {"a": b"x"}, {"a": [[]]}, {7: "x"}, {"\ud800": "x"}]
)
def test_params_of_another_kind_are_refused(params: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(BASE, params=params)
    assert caught.value.name == "params"


# accept


NDJSON = ("application/x-ndjson", "text/event-stream", None)


@pytest.mark.parametrize("content_type", ["application/x-ndjson; charset=utf-8", "TEXT/event-stream"])
def test_each_content_type_of_accept_counts(content_type: str) -> None:
    connection = Connection(URL, accept=NDJSON)
    connected(connection)
    assert connection.respond(answer(200, Content_Type=content_type)) == Read()


def test_none_accepts_a_missing_content_type_but_not_an_invalid_one() -> None:
    connection = Connection(URL, accept=NDJSON)
    connected(connection)
    assert connection.respond(answer(200)) == Read()
    for value in ("nonsense", ""):
        connection = Connection(URL, accept=NDJSON)
        connected(connection)
        assert isinstance(refused(connection, answer(200, Content_Type=value)).cause, ContentTypeError)


def test_a_type_that_is_left_out_does_not_count() -> None:
    connection = Connection(URL, accept=["text/plain"])
    connected(connection)
    assert isinstance(
        refused(connection, answer(200, Content_Type="text/event-stream")).cause, ContentTypeError
    )


@pytest.mark.parametrize(
    ("accept", "header"),
    [
        (("text/event-stream",), "text/event-stream"),
        (NDJSON, "application/x-ndjson, text/event-stream"),
        ((None,), "*/*"),
        (["Text/Plain;q=1"], "text/plain"),
    ],
)
def test_the_accept_header_follows(accept: Any, header: str) -> None:
    assert Connection(URL, accept=accept).connect().request.header("Accept") == header
    own = Connection(URL, accept=accept).connect({"accept": "x/y"}).request
    assert own.headers.get_all("Accept") == ["x/y"]


@pytest.mark.parametrize("accept", ["text/event-stream", b"", None, 7, (), ("text",), (7,), ("*/*",)])
def test_what_is_no_content_type_is_refused(accept: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(URL, accept=accept)
    assert caught.value.name == "accept"


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b'{"a": 1}\n{"b": 2}\n', "lines of JSON"),
        (b'{"a": 1}\r\n{"b": 2}\r\n{"c', "lines of JSON"),
        (b'{"error": "no"}\n', None),
        (b'{\n"error": "no"}', None),
        (b"1\n2\n", None),
        pytest.param(b"[" * 9000 + b"\n{}", None, marks=NOT_ON_PYODIDE),
        (b"<html>\n<p>", None),
        (b"", None),
        (b"data: a\n\n", "looks like an event stream"),
        (b"id: 1\nevent: b\n", "looks like an event stream"),
        (b'\xff\n{"a": 1}', None),
    ],
)
def test_the_error_names_what_the_body_looks_like(body: bytes, hint: str | None) -> None:
    text = str(ContentTypeError(200, [("Content-Type", "application/json")], body))
    assert ("the body" in text) is (hint is not None)
    assert (hint or "") in text


# The last event ID.


def test_a_last_event_id_can_be_set() -> None:
    connection = opened(Connection(URL, last_event_id="1"))
    received(connection, b"id: 2\ndata: a\n\n")
    connection.last_event_id = "9"
    assert connection.connect().request.header("Last-Event-ID") == "9"
    connection.respond(Response(200, [("Content-Type", "text/event-stream")]))
    assert received(connection, b"data: b\n\n").events == [Event("b", id="9")]


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_one_begins_anew(value: str | None) -> None:
    assert Connection(URL, last_event_id=value).connect().request.header("Last-Event-ID") is None
    assert Parser(last_event_id=value).last_event_id == ""
    connection = opened(Connection(URL))
    received(connection, b"id: 2\ndata: a\n\n")
    connection.last_event_id = value
    # Neither does a header of the caller's take it back to where it began.
    request = connection.connect({"Last-Event-ID": "1"}).request
    assert request.header("Last-Event-ID") is None


@pytest.mark.parametrize("value", ["a\nb", 7, "\ud800"])
def test_an_invalid_one_changes_nothing(value: Any) -> None:
    connection = Connection(URL, last_event_id="1")
    with pytest.raises(InvalidArgument, match="last_event_id"):
        connection.last_event_id = value
    assert connection.last_event_id == "1"


def test_what_was_received_is_counted() -> None:
    connection = opened(Connection(URL))
    received(connection, b"data: a\n\ndata: b\n\n: c\n")
    received(connection, b"data")
    assert (connection.bytes_received, connection.events_received) == (26, 2)


def test_the_response_of_the_last_stream_stays() -> None:
    assert Connection(URL).response is None
    connection = opened(Connection(URL))
    stream = connection.response
    assert stream is not None
    connection.end()
    connection.decide(monotonic=0.0, random=0.0)
    connected(connection)
    refused(connection, answer(503))
    assert connection.response is stream
