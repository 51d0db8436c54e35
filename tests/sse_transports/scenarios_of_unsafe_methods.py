"""A POST is sent once, whatever goes wrong: sent again, a model would be asked, and paid, twice."""

from __future__ import annotations

from sse_core import (
    Closed,
    ConnectError,
    Connecting,
    ContentTypeError,
    Disconnected,
    EventTooLarge,
    HTTPStatusError,
    IdleTimeout,
    IncompleteStream,
    Opened,
    ReadError,
    RetryPolicy,
)
from sse_transports._event_source import Options
from tests.sse_transports.answers import (
    CHUNKED,
    chunk,
    hang_up,
    head,
    in_order,
    no_content,
    once_received,
    raw,
    refuse,
    reset,
    sized_stream,
    stall,
    stream,
)
from tests.sse_transports.scenario import Outcome, Scenario

ONE = b"id: 1\ndata: a\n\n"
TWO = b"id: 2\ndata: b\n\n"
HALF = b"data: ha"
POST: Options = {"method": "POST", "json": {"ask": "why?"}}
BODY = b'{"ask":"why?"}'
REPLAYED: Options = {
    **POST,
    "retry": RetryPolicy(initial_delay=0.01, min_delay=0.0, max_delay=0.05, allowed_methods={"GET", "POST"}),
}


def the_whole_request_was_sent_each_time(outcome: Outcome) -> None:
    for call in outcome.calls:
        assert (call.method, call.body) == ("POST", BODY)
        assert call.headers["content-type"] == b"application/json"


SENT_ONCE = (
    Scenario(
        name="POST: a clean end is the end",
        answers=(stream(ONE),),
        options=POST,
        events=(("a", "1"),),
        changes=(Connecting, Opened, Disconnected, Closed),
        check=the_whole_request_was_sent_each_time,
    ),
    Scenario(
        name="POST: the last event is the end, whatever follows",
        answers=(in_order(head(body=ONE + b"data: [DONE]\n\n" + TWO), stall),),
        options={**POST, "until": "[DONE]"},
        events=(("a", "1"),),
    ),
    Scenario(
        name="POST: an end without the last event is an incomplete stream",
        answers=(stream(ONE),),
        options={**POST, "until": "[DONE]"},
        events=(("a", "1"),),
        error=IncompleteStream,
        error_has={"pending": 0, "last_event_id": "1", "__cause__": None},
    ),
    Scenario(
        name="POST: a clean end inside an event is an incomplete stream",
        answers=(stream(ONE + HALF),),
        options=POST,
        events=(("a", "1"),),
        error=IncompleteStream,
        error_has={"pending": len(HALF), "last_event_id": "1", "__cause__": None},
    ),
    Scenario(
        name="POST: a refused connection is an error",
        url=lambda stage: stage.nowhere,
        options=POST,
        error=ConnectError,
    ),
    Scenario(
        name="POST: a connection dropped before the answer is an error",
        answers=(hang_up,),
        options=POST,
        error=ConnectError,
    ),
    Scenario(
        name="POST: a connection reset before the answer is an error",
        answers=(reset,),
        options=POST,
        error=ConnectError,
    ),
    Scenario(
        name="POST: no answer in time is an error",
        answers=(stall,),
        options={**POST, "timeout": 0.2},
        error=ConnectError,
        error_says="0.2 seconds",
    ),
    Scenario(
        name="POST: silence is an error",
        answers=(in_order(head(body=ONE), stall),),
        options={**POST, "idle_timeout": 0.2},
        events=(("a", "1"),),
        error=IdleTimeout,
        error_has={"seconds": 0.2},
    ),
    Scenario(
        name="POST: a busy server is an error",
        answers=(refuse(503, ("Retry-After", "0"), body=b"busy"),),
        options=POST,
        error=HTTPStatusError,
        error_has={"status": 503, "body": b"busy", "retry_after": 0.0},
    ),
    Scenario(
        name="POST: another content type is an error",
        answers=(refuse(200, body=b"{}"),),
        options=POST,
        error=ContentTypeError,
        error_has={"status": 200, "body": b"{}"},
    ),
    Scenario(
        name="POST: an event over the limit is an error",
        answers=(in_order(head(body=ONE + b"data: " + b"x" * 200), stall),),
        options={**POST, "max_event_size": 100},
        events=(("a", "1"),),
        error=EventTooLarge,
        error_has={"limit": 100},
    ),
    Scenario(
        name="POST: 204 is an end without an event",
        answers=(no_content,),
        options=POST,
    ),
    *(
        Scenario(
            name=f"POST: a body {how} is an incomplete stream, and is not asked for again",
            answers=(answer,),
            options=POST,
            events=(("a", "1"),),
            error=IncompleteStream,
            error_has={"pending": len(HALF), "last_event_id": "1"},
            cause=ReadError,
        )
        for how, answer in (
            ("shorter than its length", sized_stream(ONE + HALF, 1000)),
            ("cut inside a chunk", in_order(head(CHUNKED), chunk(ONE), raw(b"64\r\n" + HALF))),
            ("cut between chunks", in_order(head(CHUNKED), chunk(ONE), chunk(HALF))),
            ("that is reset", in_order(head(body=ONE + HALF), once_received(1), reset)),
        )
    ),
    *(
        Scenario(
            name=f"{method} is as unsafe as POST",
            answers=(sized_stream(ONE, 1000),),
            options={"method": method, "content": "x"},
            events=(("a", "1"),),
            error=IncompleteStream,
        )
        for method in ("PUT", "PATCH", "DELETE", "QUERY")
    ),
    Scenario(
        name="POST may be reconnected after a clean end, where the policy says so",
        answers=(stream(ONE), stream(TWO), no_content),
        options={**POST, "retry": RetryPolicy(initial_delay=0.01, min_delay=0.0, reconnect_on_close=True)},
        events=(("a", "1"), ("b", "2")),
        last_event_ids=(None, b"1", b"2"),
        check=the_whole_request_was_sent_each_time,
    ),
    Scenario(
        name="POST that is reconnected after a clean end is not sent again after a lost connection",
        answers=(sized_stream(ONE, 1000),),
        options={**POST, "retry": RetryPolicy(initial_delay=0.01, min_delay=0.0, reconnect_on_close=True)},
        events=(("a", "1"),),
        error=IncompleteStream,
    ),
)

SENT_AGAIN = (
    *(
        Scenario(
            name=f"POST that may be replayed is sent again after {what}",
            answers=(answer, stream(TWO), no_content),
            options={**REPLAYED, **options},
            events=(*events, ("b", "2")),
            check=the_whole_request_was_sent_each_time,
        )
        for what, answer, events, options in (
            ("a clean end", stream(ONE), (("a", "1"),), Options()),
            ("a clean end inside an event", stream(ONE + HALF), (("a", "1"),), Options()),
            ("a lost connection", sized_stream(ONE + HALF, 1000), (("a", "1"),), Options()),
            ("a dropped connection", hang_up, (), Options()),
            ("a busy server's answer", refuse(503), (), Options()),
            (
                "silence",
                in_order(head(body=ONE), stall),
                (("a", "1"),),
                # Long enough for the answers that are not silent.
                Options(idle_timeout=0.5),
            ),
        )
    ),
    Scenario(
        name="POST that may be replayed is not sent again after an error for good",
        answers=(refuse(400),),
        options=REPLAYED,
        error=HTTPStatusError,
        error_has={"status": 400},
    ),
    Scenario(
        name="POST that may be replayed is sent again where the last event is missing",
        answers=(stream(ONE), stream(TWO + b"data: [DONE]\n\n")),
        options={**REPLAYED, "until": "[DONE]"},
        events=(("a", "1"), ("b", "2")),
    ),
    Scenario(
        name="OPTIONS is as safe as GET",
        answers=(sized_stream(ONE, 1000), stream(TWO), no_content),
        options={"method": "options"},
        events=(("a", "1"), ("b", "2")),
    ),
)

UNSAFE_METHODS = (*SENT_ONCE, *SENT_AGAIN)
