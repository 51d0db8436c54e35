"""Scenarios: the Last-Event-ID of a reconnection."""

from __future__ import annotations

from tests.browser.differences import Difference
from tests.browser.recorded_run import CLOSED, OPEN, RECONNECTING, Entry, event, with_id
from tests.browser.scenario import FIRST, REQUEST, RESUME, ChromiumOutcome, Scenario, after_first

SENT = {
    "\u20ac": "\u20ac",
    "\U0001f600": "\U0001f600",
    "\xe9": "\xe9",
    "\ufffd": "\ufffd",
    "\x85": "\x85",
    "\xa0x\xa0": "\xa0x\xa0",
    # Whitespace around a header's value is not part of it.
    "  two  ": "two",
    "\tx\t": "x",
    "a  b": "a  b",
    '"\\': '"\\',
    "a, b": "a, b",
    "x" * 3000: "x" * 3000,
}


def _sent(last_event_id: str, header: str) -> Scenario:
    return Scenario(
        name=f"the ID {last_event_id[:20]!r} is sent as UTF-8",
        responses=[[b"retry: 1\n", f"id: {last_event_id}\ndata: a\n\n".encode()]],
        log=(OPEN, event("a", last_event_id), RECONNECTING, CLOSED),
        requests=(REQUEST, with_id(REQUEST, header.encode())),
    )


def _reconnects(name: str, stream: bytes, *log: Entry, request: str) -> Scenario:
    return Scenario(
        name=name,
        responses=[FIRST, [stream] if stream else []],
        log=after_first(OPEN, *log, RECONNECTING, CLOSED),
        requests=(REQUEST, RESUME, request),
    )


_CONTROL_CHARACTERS = "a\x01b\x7f"

SCENARIOS = (
    *(_sent(*pair) for pair in SENT.items()),
    Scenario(
        name="an ID with control characters is kept, and not sent",
        responses=[[b"retry: 1\n", f"id: {_CONTROL_CHARACTERS}\ndata: a\n\n".encode()]],
        log=(OPEN, event("a", _CONTROL_CHARACTERS), RECONNECTING, CLOSED),
        requests=(REQUEST, REQUEST),
        chromium=ChromiumOutcome(
            Difference.CONTROL_CHARACTERS_IN_ID,
            (OPEN, event("a", _CONTROL_CHARACTERS), RECONNECTING, CLOSED),
            (REQUEST, with_id(REQUEST, _CONTROL_CHARACTERS.encode())),
        ),
    ),
    Scenario(
        name="an ID with invalid UTF-8 is sent with replacement characters",
        responses=[[b"retry: 1\nid: \xff\xe2\x82\ndata: a\n\n"]],
        log=(OPEN, event("a", "\ufffd\ufffd"), RECONNECTING, CLOSED),
        requests=(REQUEST, with_id(REQUEST, "\ufffd\ufffd".encode())),
    ),
    _reconnects("an event without an ID keeps the last one", b"data: b\n\n", event("b", "1"), request=RESUME),
    _reconnects("an empty stream keeps the last ID", b"", request=RESUME),
    _reconnects("an ID without an event is sent", b"id: 2\n\n", request="stream, Last-Event-ID: 2"),
    _reconnects("an empty ID is not sent", b"id\n\n", request=REQUEST),
    _reconnects("an event with an empty ID clears it", b"id:\ndata: b\n\n", event("b"), request=REQUEST),
    _reconnects("an ID with NUL keeps the last one", b"id: \0\n\n", request=RESUME),
    _reconnects("an ID without its blank line is not sent", b"id: 2\ndata: b\n", request=RESUME),
    _reconnects("an empty ID without its blank line does not clear the last one", b"id\n", request=RESUME),
    Scenario(
        name="an ID without its blank line is not kept for the next connection",
        responses=[FIRST, [b"id: 2\n"], [b"\ndata: b\n\n"]],
        log=after_first(OPEN, RECONNECTING, OPEN, event("b", "1"), RECONNECTING, CLOSED),
        requests=(REQUEST, RESUME, RESUME, RESUME),
    ),
)
