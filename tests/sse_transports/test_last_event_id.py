"""`last_event_id`: a program that saves it and resumes from it later misses no event."""

from __future__ import annotations

import pytest

from sse_core import Event
from sse_transports import EventSource
from sse_transports.testing import Call, Script, SSEServer
from tests.sse_transports.reading import Reading
from tests.sse_transports.waiting import eventually

pytestmark = pytest.mark.usefixtures("every_client")


def test_last_event_id_is_that_of_the_yielded_event() -> None:
    def three_at_once(call: Call) -> None:
        call.respond(body=b"id: 1\ndata: a\n\ndata: b\n\nid: 3\ndata: c\n\n")
        call.wait_until_gone()

    with SSEServer(three_at_once) as server:
        source = EventSource(server.url, last_event_id="0")
        assert source.last_event_id == "0"
        ids = [(next(source).data, source.last_event_id) for _ in range(3)]
        assert ids == [("a", "1"), ("b", "1"), ("c", "3")]
        with Reading(source) as reading:
            reading.until_it_reads()
            assert source.last_event_id == "3"
        assert source.last_event_id == "3"


def test_reconnection_time_survives_reconnects() -> None:
    script: Script = [[b"retry: 7\n\n", Event("a")], [Event("b")], [204]]
    with SSEServer(script) as server, EventSource(server.url) as source:
        assert [source.reconnection_time, *(source.reconnection_time for _ in source)] == [None, 7, 7]


def test_an_id_without_data_counts_after_earlier_events() -> None:
    def id_without_data(call: Call) -> None:
        call.respond(body=b"id: 1\ndata: a\n\nid: 2\n\n")
        call.wait_until_gone()

    with SSEServer(id_without_data) as server:
        source = EventSource(server.url)
        assert next(source).data == "a"
        assert source.last_event_id == "1"
        with Reading(source):
            eventually(lambda: source.last_event_id == "2", "the ID counts")


def test_ids_after_the_until_event_do_not_count() -> None:
    def event_after_done(call: Call) -> None:
        call.respond(body=b"id: 1\ndata: a\n\nid: 2\ndata: [DONE]\n\nid: 3\ndata: c\n\n")
        call.wait_until_gone()

    with SSEServer(event_after_done) as server, EventSource(server.url, until="[DONE]") as source:
        assert [event.data for event in source] == ["a"]
        assert source.last_event_id == "1"
        assert next(source, None) is None
        assert source.last_event_id == "1"
