"""Responses that are not event streams."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from itertools import repeat

from sse_core import (
    Closed,
    Connecting,
    ContentTypeError,
    Disconnected,
    HTTPStatusError,
    RetriesExhausted,
    RetryPolicy,
    Waiting,
)
from sse_transports import SystemClock
from sse_transports.testing import VirtualClock
from tests.sse_transports.answers import (
    drip,
    head,
    in_order,
    no_content,
    raw,
    refuse,
    stall,
    stream,
)
from tests.sse_transports.scenario import ONE, Answer, Outcome, Scenario
from tests.sse_transports.scenarios_of_ends import limited

BODY_LIMIT = 64 * 2**10
ENDLESS = repeat(b"more ")


def the_headers_are_in_the_error(outcome: Outcome) -> None:
    error = outcome.error
    assert isinstance(error, HTTPStatusError)
    assert error.header("www-authenticate") == 'Bearer realm="streams"'
    assert error.url.endswith("/stream")


ERRORS = (
    Scenario(
        name="401 is an error with the server's message",
        answers=(refuse(401, ("WWW-Authenticate", 'Bearer realm="streams"'), body=b"no such token"),),
        error=HTTPStatusError,
        error_has={"status": 401, "body": b"no such token"},
        error_says="no such token",
        changes=(Connecting, Disconnected, Closed),
        check=the_headers_are_in_the_error,
    ),
    *(
        Scenario(
            name=f"{status} is a final error",
            answers=(refuse(status),),
            error=HTTPStatusError,
            error_has={"status": status},
        )
        for status in (201, 206, 300, 304, 400, 403, 404, 410, 501, 505, 511)
    ),
    Scenario(
        name="an error's body is kept up to 64 KiB",
        answers=(refuse(400, body=b"x" * 2**20),),
        error=HTTPStatusError,
        error_has={"body": b"x" * BODY_LIMIT},
    ),
    Scenario(
        name="the received part of a truncated error body is kept",
        answers=(
            in_order(
                raw(b"HTTP/1.1 400 Bad\r\nContent-Length: 100\r\n\r\nbecause"),
            ),
        ),
        error=HTTPStatusError,
        error_has={"status": 400, "body": b"because"},
    ),
    Scenario(
        name="an error whose body never ends is raised",
        answers=(in_order(raw(b"HTTP/1.1 400 Bad\r\n\r\nbecause"), stall),),
        error_body_seconds=0.1,
        error=HTTPStatusError,
        error_has={"status": 400, "body": b"because"},
    ),
    Scenario(
        name="an error whose body arrives slowly forever is raised",
        answers=(in_order(raw(b"HTTP/1.1 400 Bad\r\n\r\n"), drip(ENDLESS, every=0.02)),),
        error_body_seconds=0.1,
        # Sockets run in real time.
        clock=SystemClock,
        error=HTTPStatusError,
        error_has={"status": 400},
    ),
    Scenario(
        name="an event stream as the body of an error is not iterated",
        answers=(head(status=500, body=ONE),),
        options={"retry": None},
        error=HTTPStatusError,
        error_has={"status": 500, "body": ONE},
    ),
)


STEADY = RetryPolicy(initial_delay=1.0, max_delay=30.0, jitter=0.0)


def busy_until(seconds_from_now: float) -> Answer:
    """503 with a date, relative to the start of the virtual clock."""
    return refuse(503, ("Retry-After", formatdate(VirtualClock().epoch() + seconds_from_now, usegmt=True)))


def waited(seconds: float) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert outcome.delays == [seconds]

    return check


RETRY_AFTER = (
    *(
        Scenario(
            name=f"Retry-After {name}",
            answers=(answer, no_content),
            options={"retry": STEADY},
            changes=(Connecting, Disconnected, Waiting, Connecting, Closed),
            check=check,
        )
        for name, answer, check in (
            ("in seconds is respected", refuse(503, ("Retry-After", "7")), waited(7.0)),
            ("counts with 429 too", refuse(429, ("Retry-After", "7")), waited(7.0)),
            ("below the policy's delay does not shorten it", refuse(503, ("Retry-After", "0")), waited(1.0)),
            ("as a date is respected", busy_until(20), waited(20.0)),
            ("as a date in the past is ignored", busy_until(-3600), waited(1.0)),
            ("beyond max_delay is respected", refuse(503, ("Retry-After", "120")), waited(120.0)),
            ("of an hour is respected", refuse(429, ("Retry-After", "3600")), waited(3600.0)),
            ("as a date in an hour is respected", busy_until(3600), waited(3600.0)),
            ("that is negative is ignored", refuse(503, ("Retry-After", "-5")), waited(1.0)),
            ("that is invalid is ignored", refuse(503, ("Retry-After", "soon")), waited(1.0)),
        )
    ),
    Scenario(
        name="Retry-After as a near date goes beyond a short max_delay",
        answers=(busy_until(5), no_content),
        check=waited(5.0),
    ),
    *(
        Scenario(
            name=f"Retry-After {name} is not waited for: the error names the limit",
            answers=(answer,),
            error=HTTPStatusError,
            error_has={"status": 503},
            error_says="more than max_retry_after (3600)",
            changes=(Connecting, Disconnected, Closed),
        )
        for name, answer in (
            ("of more than an hour", refuse(503, ("Retry-After", "3601"))),
            ("as a date in two hours", busy_until(7200)),
            ("of centuries", refuse(503, ("Retry-After", "9999999999"))),
            ("of 5,000 digits", refuse(503, ("Retry-After", "9" * 5000))),
        )
    ),
    Scenario(
        name="Retry-After of a final error is in the error",
        answers=(refuse(403, ("Retry-After", "7")),),
        error=HTTPStatusError,
        error_has={"status": 403, "retry_after": 7.0},
    ),
)

RETRIED = (
    *(
        Scenario(
            name=f"{status} is retried",
            answers=(refuse(status), stream(ONE), no_content),
            events=(("a", "1"),),
        )
        # Above 511 they are those of gateways: 520 to 530 are Cloudflare's, 529 is an overloaded model's.
        for status in (*(408, 425, 429, 500, 502, 503, 504, 507), *range(520, 531), 599)
    ),
    Scenario(
        name="a busy server is retried up to the limit",
        answers=(refuse(503),) * 3,
        options={"retry": limited(3)},
        error=RetriesExhausted,
        error_has={"attempts": 3},
        cause=HTTPStatusError,
        error_says="503",
    ),
    Scenario(
        name="an error whose body never ends is retried",
        answers=(in_order(raw(b"HTTP/1.1 503 Busy\r\n\r\n"), stall), no_content),
        error_body_seconds=0.1,
    ),
)

TYPES = (
    *(
        Scenario(
            name=f"content type {value!r} is accepted, and is UTF-8",
            answers=(raw(f"HTTP/1.1 200 OK\r\ncontent-type:{value}\r\n\r\ndata: €\n\n".encode()), no_content),
            events=(("€", ""),),
        )
        for value in (
            "text/event-stream",
            " Text/Event-STREAM; Charset=latin-1",
            "text/event-stream;charset=UTF-16",
            "text/event-stream ; x=y",
        )
    ),
    *(
        Scenario(
            name=f"a response {how} is not a stream",
            answers=(raw(f"HTTP/1.1 200 OK\r\n{field}Content-Length: 2\r\n\r\n".encode() + b"{}"),),
            error=ContentTypeError,
            error_has={"status": 200, "body": b"{}"},
            error_says=says,
            changes=(Connecting, Disconnected, Closed),
        )
        for how, field, says in (
            ("of JSON", "Content-Type: application/json\r\n", "'application/json'"),
            ("of a longer type", "Content-Type: text/event-streams\r\n", "'text/event-streams'"),
            ("without a type", "", "missing"),
        )
    ),
    Scenario(
        name="the last of two content types counts",
        answers=(head(("Content-Type", "text/html"), body=ONE),),
        error=ContentTypeError,
    ),
)

REFUSALS = (*ERRORS, *RETRY_AFTER, *RETRIED, *TYPES)
