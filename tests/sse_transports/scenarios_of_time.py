"""Timeouts, and how a server's `retry` changes the delays."""

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
from tests.sse_transports.scenario import ONE, TWO, Outcome, Scenario
from tests.sse_transports.scenarios_of_ends import limited


def it_was_idle(outcome: Outcome) -> None:
    causes = [change.cause for change in outcome.changes if isinstance(change, Waiting)]
    assert [type(cause) for cause in causes] == [IdleTimeout]
    assert "0.1 seconds" in str(causes[0])


def nothing_was_idle(outcome: Outcome) -> None:
    assert [change.cause for change in outcome.changes] == [None] * len(outcome.changes)


IDLE = (
    Scenario(
        name="after idle_timeout without a byte, GET reconnects",
        answers=(in_order(head(body=ONE + b"data: ha"), stall), no_content),
        options={"idle_timeout": 0.1},
        events=(("a", "1"),),
        last_event_ids=(None, b"1"),
        changes=(Connecting, Opened, Disconnected, Waiting, Connecting, Closed),
        check=it_was_idle,
    ),
    Scenario(
        name="idle_timeout also counts from the response headers on",
        answers=(in_order(head(), stall), no_content),
        options={"idle_timeout": 0.1},
        check=it_was_idle,
    ),
    Scenario(
        name="comments keep a connection without events alive",
        # Together longer than the timeout; each pause is far shorter.
        answers=(in_order(head(), drip([b":\n\n"] * 15, every=0.04), raw(ONE)), no_content),
        options={"idle_timeout": 0.5},
        events=(("a", "1"),),
        changes=(Connecting, Opened, Disconnected, Waiting, Connecting, Closed),
        check=nothing_was_idle,
    ),
    Scenario(
        name="any byte keeps a connection alive, even inside an event",
        answers=(
            in_order(head(body=b"data: "), drip([b"x"] * 15, every=0.04), raw(b"\n\n")),
            no_content,
        ),
        options={"idle_timeout": 0.5},
        events=(("x" * 15, ""),),
        check=nothing_was_idle,
    ),
)


def not_blamed_on_the_server(outcome: Outcome) -> None:
    """The client has ended the connection, so no error that is shown says that the server did."""
    error = outcome.error
    while error is not None:
        assert "isconnect" not in f"{type(error).__name__}: {error}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


CONNECTING = (
    Scenario(
        name="no response within timeout is an error that names the limit",
        answers=(stall,),
        options={"timeout": 0.1, "retry": None},
        error=ConnectError,
        error_says="0.1 seconds",
        changes=(Connecting, Disconnected, Closed),
        check=not_blamed_on_the_server,
    ),
    Scenario(
        name="timeout bounds headers that arrive byte by byte",
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
        name="timeout bounds endless interim responses",
        answers=(drip(repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n"), every=0.01),),
        options={"timeout": 0.1, "retry": None},
        error=ConnectError,
        error_says="0.1 seconds",
    ),
    Scenario(
        name="no response within timeout is retried up to the limit",
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


def retry_value(value: bytes, name: str, *delays: float, policy: RetryPolicy) -> Scenario:
    """Make a scenario of a server that sends a `retry`, then fails, then ends with 204."""

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
    # No event came, so that the second delay grew.
    assert outcome.delays == [0.01, 0.04]


SHORT = RetryPolicy(initial_delay=0.02, min_delay=0.005, max_delay=0.04, jitter=0.0)

RETRY_VALUES = (
    retry_value(b"10", "sets the delay, which grows and survives reconnects", 0.01, 0.02, 0.04, policy=SHORT),
    retry_value(b"0", "0 is raised to min_delay, and grows", 0.005, 0.01, policy=SHORT),
    retry_value(b"9999999999", "9999999999 is clamped", 0.04, 0.04, policy=SHORT),
    retry_value(b"9" * 5000, "of 5,000 digits is clamped", 0.04, 0.04, policy=SHORT),
    retry_value(b"00" * 2500 + b"10", "with 5,000 leading zeros is valid", 0.01, policy=SHORT),
    *(
        retry_value(value, f"{value.decode()!r} is ignored", 0.02, 0.04, policy=SHORT)
        for value in (b"-5", b"+5", b"1_000", b" 5", b"5.0", "\u0665".encode(), b"")
    ),
    Scenario(
        name="retry: counts alone and with a partial event",
        answers=(stream(b"retry: 10\n\n"), sized_stream(b"retry: 20\ndata: ha", 100), no_content),
        options={"retry": SHORT},
        check=the_delays_followed_the_server,
    ),
)


TIME = (*IDLE, *CONNECTING, *RETRY_VALUES)
