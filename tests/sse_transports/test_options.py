"""params, accept, a last event ID that is set, and counters, with every client."""

from __future__ import annotations

import threading

import pytest

from sse_core import ContentTypeError
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import QUICK, data, one_then_no_more
from tests.sse_transports.waiting import until_set

pytestmark = pytest.mark.usefixtures("every_client")


def test_params_are_sent_with_every_attempt() -> None:
    with SSEServer(one_then_no_more) as server:
        source = EventSource(f"{server.url}/feed?a=1", params={"b": ["x y", "2"]}, retry=QUICK)
        assert source.url == f"{server.url}/feed?a=1&b=x+y&b=2"
        assert data(source) == ["a"]
        assert [call.path for call in server.calls] == ["/feed?a=1&b=x+y&b=2"] * 2


def test_accept_decides_which_content_types_count() -> None:
    def plain(call: Call) -> None:
        call.respond(200, [("Content-Type", "text/plain")], b"data: a\n\n")

    with SSEServer(plain) as server:
        accept = ("text/event-stream", "text/plain")
        assert data(EventSource(server.url, accept=accept, retry=None)) == ["a"]
        assert server.calls[0].headers["accept"] == b"text/event-stream, text/plain"
        with pytest.raises(ContentTypeError, match="looks like an event stream"):
            data(EventSource(server.url))


def test_none_in_accept_takes_a_response_without_a_content_type() -> None:
    with SSEServer(lambda call: call.respond(200, [], b"data: a\n\n")) as server:
        assert data(EventSource(server.url, accept=[None], retry=None)) == ["a"]


def test_setting_the_last_event_id_begins_anew() -> None:
    go_on = threading.Event()

    def feed(call: Call) -> None:
        call.respond(body=b"id: %d\ndata: a\n\n" % (call.number + 1))
        until_set(go_on, "the test is over")

    with SSEServer(feed) as server, EventSource(server.url, last_event_id=None) as source:
        for value in ("", None, "9"):
            next(source)
            source.last_event_id = value
            assert source.last_event_id == (value or "")
            source.reconnect()
        next(source)
        assert [call.last_event_id for call in server.calls] == ["", "", "", "9"]
        assert source.last_event_id == "4"
        go_on.set()


def test_bytes_and_events_are_counted_as_they_arrive() -> None:
    with SSEServer(one_then_no_more) as server, EventSource(server.url, retry=QUICK) as source:
        assert (source.bytes_received, source.events_received) == (0, 0)
        next(source)
        assert (source.bytes_received, source.events_received) == (15, 1)
        assert data(source) == []
        assert (source.bytes_received, source.events_received) == (15, 1)
