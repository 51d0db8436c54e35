"""State changes reach on_state and the log."""

from __future__ import annotations

import logging

import pytest

from sse_core import (
    Closed,
    Connecting,
    Disconnected,
    HTTPStatusError,
    Opened,
    ReadError,
    ReadyState,
    StateChange,
    Waiting,
)
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import (
    QUICK,
    Rejected,
    data,
    one_then_no_more,
    until_all_gone,
)

pytestmark = pytest.mark.usefixtures("every_client")


def test_on_state_gets_every_change() -> None:
    changes: list[StateChange] = []

    def answer(call: Call) -> None:
        if call.number == 0:
            call.send(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100\r\n\r\n"
                b"id: 1\ndata: a\n\ndata: b\n\ndata: half"
            )
        elif call.number == 1:
            call.respond(503, [("Content-Length", "0")])
        else:
            call.respond(204, [])

    with SSEServer(answer) as server:
        with EventSource(server.url, retry=QUICK, on_state=changes.append) as source:
            assert data(source) == ["a", "b"]
        url = f"{server.url}/"
    seen = [(type(change), change.attempt, type(change.cause), change.delay) for change in changes]
    nothing = type(None)
    assert seen == [
        (Connecting, 1, nothing, None),
        (Opened, 1, nothing, None),
        (Disconnected, 1, ReadError, None),
        (Waiting, 1, ReadError, 0.01),
        (Connecting, 1, nothing, None),
        (Disconnected, 1, HTTPStatusError, None),
        (Waiting, 2, HTTPStatusError, 0.02),
        (Connecting, 2, nothing, None),
        (Closed, 2, nothing, None),
    ]
    lost = changes[2]
    assert (lost.url, lost.last_event_id, lost.pending) == (url, "1", len(b"data: half"))
    assert (lost.events_received, lost.bytes_received) == (2, len(b"id: 1\ndata: a\n\ndata: b\n\ndata: half"))


@pytest.mark.parametrize("kind", [Connecting, Opened, Disconnected, Waiting, Closed])
def test_an_error_of_on_state_surfaces_and_closes(kind: type[StateChange]) -> None:
    def on_state(change: StateChange) -> None:
        if type(change) is kind:
            raise Rejected

    with SSEServer(one_then_no_more) as server:
        source = EventSource(server.url, retry=QUICK, on_state=on_state)
        with pytest.raises(Rejected):
            list(source)
        until_all_gone(server)
        assert source.ready_state is ReadyState.CLOSED


# The log.


def log_records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "sse_transports"]


def test_the_log_has_every_change_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    def answer(call: Call) -> None:
        if call.number == 0:
            call.respond(503, [("Content-Length", "5"), ("X-Secret", "s3cr3t")], b"later")
        else:
            one_then_no_more(call)

    changes: list[StateChange] = []
    caplog.set_level(logging.DEBUG, "sse_transports")
    with SSEServer(answer) as server:
        url = server.url.replace("//", "//user:s3cr3t@") + "/path?key=s3cr3t"
        with EventSource(
            url,
            headers={"X-Token": "s3cr3t", "Cookie": "s3cr3t"},
            retry=QUICK,
            on_state=changes.append,
        ) as source:
            assert data(source) == []
            assert "s3cr3t" not in repr(source)
        shown_url = f"{server.url}/path?…"
    records = log_records(caplog)
    assert [record.__dict__["sse_change"] for record in records] == changes
    for record in records:
        text = record.getMessage()
        assert shown_url in text
        assert "s3cr3t" not in text


def test_failures_are_logged_as_info_the_rest_as_debug(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "sse_transports")
    with SSEServer(one_then_no_more) as server, EventSource(server.url, retry=QUICK) as source:
        assert data(source) == ["a"]
    levels = [(type(record.__dict__["sse_change"]), record.levelno) for record in log_records(caplog)]
    assert levels == [
        (Connecting, logging.DEBUG),
        (Opened, logging.DEBUG),
        (Disconnected, logging.INFO),
        (Waiting, logging.INFO),
        (Connecting, logging.DEBUG),
        (Closed, logging.DEBUG),
    ]


def test_server_text_cannot_forge_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    def answer(call: Call) -> None:
        call.respond(400, [("Content-Length", "12")], b"bad\nCRITICAL")

    caplog.set_level(logging.DEBUG, "sse_transports")
    with SSEServer(answer) as server, pytest.raises(HTTPStatusError):
        next(EventSource(server.url))
    records = log_records(caplog)
    assert any("CRITICAL" in record.getMessage() for record in records)
    assert not any("\n" in record.getMessage() for record in records)
