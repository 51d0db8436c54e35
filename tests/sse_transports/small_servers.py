"""Small servers, and short helpers for tests with one source."""

from __future__ import annotations

from sse_core import Event, RetryPolicy
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.waiting import eventually

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0, jitter=0.0)
SLOW = RetryPolicy(initial_delay=1000.0, max_delay=1000.0)


class Rejected(Exception):
    """Raised by a hook of the caller."""


def one_and_silence(call: Call) -> None:
    call.respond(body=b"id: 1\ndata: a\n\n")
    call.wait_until_gone()


def three_and_silence(call: Call) -> None:
    call.respond(body=b"id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n")
    call.wait_until_gone()


def one_then_no_more(call: Call) -> None:
    if call.number == 0:
        call.respond(body=b"id: 1\ndata: a\n\n")
    else:
        call.respond(204, [])


def until_all_gone(server: SSEServer) -> None:
    eventually(lambda: server.open_connections == 0, "the client closes its connection")


def data(source: EventSource[Event]) -> list[str]:
    return [event.data for event in source]
