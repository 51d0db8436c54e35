"""open() and response: a connection that is checked before the first event is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from sse_core import HTTPStatusError, ReadyState, Response, SSEError
from sse_transports import EventSource, FileStore
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import QUICK, data, one_and_silence, three_and_silence

pytestmark = pytest.mark.usefixtures("every_client")


def test_open_returns_when_the_stream_is_open() -> None:
    with SSEServer(one_and_silence) as server, EventSource(server.url) as source:
        assert EventSource(server.url).response is None
        source.open()
        assert source.ready_state is ReadyState.OPEN
        response = source.response
        assert isinstance(response, Response)
        assert (response.status, response.url) == (200, f"{server.url}/")
        assert response.headers["content-type"] == "text/event-stream"
        source.open()
        assert next(source).data == "a"
        assert len(server.calls) == 1


def test_open_raises_the_error_of_the_response() -> None:
    def unauthorized(call: Call) -> None:
        call.respond(401, [("X-Request-Id", "r1"), ("Content-Length", "2")], b"no")

    with SSEServer(unauthorized) as server, EventSource(server.url) as source:
        with pytest.raises(HTTPStatusError) as caught:
            source.open()
        assert (caught.value.status, caught.value.body) == (401, b"no")
        assert caught.value.headers["x-request-id"] == "r1"
        assert source.response is None
        with pytest.raises(HTTPStatusError):
            source.open()


def test_open_follows_the_retry_policy() -> None:
    def busy_once(call: Call) -> None:
        if call.number == 0:
            call.respond(503, [("Content-Length", "0")])
        else:
            one_and_silence(call)

    with SSEServer(busy_once) as server:
        with EventSource(server.url, retry=None) as source, pytest.raises(HTTPStatusError):
            source.open()
        with EventSource(server.url, retry=QUICK) as source:
            source.open()
            assert source.ready_state is ReadyState.OPEN


def test_open_returns_at_204_and_when_closed() -> None:
    with SSEServer(lambda call: call.respond(204, [])) as server:
        source = EventSource(server.url)
        source.open()
        assert source.ready_state is ReadyState.CLOSED
        assert source.response is None
        assert data(source) == []
        closed = EventSource(server.url)
        closed.close()
        closed.open()
        assert len(server.calls) == 1


def test_open_keeps_events_that_were_not_asked_for_yet() -> None:
    def two_at_once(call: Call) -> None:
        if call.number == 0:
            call.respond(body=b"data: a\n\ndata: b\n\n")
        else:
            call.respond(204, [])

    with SSEServer(two_at_once) as server, EventSource(server.url, retry=QUICK) as source:
        received = [next(source).data]
        source.open()
        assert received + data(source) == ["a", "b"]


def test_open_saves_no_event_that_is_still_processed(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "id")
    with SSEServer(three_and_silence) as server, EventSource(server.url, store=store) as source:
        next(source)
        source.open()
        assert store.load() == ""
        next(source)
        assert store.load() == "1"


def test_open_keeps_the_id_before_the_events_of_a_paused_stream() -> None:
    with SSEServer(three_and_silence) as server, EventSource(server.url) as source:
        next(source)
        source.pause()
        source.open()
        assert source.last_event_id == "1"
        assert [next(source).data, next(source).data] == ["b", "c"]


def test_the_response_stays_while_there_is_no_connection() -> None:
    def once(call: Call) -> None:
        if call.number == 0:
            call.respond(200, [("Content-Type", "text/event-stream"), ("X-Id", "first")], b"data: a\n\n")
        else:
            call.respond(404, [("X-Id", "second"), ("Content-Length", "0")])

    errors: list[SSEError] = []
    with SSEServer(once) as server, EventSource(server.url, retry=QUICK, on_error=errors.append) as source:
        with pytest.raises(HTTPStatusError):
            list(source)
        response = source.response
        assert response is not None
        assert response.headers["x-id"] == "first"
