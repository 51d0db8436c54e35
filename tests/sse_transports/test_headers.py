"""Request headers: the caller's win over the defaults, may be fresh for each attempt, and are validated."""

from __future__ import annotations

import pytest

from sse_core import (
    HTTPStatusError,
    InvalidArgument,
    ReadyState,
    SSEError,
)
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import (
    QUICK,
    Rejected,
    data,
    one_and_silence,
    one_then_no_more,
)

pytestmark = pytest.mark.usefixtures("every_client")


def test_the_callers_headers_win_and_are_not_changed() -> None:
    headers = {"accept": "text/event-stream, */*", "User-Agent": "mine", "X-Name": " Zoë€\t"}
    before = dict(headers)
    with SSEServer(one_then_no_more) as server:
        with EventSource(server.url, headers=headers, retry=QUICK) as source:
            assert data(source) == ["a"]
        assert headers == before
        for call in server.calls:
            assert call.headers["accept"] == b"text/event-stream, */*"
            assert call.headers["user-agent"] == b"mine"
            assert call.headers["x-name"] == "Zoë€".encode()


def test_the_standards_headers_are_sent() -> None:
    with SSEServer(one_then_no_more) as server:
        with EventSource(server.url, retry=QUICK) as source:
            assert data(source) == ["a"]
        headers = server.calls[0].headers
        assert headers["accept"] == b"text/event-stream"
        assert headers["cache-control"] == b"no-cache"
        assert headers["user-agent"].startswith(b"sse-core/")
        assert "last-event-id" not in headers


def test_the_callers_content_type_wins() -> None:
    def answer(call: Call) -> None:
        call.respond()

    with SSEServer(answer) as server:
        own = {"content-type": "application/vnd.x+json"}
        with EventSource(server.url, method="POST", json={"a": "€"}, headers=own) as source:
            assert data(source) == []
        assert server.calls[0].headers["content-type"] == b"application/vnd.x+json"
        assert server.calls[0].body == '{"a":"€"}'.encode()


def test_the_headers_function_is_called_for_each_attempt() -> None:
    tokens = iter(["stale", "fresh"])

    def headers() -> dict[str, str]:
        return {"Authorization": f"Bearer {next(tokens)}"}

    def answer(call: Call) -> None:
        if call.headers["authorization"] == b"Bearer fresh":
            call.respond(body=b"data: a\n\ndata: end\n\n")
        else:
            call.respond(401, [])

    def on_error(error: SSEError) -> float | None:
        return 0.0 if isinstance(error, HTTPStatusError) and error.status == 401 else None

    with SSEServer(answer) as server:
        source = EventSource(server.url, headers=headers, on_error=on_error, until="end")
        assert data(source) == ["a"]
        assert len(server.calls) == 2


def test_an_error_of_the_headers_function_is_raised() -> None:
    calls = []

    def headers() -> dict[str, str]:
        calls.append(1)
        if len(calls) > 1:
            raise Rejected
        return {}

    with SSEServer(one_then_no_more) as server:
        source = EventSource(server.url, headers=headers, retry=QUICK)
        assert next(source).data == "a"
        with pytest.raises(Rejected):
            next(source)
        assert source.ready_state is ReadyState.CLOSED
        with pytest.raises(Rejected):
            next(source)
        assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"X-Value": "a\r\nb: c"}, "X-Value"),
        ({"X-Value": "a\0"}, "X-Value"),
        ({"X-Value": "\ud800"}, "X-Value"),
        ({"X-Value": 7}, "X-Value"),
        ({"X Name": "a"}, "headers"),
        ({"": "a"}, "headers"),
        ({"X-Näme": "a"}, "headers"),
        ({"X:": "a"}, "headers"),
        ({7: "a"}, "headers"),
    ],
)
@pytest.mark.parametrize("as_function", [False, True], ids=["mapping", "function"])
def test_headers_that_cannot_be_sent_are_refused(
    headers: dict[str, str], name: str, as_function: bool
) -> None:
    with SSEServer(one_and_silence) as server:
        if as_function:
            source = EventSource(server.url, headers=lambda: headers)
            with pytest.raises(InvalidArgument, match=name):
                next(source)
            assert source.ready_state is ReadyState.CLOSED
        else:
            with pytest.raises(InvalidArgument, match=name):
                EventSource(server.url, headers=headers)
        assert server.calls == []


def test_a_mapping_is_read_at_each_attempt() -> None:
    headers = {"X-Token": "1"}
    with SSEServer(one_then_no_more) as server:
        with EventSource(server.url, headers=headers, retry=QUICK) as source:
            assert next(source).data == "a"
            headers["X-Token"] = "2"
            assert data(source) == []
        assert [call.headers["x-token"] for call in server.calls] == [b"1", b"2"]
