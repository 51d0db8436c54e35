"""A POST is sent only once, whatever fails: a second time, a model would be asked, and paid, again."""

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
from tests.sse_transports.scenario import ONE, TWO, Outcome, Scenario

HALF = b"data: ha"
POST: Options = {"method": "POST", "json": {"ask": "why?"}}
BODY = b'{"ask":"why?"}'
RESENT: Options = {
    **POST,
    "retry": RetryPolicy(initial_delay=0.01, min_delay=0.0, max_delay=0.05, allowed_methods={"GET", "POST"}),
}


def the_whole_request_was_sent_each_time(outcome: Outcome) -> None:
    for call in outcome.calls:
        assert (call.method, call.body) == ("POST", BODY)
        assert call.headers["content-type"] == b"application/json"


SENT_ONCE = (
    Scenario(
        name="POST: a clean end is final",
        answers=(stream(ONE),),
        options=POST,
        events=(("a", "1"),),
        changes=(Connecting, Opened, Disconnected, Closed),
        check=the_whole_request_was_sent_each_time,
    ),
    Scenario(
        name="POST: the `until` event is the end",
        answers=(in_order(head(body=ONE + b"data: [DONE]\n\n" + TWO), stall),),
        options={**POST, "until": "[DONE]"},
        events=(("a", "1"),),
    ),
    Scenario(
        name="POST: the `until` event is the end without its blank line too",
        answers=(stream(ONE + b"data: [DONE]\n"),),
        options={**POST, "until": "[DONE]"},
        events=(("a", "1"),),
    ),
    Scenario(
        name="POST: where a connection was lost, the `until` event needs its blank line",
        answers=(sized_stream(ONE + b"data: [DONE]\n", 1000),),
        options={**POST, "until": "[DONE]"},
        events=(("a", "1"),),
        error=IncompleteStream,
    ),
    Scenario(
        name="POST: an end without the `until` event is an incomplete stream",
        answers=(stream(ONE),),
        options={**POST, "until": "[DONE]"},
        events=(("a", "1"),),
        error=IncompleteStream,
        error_says="without '[DONE]' (until)",
        error_has={"pending": 0, "last_event_id": "1", "until": "[DONE]", "__cause__": None},
    ),
    Scenario(
        name="POST: an end without the event that a function accepts is an incomplete stream",
        answers=(stream(ONE),),
        options={**POST, "until": lambda event: event.data == "[DONE]"},
        events=(("a", "1"),),
        error=IncompleteStream,
        error_says="without the event that `until` accepts",
    ),
    Scenario(
        name="POST: a clean end inside an event is an incomplete stream that quotes its text",
        answers=(stream(ONE + HALF),),
        options=POST,
        events=(("a", "1"),),
        error=IncompleteStream,
        error_says="data: ha",
        error_has={"pending": len(HALF), "last_event_id": "1", "__cause__": None},
    ),
    Scenario(
        name="POST: a refused connection is an error",
        url=lambda run: run.nowhere,
        options=POST,
        error=ConnectError,
    ),
    Scenario(
        name="POST: a connection dropped before the response is an error",
        answers=(hang_up,),
        options=POST,
        error=ConnectError,
    ),
    Scenario(
        name="POST: a connection reset before the response is an error",
        answers=(reset,),
        options=POST,
        error=ConnectError,
    ),
    Scenario(
        name="POST: no response in time is an error",
        answers=(stall,),
        options={**POST, "timeout": 0.2},
        error=ConnectError,
        error_says="0.2 seconds",
    ),
    Scenario(
        name="POST: an idle timeout is an error",
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
            name=f"POST: a body {how} is an incomplete stream",
            answers=(answer,),
            options=POST,
            events=(("a", "1"),),
            error=IncompleteStream,
            error_has={"pending": len(HALF), "last_event_id": "1"},
            cause=ReadError,
        )
        for how, answer in (
            ("shorter than its length", sized_stream(ONE + HALF, 1000)),
            ("truncated inside a chunk", in_order(head(CHUNKED), chunk(ONE), raw(b"64\r\n" + HALF))),
            ("truncated between chunks", in_order(head(CHUNKED), chunk(ONE), chunk(HALF))),
            *(
                (
                    f"truncated inside a chunk size, after {size.decode()!r}",
                    in_order(head(CHUNKED), chunk(ONE + HALF), raw(size)),
                )
                for size in (b"6", b"0", b"000", b"00\r")
            ),
            # Each in two pieces: aiohttp would lose the events in front of an invalid chunk.
            *(
                (
                    f"with a chunk of size {size.decode()!r}",
                    in_order(
                        *(head(CHUNKED), chunk(ONE + HALF), once_received(1)),
                        raw(size + b"\r\ndata: b\n\n\r\n0\r\n\r\n"),
                    ),
                )
                for size in (b"0x9", b"+9", b"-9", b" 9", b"9_", b"9 9", b"")
            ),
            (
                "with a chunk that does not end in CRLF",
                in_order(head(CHUNKED), chunk(ONE), once_received(1), raw(b"8\r\n" + HALF + b"xx0\r\n\r\n")),
            ),
            ("that is reset", in_order(head(body=ONE + HALF), once_received(1), reset)),
        )
    ),
    *(
        Scenario(
            name=f"{method} is not sent again either",
            answers=(sized_stream(ONE, 1000),),
            options={"method": method, "content": "x"},
            events=(("a", "1"),),
            error=IncompleteStream,
        )
        for method in ("PUT", "PATCH", "DELETE")
    ),
    Scenario(
        name="POST reconnects after a clean end if the policy says so",
        answers=(stream(ONE), stream(TWO), no_content),
        options={**POST, "retry": RetryPolicy(initial_delay=0.01, min_delay=0.0, reconnect_on_close=True)},
        events=(("a", "1"), ("b", "2")),
        last_event_ids=(None, b"1", b"2"),
        check=the_whole_request_was_sent_each_time,
    ),
    Scenario(
        name="reconnect_on_close does not resend a POST after a lost connection",
        answers=(sized_stream(ONE, 1000),),
        options={**POST, "retry": RetryPolicy(initial_delay=0.01, min_delay=0.0, reconnect_on_close=True)},
        events=(("a", "1"),),
        error=IncompleteStream,
    ),
)

SENT_AGAIN = (
    *(
        Scenario(
            name=f"POST in allowed_methods is sent again after {what}",
            answers=(answer, stream(TWO), no_content),
            options={**RESENT, **options},
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
                "an idle timeout",
                in_order(head(body=ONE), stall),
                (("a", "1"),),
                # Longer than the other responses take.
                Options(idle_timeout=0.5),
            ),
        )
    ),
    Scenario(
        name="POST in allowed_methods is not sent again after a final error",
        answers=(refuse(400),),
        options=RESENT,
        error=HTTPStatusError,
        error_has={"status": 400},
    ),
    Scenario(
        name="POST in allowed_methods is sent again without an `until` event",
        answers=(stream(ONE), stream(TWO + b"data: [DONE]\n\n")),
        options={**RESENT, "until": "[DONE]"},
        events=(("a", "1"), ("b", "2")),
    ),
    *(
        Scenario(
            name=f"{method} is sent again like GET",
            answers=(sized_stream(ONE, 1000), stream(TWO), no_content),
            options={"method": method},
            events=(("a", "1"), ("b", "2")),
        )
        # The safe methods of IANA's registry that can have a stream.
        for method in ("options", "PROPFIND", "REPORT", "SEARCH", "QUERY")
    ),
)

UNSAFE_METHODS = (*SENT_ONCE, *SENT_AGAIN)
