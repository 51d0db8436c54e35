"""Scenarios: the reconnection time."""

from __future__ import annotations

from sse_transports.testing import Refuse, Steps
from tests.browser.differences import Difference
from tests.browser.recorded_run import CLOSED, OPEN, RECONNECTING
from tests.browser.scenario import REQUEST, ChromiumOutcome, Scenario

IGNORED = ("x", "-5", "+5", "1e3", "1_0", "1.0", "0x10", "60000x", "60000 ", "\u0663")
"""Invalid values. If they were used, some would delay the reconnect beyond the timeout of the test."""

LONG = 3.5
"""Seconds, longer than the default of browsers: a client that waits so long did not use its default."""

MAX_WAIT = (2**31 - 1) / 1000
TOO_LONG = 2**64
"""Milliseconds: the smallest number that Chromium cannot parse; we wait MAX_WAIT."""

TWO_CONNECTIONS = (OPEN, RECONNECTING, OPEN, RECONNECTING, CLOSED)


def _retry(value: str) -> Steps:
    return [f"retry: {value}\n\n".encode()]


def _long_and_then(value: str) -> Steps:
    return [f"retry: {LONG * 1000:.0f}\nretry: {value}\n\n".encode()]


SCENARIOS = (
    Scenario(
        name="three seconds without a `retry`",
        responses=[[]],
        log=(OPEN, RECONNECTING, CLOSED),
        requests=(REQUEST, REQUEST),
        waits=(3.0,),
    ),
    Scenario(
        name="three seconds without a response",
        responses=[[Refuse()]],
        log=(RECONNECTING, CLOSED),
        requests=(REQUEST, REQUEST),
        waits=(3.0,),
    ),
    Scenario(
        name="the server's `retry`, until it sends another one",
        responses=[_retry("400"), [], _retry("700"), _retry("0")],
        log=(*(OPEN, RECONNECTING) * 4, CLOSED),
        requests=(REQUEST,) * 5,
        waits=(0.4, 0.4, 0.7, 0.0),
    ),
    Scenario(
        name="the server's `retry`, even without a blank line",
        responses=[[b"retry: 400\n"]],
        log=(OPEN, RECONNECTING, CLOSED),
        requests=(REQUEST, REQUEST),
        waits=(0.4,),
    ),
    Scenario(
        name="the server's `retry`, also after failed attempts",
        responses=[_retry("200"), [Refuse()], [Refuse()]],
        log=(OPEN, RECONNECTING, RECONNECTING, RECONNECTING, CLOSED),
        requests=(REQUEST,) * 4,
        waits=(0.2, 0.2, 0.2),
    ),
    *(
        Scenario(
            name=f"the previous `retry`, if the value is {value!r}",
            responses=[_long_and_then(value)],
            log=(OPEN, RECONNECTING, CLOSED),
            requests=(REQUEST, REQUEST),
            waits=(LONG,),
        )
        for value in IGNORED
    ),
    Scenario(
        name="a `retry` without a value",
        responses=[_retry("1"), _retry("")],
        log=TWO_CONNECTIONS,
        requests=(REQUEST, REQUEST, REQUEST),
        waits=(0.001, 0.001),
        chromium=ChromiumOutcome(
            Difference.EMPTY_RETRY, TWO_CONNECTIONS, (REQUEST, REQUEST, REQUEST), (0.001, 3.0)
        ),
    ),
    Scenario(
        name="a `retry` that does not fit into 64 bits",
        responses=[_long_and_then(str(TOO_LONG))],
        log=(OPEN, RECONNECTING, CLOSED),
        requests=(REQUEST, REQUEST),
        waits=(MAX_WAIT,),
        chromium=ChromiumOutcome(
            Difference.HUGE_RETRY, (OPEN, RECONNECTING, CLOSED), (REQUEST, REQUEST), (LONG,)
        ),
    ),
)
