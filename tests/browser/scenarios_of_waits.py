"""How long a client waits before it asks again."""

from __future__ import annotations

from sse_transports.testing import Refuse, Steps
from tests.browser.differences import Difference
from tests.browser.scenario import ASKED, Otherwise, Scenario
from tests.browser.story import CLOSED, OPEN, RECONNECTING

IGNORED = ("x", "-5", "+5", "1e3", "1_0", "1.0", "0x10", "60000x", "60000 ", "\u0663")
"""Obeyed, some of them would keep a client from coming back before the test has lost its patience."""

LONG = 3.5
"""Seconds, more than browsers wait by themselves: who waits at least so long did not fall back to that."""

LONGEST = (2**31 - 1) / 1000
TOO_LONG = 2**64
"""Milliseconds: the longest wait that we obey, and the shortest that Chromium does not take for a number."""

ONCE_MORE = (OPEN, RECONNECTING, OPEN, RECONNECTING, CLOSED)


def _retry(value: str) -> Steps:
    return [f"retry: {value}\n\n".encode()]


def _long_and_then(value: str) -> Steps:
    return [f"retry: {LONG * 1000:.0f}\nretry: {value}\n\n".encode()]


SCENARIOS = (
    Scenario(
        name="three seconds, if the server says nothing",
        answers=[[]],
        told=(OPEN, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED),
        waits=(3.0,),
    ),
    Scenario(
        name="three seconds, if no answer came yet",
        answers=[[Refuse()]],
        told=(RECONNECTING, CLOSED),
        asked=(ASKED, ASKED),
        waits=(3.0,),
    ),
    Scenario(
        name="as long as the server says, until it says something else",
        answers=[_retry("400"), [], _retry("700"), _retry("0")],
        told=(*(OPEN, RECONNECTING) * 4, CLOSED),
        asked=(ASKED,) * 5,
        waits=(0.4, 0.4, 0.7, 0.0),
    ),
    Scenario(
        name="as long as the server says, though the blank line never comes",
        answers=[[b"retry: 400\n"]],
        told=(OPEN, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED),
        waits=(0.4,),
    ),
    Scenario(
        name="as long as the server says, also before it tries again in vain",
        answers=[_retry("200"), [Refuse()], [Refuse()]],
        told=(OPEN, RECONNECTING, RECONNECTING, RECONNECTING, CLOSED),
        asked=(ASKED,) * 4,
        waits=(0.2, 0.2, 0.2),
    ),
    *(
        Scenario(
            name=f"as long as before, if the server says {value!r}",
            answers=[_long_and_then(value)],
            told=(OPEN, RECONNECTING, CLOSED),
            asked=(ASKED, ASKED),
            waits=(LONG,),
        )
        for value in IGNORED
    ),
    Scenario(
        name="for a time that has no value",
        answers=[_retry("1"), _retry("")],
        told=ONCE_MORE,
        asked=(ASKED, ASKED, ASKED),
        waits=(0.001, 0.001),
        otherwise=Otherwise(Difference.EMPTY_RETRY, ONCE_MORE, (ASKED, ASKED, ASKED), (0.001, 3.0)),
    ),
    Scenario(
        name="for a time of more digits than a number of 64 bits has",
        answers=[_long_and_then(str(TOO_LONG))],
        told=(OPEN, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED),
        waits=(LONGEST,),
        otherwise=Otherwise(Difference.HUGE_RETRY, (OPEN, RECONNECTING, CLOSED), (ASKED, ASKED), (LONG,)),
    ),
)
