"""What on_error gets, and the warning that a stream without IDs begins again."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import pytest

from sse_core import (
    ConnectError,
    Event,
    EventTooLarge,
    HTTPStatusError,
    IdleTimeout,
    IncompleteStream,
    ReadError,
    RetryPolicy,
    SSEError,
)
from sse_transports import EventSource
from sse_transports.testing import Cut, Refuse, ScriptedTransport, SSEServer, Stall, Steps
from tests.sse_transports.small_servers import QUICK, data

URL = "https://feed.test/"

CASES: list[tuple[Steps, dict[str, Any], list[type[SSEError]]]] = [
    ([Event("a"), Cut()], {}, [ReadError]),
    ([Event("a"), Cut()], {"method": "POST"}, [IncompleteStream]),
    ([Refuse()], {}, [ConnectError]),
    ([Refuse()], {"method": "POST"}, [ConnectError]),
    ([503], {}, [HTTPStatusError]),
    ([401], {}, [HTTPStatusError]),
    ([Event("a"), Stall()], {"idle_timeout": 5}, [IdleTimeout]),
    ([b"data: " + 2000 * b"x"], {"max_event_size": 100}, [EventTooLarge]),
    # A clean end is none, but inside an event it is.
    ([Event("a")], {}, []),
    ([Event("a"), b"data: b"], {}, [IncompleteStream]),
    ([Event("a"), b"data: b"], {"method": "POST"}, [IncompleteStream]),
    ([Event("a"), b"data: b"], {"at_end": "raise"}, [IncompleteStream]),
    ([Event("a"), b"data: b"], {"at_end": "drop"}, []),
    ([Event("a"), b"data: b"], {"at_end": "dispatch"}, []),
    ([Event("a")], {"method": "POST", "until": "end"}, [IncompleteStream]),
    # What is no error of a connection.
    ([503], {"retry": RetryPolicy(max_attempts=1)}, [HTTPStatusError]),
    ([Event("a"), Stall()], {"total_timeout": 5}, []),
]


@pytest.mark.parametrize(("steps", "options", "expected"), CASES)
def test_on_error_gets_what_ended_a_connection(
    steps: Steps, options: dict[str, Any], expected: list[type[SSEError]]
) -> None:
    errors: list[SSEError] = []
    transport = ScriptedTransport([steps, [204]])
    with (
        EventSource(URL, on_error=errors.append, transport=transport, **options) as source,
        contextlib.suppress(SSEError),
    ):
        data(source)
    assert list(map(type, errors)) == expected


def test_on_error_may_raise_when_a_stream_that_is_resumed_ends_inside_an_event() -> None:
    def strict(error: SSEError) -> None:
        raise error

    transport = ScriptedTransport([[Event("a"), b"data: b"]])
    with (
        EventSource(URL, on_error=strict, transport=transport) as source,
        pytest.raises(IncompleteStream) as caught,
    ):
        data(source)
    assert caught.value.pending == 7


# The warning.


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if "IDs" in message]


@pytest.mark.usefixtures("every_client")
def test_a_stream_without_ids_that_begins_again_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with SSEServer([[Event("a")], [Event("a")], [Event("a")], [204]]) as server:
        assert data(EventSource(server.url, retry=QUICK)) == ["a", "a", "a"]
        host = server.url.removeprefix("http://")
    assert warnings_of(caplog) == [f"{host}: this stream has no IDs; it begins again"]
    record = next(record for record in caplog.records if "IDs" in record.message)
    assert (record.name, record.levelno) == ("sse_transports", logging.WARNING)
    assert vars(record)["sse_change"].events_received == 1


@pytest.mark.parametrize(
    "script",
    [
        [[Event("a", id="1")], [Event("b", id="2")], [204]],
        [[], [Event("a")], [204]],
        [[Event("a")], [204]],
        [[503], [Event("a")], [204]],
    ],
    ids=["with IDs", "without events before", "204", "after an error"],
)
def test_nothing_is_logged_if_nothing_begins_again(
    script: list[Steps], caplog: pytest.LogCaptureFixture
) -> None:
    with EventSource(URL, transport=ScriptedTransport(script)) as source:
        data(source)
    assert warnings_of(caplog) == []


def test_nothing_is_logged_if_the_requests_are_prepared(caplog: pytest.LogCaptureFixture) -> None:
    transport = ScriptedTransport([[Event("a")], [Event("b")], [204]])
    with EventSource(URL, prepare=lambda request, _attempt: request, transport=transport) as source:
        assert data(source) == ["a", "b"]
    assert warnings_of(caplog) == []
