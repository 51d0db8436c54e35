"""`at_end` and `default_type`: what a source does with an unfinished event, and with an unnamed one."""

from __future__ import annotations

import pytest

from sse_core import IncompleteStream
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import QUICK, data

pytestmark = pytest.mark.usefixtures("every_client")


def one_and_a_half(call: Call) -> None:
    if call.number == 0:
        call.respond(body=b"id: 1\ndata: a\n\nevent: message\nid: 2\ndata: b\n")
    else:
        call.respond(204, [])


@pytest.mark.parametrize(("at_end", "expected"), [("drop", ["a"]), ("dispatch", ["a", "b"])])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unfinished_event_is_dropped_or_yielded(at_end: str, expected: list[str], method: str) -> None:
    with (
        SSEServer(one_and_a_half) as server,
        EventSource(server.url, method=method, at_end=at_end, retry=QUICK) as source,  # type: ignore[call-overload]
    ):
        assert data(source) == expected
        assert source.last_event_id == str(len(expected))


@pytest.mark.parametrize(("method", "at_end"), [("POST", None), ("POST", "raise"), ("GET", "raise")])
def test_an_unfinished_event_raises(method: str, at_end: str | None) -> None:
    with SSEServer(one_and_a_half) as server:
        source = EventSource(server.url, method=method, at_end=at_end, retry=QUICK)  # type: ignore[arg-type]
        assert next(source).data == "a"
        with pytest.raises(IncompleteStream, match="data: b"):
            next(source)


def test_a_feed_resumes_after_an_unfinished_event_by_default() -> None:
    with SSEServer(one_and_a_half) as server, EventSource(server.url, retry=QUICK) as source:
        assert data(source) == ["a"]
        assert server.calls[1].headers["last-event-id"] == b"1"


@pytest.mark.parametrize("default_type", ["message", "", "update"])
def test_an_unnamed_event_has_the_default_type(default_type: str) -> None:
    with (
        SSEServer(one_and_a_half) as server,
        EventSource(
            server.url, method="POST", at_end="dispatch", default_type=default_type, retry=QUICK
        ) as source,
    ):
        assert [event.event for event in source] == [default_type, "message"]
