"""completed tells a stream that has ended from a source that was stopped."""

from __future__ import annotations

import pytest

from sse_core import IncompleteStream, RetryPolicy
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import data, one_and_silence, one_then_no_more

pytestmark = pytest.mark.usefixtures("every_client")

ONCE = RetryPolicy(reconnect_on_close=False)


def two(call: Call) -> None:
    call.respond(body=b"data: a\n\ndata: b\n\ndata: end\n\n")


@pytest.mark.parametrize(
    "options",
    [
        {"until": "end"},
        {"until": lambda event: event.data == "end"},
        {"retry": ONCE},
        {"retry": None},
        {"method": "POST"},
    ],
    ids=["until", "function", "not resumed", "no retry", "POST"],
)
def test_it_is_true_after_the_end(options: dict[str, object]) -> None:
    with SSEServer(two) as server:
        source = EventSource(server.url, **options)  # type: ignore[call-overload]
        assert not source.completed
        next(source)
        assert not source.completed
        assert data(source)[0] == "b"
        assert source.completed
        source.close()
        assert data(source) == []
        assert source.completed


def test_it_is_true_after_204() -> None:
    with SSEServer(one_then_no_more) as server:
        source = EventSource(server.url, retry=RetryPolicy(initial_delay=0.0, min_delay=0.0))
        assert data(source) == ["a"]
        assert source.completed


def test_it_is_false_after_close() -> None:
    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url)
        next(source)
        source.close()
        assert data(source) == []
        assert not source.completed


def test_it_is_false_if_close_dropped_the_last_events() -> None:
    with SSEServer(two) as server:
        source = EventSource(server.url, until="end")
        assert next(source).data == "a"
        source.close()
        assert data(source) == []
        assert not source.completed


def test_it_is_false_after_an_error() -> None:
    with SSEServer(lambda call: call.respond(body=b"data: a\n\ndata: b")) as server:
        source = EventSource(server.url, method="POST")
        with pytest.raises(IncompleteStream):
            data(source)
        assert not source.completed
