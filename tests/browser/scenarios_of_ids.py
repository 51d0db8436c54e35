"""Which last event ID a reconnection asks with."""

from __future__ import annotations

from tests.browser.scenario import ASKED, ASKED_AGAIN, FIRST, Scenario, behind_the_first
from tests.browser.story import CLOSED, OPEN, RECONNECTING, Entry, event, with_id

SENT = {
    "\u20ac": "\u20ac",
    "\U0001f600": "\U0001f600",
    "\xe9": "\xe9",
    "\ufffd": "\ufffd",
    "\x85": "\x85",
    "\xa0x\xa0": "\xa0x\xa0",
    # Whitespace around a header's value is none of it.
    "  two  ": "two",
    "\tx\t": "x",
    "a  b": "a  b",
    "a\x01b\x7f": "a\x01b\x7f",
    '"\\': '"\\',
    "a, b": "a, b",
    "x" * 3000: "x" * 3000,
}


def _sent(last_event_id: str, header: str) -> Scenario:
    return Scenario(
        name=f"the ID {last_event_id[:20]!r} is sent as UTF-8",
        answers=[[b"retry: 1\n", f"id: {last_event_id}\ndata: a\n\n".encode()]],
        told=(OPEN, event("a", last_event_id), RECONNECTING, CLOSED),
        asked=(ASKED, with_id(ASKED, header.encode())),
    )


def _second(name: str, stream: bytes, *told: Entry, asked: str) -> Scenario:
    return Scenario(
        name=name,
        answers=[FIRST, [stream] if stream else []],
        told=behind_the_first(OPEN, *told, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED_AGAIN, asked),
    )


SCENARIOS = (
    *(_sent(*pair) for pair in SENT.items()),
    Scenario(
        name="an ID that is no UTF-8 is sent with replacement characters",
        answers=[[b"retry: 1\nid: \xff\xe2\x82\ndata: a\n\n"]],
        told=(OPEN, event("a", "\ufffd\ufffd"), RECONNECTING, CLOSED),
        asked=(ASKED, with_id(ASKED, "\ufffd\ufffd".encode())),
    ),
    _second("an event without an ID keeps the last one", b"data: b\n\n", event("b", "1"), asked=ASKED_AGAIN),
    _second("a stream without anything keeps the last ID", b"", asked=ASKED_AGAIN),
    _second("an ID without an event is asked with", b"id: 2\n\n", asked="stream, Last-Event-ID: 2"),
    _second("an empty ID is not asked with", b"id\n\n", asked=ASKED),
    _second("an event with an empty ID clears it", b"id:\ndata: b\n\n", event("b"), asked=ASKED),
    _second("an ID with NUL keeps the last one", b"id: \0\n\n", asked=ASKED_AGAIN),
    _second("an ID whose blank line never came is not asked with", b"id: 2\ndata: b\n", asked=ASKED_AGAIN),
    _second("an empty ID whose blank line never came clears nothing", b"id\n", asked=ASKED_AGAIN),
    Scenario(
        name="an ID whose blank line never came is not that of the next connection",
        answers=[FIRST, [b"id: 2\n"], [b"\ndata: b\n\n"]],
        told=behind_the_first(OPEN, RECONNECTING, OPEN, event("b", "1"), RECONNECTING, CLOSED),
        asked=(ASKED, ASKED_AGAIN, ASKED_AGAIN, ASKED_AGAIN),
    ),
)
