"""How a connection may end, and what follows."""

from __future__ import annotations

from collections.abc import Mapping

from sse_transports.testing import Call, Cut, Gzip, Refuse, Reset, Sleep, Stall
from tests.browser.differences import Difference
from tests.browser.scenario import ASKED, ASKED_AGAIN, FIRST, Otherwise, Scenario, behind_the_first
from tests.browser.story import CLOSED, OPEN, RECONNECTING, Answer, Entry, event

B, C = event("b", "1"), event("c", "1")

GZIPPED: Mapping[str, str] = {"Content-Encoding": "gzip"}
BEFORE_THE_RESET = Sleep(0.05)
"""A reset may overtake what was sent just before it."""


def _second(name: str, answer: Answer, *told: Entry) -> Scenario:
    return Scenario(
        name=name,
        answers=[FIRST, answer],
        told=behind_the_first(*told, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED_AGAIN, ASKED_AGAIN),
    )


def _without_a_length(call: Call) -> None:
    call.respond(body=b"data: b\n\n")


SCENARIOS = (
    _second("a stream that ends is asked for again", [b"data: b\n\n"], OPEN, B),
    _second("an event that the end cuts off is dropped", [b"data: b\n\ndata: c\n"], OPEN, B),
    _second("an event that a cut cuts off is dropped", [b"data: b\n\ndata: c\n", Cut()], OPEN, B),
    _second("events before a cut are delivered", [b"data: b\n\n", Cut()], OPEN, B),
    _second("a reset is a cut", [b"data: b\n\n", BEFORE_THE_RESET, Reset()], OPEN, B),
    _second("a reset before any event is a cut", [BEFORE_THE_RESET, Reset()], OPEN),
    _second("a connection that is reset before the answer is tried again", [Refuse()]),
    _second("a body shorter than its length is a cut", [{"Content-Length": "99"}, b"data: b\n\n"], OPEN, B),
    _second("a body as long as its length ends", [{"Content-Length": "9"}, b"data: b\n\n"], OPEN, B),
    _second("a body without a length ends with its connection", _without_a_length, OPEN, B),
    _second("a compressed stream is read", [Gzip(), b"data: b\n\n", b"data: c\n\n"], OPEN, B, C),
    _second(
        "a stream that claims to be compressed is a cut", [{"Content-Encoding": "gzip"}, b"data: b\n\n"], OPEN
    ),
    _second("each connection may begin with a byte order mark", [b"\xef\xbb\xbfdata: b\n\n"], OPEN, B),
    Scenario(
        name="a stream in an unknown coding",
        answers=[FIRST, [{"Content-Encoding": "nonsense"}, b"data: b\n\n"]],
        told=behind_the_first(OPEN, CLOSED),
        asked=(ASKED, ASKED_AGAIN),
        otherwise=Otherwise(
            Difference.CONTENT_CODING,
            behind_the_first(OPEN, B, RECONNECTING, CLOSED),
            (ASKED, ASKED_AGAIN, ASKED_AGAIN),
        ),
    ),
    Scenario(
        name="a connection that is reset before the answer is tried again, over and over",
        answers=[FIRST, [Refuse()], [Refuse()], [Refuse()], [b"data: b\n\n"]],
        told=behind_the_first(RECONNECTING, RECONNECTING, RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
        asked=(ASKED, *[ASKED_AGAIN] * 5),
        # It does not grow.
        waits=(0.001,) * 5,
    ),
    Scenario(
        name="nothing is asked after a close",
        answers=[[b"data: a\n\ndata: b\n\n", Stall()]],
        closed_at_event=1,
        told=(OPEN, event("a")),
        asked=(ASKED,),
    ),
    Scenario(
        name="nothing is asked after a close while it waits",
        answers=[FIRST, FIRST],
        closed_at_error=2,
        told=behind_the_first(OPEN, event("a", "1"), RECONNECTING),
        asked=(ASKED, ASKED_AGAIN),
    ),
)
