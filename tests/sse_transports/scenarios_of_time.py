"""Limits of time, and what a server's `retry` does to the waits."""

from __future__ import annotations

from itertools import repeat

from sse_core import (
    Closed,
    ConnectError,
    Connecting,
    Disconnected,
    IdleTimeout,
    Opened,
    RetriesExhausted,
    RetryPolicy,
    Waiting,
)
from tests.sse_transports.answers import (
    drip,
    hang_up,
    head,
    in_order,
    no_content,
    raw,
    sized_stream,
    stall,
    stream,
)
from tests.sse_transports.scenario import Outcome, Scenario
from tests.sse_transports.scenarios_of_ends import limited

ONE = b"id: 1\ndata: a\n\n"
TWO = b"id: 2\ndata: b\n\n"


def it_was_idle(outcome: Outcome) -> None:
    causes = [change.cause for change in outcome.changes if isinstance(change, Waiting)]
    assert [type(cause) for cause in causes] == [IdleTimeout]
    assert "0.1 seconds" in str(causes[0])


def nothing_was_idle(outcome: Outcome) -> None:
    assert [change.cause for change in outcome.changes] == [None] * len(outcome.changes)


SILENCE = (
    Scenario(
        name="silence for idle_timeout is a lost connection: GET reconnects",
        answers=(in_order(head(body=ONE + b"data: ha"), stall), no_content),
        options={"idle_timeout": 0.1},
        events=(("a", "1"),),
        last_event_ids=(None, b"1"),
        changes=(Connecting, Opened, Disconnected, Waiting, Connecting, Closed),
        check=it_was_idle,
    ),
    Scenario(
        name="silence from the beginning is a lost connection too",
        answers=(in_order(head(), stall), no_content),
        options={"idle_timeout": 0.1},
        check=it_was_idle,
    ),
    Scenario(
        name="comments keep a connection without events alive",
        # Longer, all in all, than the limit; each pause is far shorter.
        answers=(in_order(head(), drip([b":\n\n"] * 15, every=0.04), raw(ONE)), no_content),
        options={"idle_timeout": 0.5},
        events=(("a", "1"),),
        changes=(Connecting, Opened, Disconnected, Waiting, Connecting, Closed),
        check=nothing_was_idle,
    ),
    Scenario(
        name="any byte keeps a connection alive, also one inside an event",
        answers=(
            in_order(head(body=b"data: "), drip([b"x"] * 15, every=0.04), raw(b"\n\n")),
            no_content,
        ),
        options={"idle_timeout": 0.5},
        events=(("x" * 15, ""),),
        check=nothing_was_idle,
    ),
)

CONNECTING = (
    Scenario(
        name="no answer within timeout is an error that names the limit",
        answers=(stall,),
        options={"timeout": 0.1, "retry": None},
        error=ConnectError,
        error_says="0.1 seconds",
        changes=(Connecting, Disconnected, Closed),
    ),
    Scenario(
        name="a head that drips in byte by byte is not waited for longer than timeout",
        answers=(
            in_order(
                raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-More: "),
                drip(repeat(b"x"), every=0.01),
            ),
        ),
        options={"timeout": 0.1, "retry": None},
        error=ConnectError,
        error_says="0.1 seconds",
    ),
    Scenario(
        name="interim responses without end are not waited for longer than timeout",
        answers=(drip(repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n"), every=0.01),),
        options={"timeout": 0.1, "retry": None},
        error=ConnectError,
        error_says="0.1 seconds",
    ),
    Scenario(
        name="no answer within timeout is tried again, up to the limit",
        answers=(stall, stall),
        options={"timeout": 0.1, "retry": limited(2)},
        error=RetriesExhausted,
        cause=ConnectError,
    ),
    Scenario(
        name="timeout does not limit the stream",
        answers=(in_order(head(body=ONE), drip([b":\n"] * 26, every=0.04), raw(TWO)),),
        options={"timeout": 1.0, "retry": RetryPolicy(reconnect_on_close=False)},
        events=(("a", "1"), ("b", "2")),
    ),
)


def hostile(value: bytes, name: str, *delays: float, policy: RetryPolicy) -> Scenario:
    """A server that sends a `retry`, and then fails until it ends."""

    def the_delays_were(outcome: Outcome) -> None:
        assert outcome.delays == list(delays)

    return Scenario(
        name=f"retry: {name}",
        answers=(
            stream(b"retry: " + value + b"\nid: 1\ndata: a\n\n"),
            *(hang_up,) * (len(delays) - 1),
            no_content,
        ),
        options={"retry": policy},
        events=(("a", "1"),),
        last_event_ids=(None, *(b"1",) * len(delays)),
        check=the_delays_were,
    )


def the_delays_followed_the_server(outcome: Outcome) -> None:
    # No event came: the second wait has grown.
    assert outcome.delays == [0.01, 0.04]


SHORT = RetryPolicy(initial_delay=0.02, min_delay=0.005, max_delay=0.04, jitter=0.0)

RETRY_VALUES = (
    hostile(b"10", "sets the delay, which grows, and survives reconnections", 0.01, 0.02, 0.04, policy=SHORT),
    hostile(b"0", "0 makes no storm: the delay is the policy's least, and grows", 0.005, 0.01, policy=SHORT),
    hostile(b"9999999999", "9999999999 is clamped", 0.04, 0.04, policy=SHORT),
    hostile(b"9" * 5000, "of 5,000 digits is clamped", 0.04, 0.04, policy=SHORT),
    hostile(b"00" * 2500 + b"10", "with 5,000 zeros before it is a number like others", 0.01, policy=SHORT),
    *(
        hostile(value, f"{value.decode()!r} is ignored", 0.02, 0.04, policy=SHORT)
        for value in (b"-5", b"+5", b"1_000", b" 5", b"5.0", "\u0665".encode(), b"")
    ),
    Scenario(
        name="retry: counts although it came with half an event, or alone",
        answers=(stream(b"retry: 10\n\n"), sized_stream(b"retry: 20\ndata: ha", 100), no_content),
        options={"retry": SHORT},
        check=the_delays_followed_the_server,
    ),
)


TIME = (*SILENCE, *CONNECTING, *RETRY_VALUES)
