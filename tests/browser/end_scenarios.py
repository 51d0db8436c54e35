"""Scenarios: the ends of a connection."""

from __future__ import annotations

from collections.abc import Mapping

from sse_transports.testing import Call, Cut, Gzip, Refuse, Reset, Sleep, Stall
from tests.browser.differences import Difference
from tests.browser.recorded_run import CLOSED, OPEN, RECONNECTING, Entry, ServerResponse, event
from tests.browser.scenario import FIRST, REQUEST, RESUME, ChromiumOutcome, Scenario, after_first

B, C = event("b", "1"), event("c", "1")

GZIPPED: Mapping[str, str] = {"Content-Encoding": "gzip"}
BEFORE_THE_RESET = Sleep(0.05)
"""A pause, because a reset may overtake data that was sent just before it."""


def _reconnects(name: str, response: ServerResponse, *log: Entry) -> Scenario:
    return Scenario(
        name=name,
        responses=[FIRST, response],
        log=after_first(*log, RECONNECTING, CLOSED),
        requests=(REQUEST, RESUME, RESUME),
    )


def _without_a_length(call: Call) -> None:
    call.respond(body=b"data: b\n\n")


SCENARIOS = (
    _reconnects("the source reconnects after the end of a stream", [b"data: b\n\n"], OPEN, B),
    _reconnects("an incomplete event at the end is discarded", [b"data: b\n\ndata: c\n"], OPEN, B),
    _reconnects(
        "an incomplete event is discarded when the connection is lost",
        [b"data: b\n\ndata: c\n", Cut()],
        OPEN,
        B,
    ),
    _reconnects("events before a lost connection are delivered", [b"data: b\n\n", Cut()], OPEN, B),
    _reconnects("a reset loses the connection", [b"data: b\n\n", BEFORE_THE_RESET, Reset()], OPEN, B),
    _reconnects("a reset before any event loses the connection", [BEFORE_THE_RESET, Reset()], OPEN),
    _reconnects("a connection that is reset before the response is retried", [Refuse()]),
    _reconnects(
        "a body shorter than its Content-Length is a lost connection",
        [{"Content-Length": "99"}, b"data: b\n\n"],
        OPEN,
        B,
    ),
    _reconnects(
        "a body as long as its Content-Length ends cleanly",
        [{"Content-Length": "9"}, b"data: b\n\n"],
        OPEN,
        B,
    ),
    _reconnects("a body without a length ends with the connection", _without_a_length, OPEN, B),
    _reconnects("a compressed stream is read", [Gzip(), b"data: b\n\n", b"data: c\n\n"], OPEN, B, C),
    _reconnects(
        "a stream that is not gzip as declared is a lost connection",
        [{"Content-Encoding": "gzip"}, b"data: b\n\n"],
        OPEN,
    ),
    _reconnects("each connection may begin with a byte order mark", [b"\xef\xbb\xbfdata: b\n\n"], OPEN, B),
    Scenario(
        name="a stream with an unknown content encoding",
        responses=[FIRST, [{"Content-Encoding": "nonsense"}, b"data: b\n\n"]],
        log=after_first(OPEN, CLOSED),
        requests=(REQUEST, RESUME),
        chromium=ChromiumOutcome(
            Difference.CONTENT_ENCODING,
            after_first(OPEN, B, RECONNECTING, CLOSED),
            (REQUEST, RESUME, RESUME),
        ),
    ),
    Scenario(
        name="a connection that is reset before the response is retried repeatedly",
        responses=[FIRST, [Refuse()], [Refuse()], [Refuse()], [b"data: b\n\n"]],
        log=after_first(RECONNECTING, RECONNECTING, RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
        requests=(REQUEST, *[RESUME] * 5),
        # The wait does not grow.
        waits=(0.001,) * 5,
    ),
    Scenario(
        name="there are no requests after close()",
        responses=[[b"data: a\n\ndata: b\n\n", Stall()]],
        close_at_event=1,
        log=(OPEN, event("a")),
        requests=(REQUEST,),
    ),
    Scenario(
        name="there are no requests after close() during a wait",
        responses=[FIRST, FIRST],
        close_at_error=2,
        log=after_first(OPEN, event("a", "1"), RECONNECTING),
        requests=(REQUEST, RESUME),
    ),
)
