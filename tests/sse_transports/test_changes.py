"""State changes reach on_state and the log."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys

import pytest

from sse_core import (
    Closed,
    Connecting,
    Disconnected,
    HTTPStatusError,
    Opened,
    ReadError,
    ReadyState,
    RetryPolicy,
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
from tests.sse_transports.waiting import DEADLINE

pytestmark = pytest.mark.usefixtures("every_client")

SLOW_ENOUGH = RetryPolicy(initial_delay=0.1, min_delay=0.0, jitter=0.0)
"""Waits that differ in the log."""


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
        host = server.url.removeprefix("http://")
    records = log_records(caplog)
    assert [record.__dict__["sse_change"] for record in records] == changes
    for record in records:
        text = record.getMessage()
        assert (host if record.levelno == logging.WARNING else shown_url) in text
        assert "s3cr3t" not in text


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log_records(caplog) if record.levelno == logging.WARNING]


def test_each_failure_that_is_retried_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    def answer(call: Call) -> None:
        match call.number:
            case 0:
                call.reset()
            case 1:
                call.respond(503, [("Content-Length", "5")], b"later")
            case 2:
                call.respond(body=b"data: a\n\n")
                call.reset()
            case _:
                call.respond(204, [])

    with SSEServer(answer) as server, EventSource(server.url, retry=SLOW_ENOUGH) as source:
        assert data(source) == ["a"]
        host = server.url.removeprefix("http://")
    refused, busy, lost = warnings_of(caplog)
    assert refused.startswith(f"{host}: ")
    assert host not in refused.removeprefix(host)
    assert refused.endswith("; retry in 0.1 s, attempt 2")
    assert busy == f"{host}: HTTP status 503 instead of 200: 'later'; retry in 0.2 s, attempt 3"
    assert lost.startswith(f"{host}: ")
    assert lost.endswith("; retry in 0.1 s, attempt 1")


def test_a_clean_end_and_a_raised_error_are_no_warnings(caplog: pytest.LogCaptureFixture) -> None:
    def answer(call: Call) -> None:
        if call.number < 3:
            call.respond(body=b"id: 1\ndata: a\n\n" * call.number)
        else:
            call.respond(404, [])

    caplog.set_level(logging.DEBUG, "sse_transports")
    with SSEServer(answer) as server, pytest.raises(HTTPStatusError):
        list(EventSource(server.url, retry=QUICK))
    assert log_records(caplog) != []
    assert warnings_of(caplog) == []


def test_urls_that_a_server_quotes_are_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    def answer(call: Call) -> None:
        if call.number == 0:
            body = b"cannot reach http://user:s3cr3t@there.example/x?token=s3cr3t now"
            call.respond(503, [("Content-Length", str(len(body)))], body)
        else:
            one_then_no_more(call)

    caplog.set_level(logging.DEBUG, "sse_transports")
    with SSEServer(answer) as server, EventSource(server.url, retry=QUICK) as source:
        assert data(source) == []
    (warning,) = warnings_of(caplog)
    assert "cannot reach http://there.example/x?… now" in warning
    assert "s3cr3t" not in caplog.text


def test_other_failures_are_logged_as_info_the_rest_as_debug(
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


# Without a line about logging in the program.

PROGRAM = """
import sys
from sse_core import RetryPolicy, SSEError
from sse_transports import EventSource
policy = RetryPolicy(initial_delay=0.01, min_delay=0.0, max_attempts=2)
try:
    print([event.data for event in EventSource(sys.argv[1], retry=policy)])
except SSEError as error:
    print(type(error).__name__)
"""


def run_program(url: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, url], capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    return done.stdout.strip(), done.stderr


def test_a_program_without_logging_shows_failures_on_stderr() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    output, errors = run_program(f"http://127.0.0.1:{port}/?key=s3cr3t")
    assert output == "RetriesExhausted"
    (line,) = errors.splitlines()
    assert line.startswith(f"127.0.0.1:{port}: ")
    assert line.endswith("; retry in 0.0 s, attempt 2")


def test_a_program_without_logging_is_quiet_about_a_healthy_feed() -> None:
    with SSEServer(one_then_no_more) as server:
        assert run_program(server.url) == ("['a']", "")
