"""The ends of a stream, and what a GET does then."""

from __future__ import annotations

from sse_core import (
    Closed,
    ConnectError,
    Connecting,
    Disconnected,
    HTTPStatusError,
    IncompleteStream,
    Opened,
    ReadError,
    RetriesExhausted,
    RetryPolicy,
    Waiting,
)
from tests.sse_transports.answers import (
    CHUNKED,
    chunk,
    chunked_stream,
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

HALF = b"id: 2\ndata: ha"


def limited(attempts: int) -> RetryPolicy:
    return RetryPolicy(initial_delay=0.001, min_delay=0.0, max_delay=0.05, jitter=0.0, max_attempts=attempts)


def partial_event_was_reported(outcome: Outcome) -> None:
    pending = [change.pending for change in outcome.changes if isinstance(change, Disconnected)]
    assert pending == [len(HALF)]


def partial_event_was_reported_with_an_error(outcome: Outcome) -> None:
    partial_event_was_reported(outcome)
    assert [type(change.cause) for change in outcome.changes if isinstance(change, Waiting)] == [ReadError]


def the_delays_grew(outcome: Outcome) -> None:
    assert outcome.delays == [0.001, 0.002, 0.004]


def the_delays_started_over(outcome: Outcome) -> None:
    assert outcome.delays == [0.001, 0.002, 0.001, 0.002, 0.004]


def nothing_went_wrong(outcome: Outcome) -> None:
    assert [change.cause for change in outcome.changes] == [None] * len(outcome.changes)


def the_first_end_was_an_error(outcome: Outcome) -> None:
    causes = [type(change.cause) for change in outcome.changes if isinstance(change, Disconnected)]
    assert causes == [ReadError, type(None)]


CLEAN_ENDS = (
    Scenario(
        name="a clean end is reconnected from, with Last-Event-ID",
        answers=(stream(ONE), stream(TWO), no_content),
        events=(("a", "1"), ("b", "2")),
        last_event_ids=(None, b"1", b"2"),
        changes=(
            *(Connecting, Opened, Disconnected, Waiting),
            *(Connecting, Opened, Disconnected, Waiting),
            *(Connecting, Closed),
        ),
    ),
    Scenario(
        name="a chunked body ends cleanly with its last chunk",
        answers=(chunked_stream(ONE), no_content),
        events=(("a", "1"),),
        last_event_ids=(None, b"1"),
        check=nothing_went_wrong,
    ),
    Scenario(
        name="a body with a length ends cleanly there, and the connection is closed",
        answers=(in_order(sized_stream(ONE), stall), no_content),
        events=(("a", "1"),),
        check=nothing_went_wrong,
    ),
    Scenario(
        name="bytes after a body's length are not part of the stream",
        # In two pieces: aiohttp would refuse all of a single one.
        answers=(in_order(sized_stream(ONE, len(ONE)), once_received(1), raw(TWO)), no_content),
        events=(("a", "1"),),
        last_event_ids=(None, b"1"),
    ),
    Scenario(
        name="a clean end inside an event is reported, and the event is never delivered",
        answers=(stream(ONE + HALF), no_content),
        events=(("a", "1"),),
        # The ID of the unfinished event does not count either.
        last_event_ids=(None, b"1"),
        check=partial_event_was_reported,
    ),
    Scenario(
        name="204 ends it for good, at the first request too",
        answers=(no_content,),
        changes=(Connecting, Closed),
    ),
    *(
        Scenario(
            name=f"204 ends it for good, also with bytes after it {how}",
            answers=(
                stream(ONE),
                raw(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n" + field + b"\r\nbytes"),
            ),
            events=(("a", "1"),),
            changes=(Connecting, Opened, Disconnected, Waiting, Connecting, Closed),
        )
        for how, field in (("without a length", b""), ("with a length", b"Content-Length: 5\r\n"))
    ),
    Scenario(
        name="a clean end is final if the policy says so",
        answers=(stream(ONE),),
        options={"retry": RetryPolicy(reconnect_on_close=False)},
        events=(("a", "1"),),
        changes=(Connecting, Opened, Disconnected, Closed),
    ),
    Scenario(
        name="a lost connection is reconnected even if a clean end is final",
        answers=(sized_stream(ONE, 100), stream(TWO)),
        options={"retry": RetryPolicy(initial_delay=0.01, min_delay=0.0, reconnect_on_close=False)},
        events=(("a", "1"), ("b", "2")),
        last_event_ids=(None, b"1"),
    ),
)

DROPS = tuple(
    Scenario(
        name=f"a body {how} is a lost connection: GET reconnects, a partial event is dropped",
        answers=(answer, stream(TWO), no_content),
        events=(("a", "1"), ("b", "2")),
        last_event_ids=(None, b"1", b"2"),
        check=the_first_end_was_an_error,
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
        ("truncated after a chunk size", in_order(head(CHUNKED), chunk(ONE + HALF), raw(b"64\r\n"))),
        # In two pieces: aiohttp would lose the events in front of an invalid chunk size.
        (
            "with an invalid chunk size",
            in_order(head(CHUNKED), chunk(ONE + HALF), once_received(1), raw(b"zz\r\n"), stall),
        ),
        ("that is reset", in_order(head(body=ONE + HALF), once_received(1), reset)),
    )
)

FAILURES = (
    Scenario(
        name="a partial event before a lost connection is reported with the error",
        answers=(sized_stream(ONE + HALF, 1000), no_content),
        events=(("a", "1"),),
        check=partial_event_was_reported_with_an_error,
    ),
    Scenario(
        name="a refused connection is retried up to the limit",
        url=lambda run: run.nowhere,
        options={"retry": limited(4)},
        error=RetriesExhausted,
        error_has={"attempts": 4},
        cause=ConnectError,
        changes=(*(Connecting, Disconnected, Waiting) * 3, Connecting, Disconnected, Closed),
        check=the_delays_grew,
    ),
    Scenario(
        name="a server that never answers meets growing delays and the limit",
        answers=(hang_up,) * 4,
        options={"retry": limited(4)},
        error=RetriesExhausted,
        error_has={"attempts": 4},
        cause=ConnectError,
        check=the_delays_grew,
    ),
    Scenario(
        name="a server that sends no event meets growing delays and the limit",
        answers=(stream(b""), stream(b"data: half"), stream(b": hello\n\n"), stream(b"id: 7\n\n")),
        options={"retry": limited(4)},
        error=RetriesExhausted,
        error_has={"attempts": 4, "__cause__": None},
        check=the_delays_grew,
    ),
    Scenario(
        name="an event resets the delays and the attempts",
        answers=(hang_up, hang_up, stream(ONE), hang_up, hang_up, no_content),
        options={"retry": limited(4)},
        events=(("a", "1"),),
        check=the_delays_started_over,
    ),
    Scenario(
        name="streams that always end inside the same event count as without progress",
        answers=(stream(ONE + HALF),) * 4,
        options={"retry": limited(3)},
        events=(("a", "1"),) * 4,
        error=RetriesExhausted,
        error_has={"attempts": 3},
        error_says="data: ha",
    ),
    Scenario(
        name="no attempt starts after the policy's time",
        answers=(hang_up,),
        options={"retry": RetryPolicy(initial_delay=10.0, max_elapsed=5.0)},
        error=RetriesExhausted,
        error_has={"attempts": 1},
        cause=ConnectError,
    ),
)

UNTIL = (
    Scenario(
        name="the `until` event ends the stream and is not yielded",
        answers=(in_order(head(body=ONE + b"data: [DONE]\n\n" + TWO), stall),),
        options={"until": "[DONE]"},
        events=(("a", "1"),),
        changes=(Connecting, Opened, Closed),
    ),
    Scenario(
        name="`until` may be a function",
        answers=(in_order(head(body=ONE + b"event: bye\ndata: x\n\n"), stall),),
        options={"until": lambda event: event.event == "bye"},
        events=(("a", "1"),),
    ),
    *(
        Scenario(
            name=f"at a clean end, the `until` event counts as {end!r}",
            answers=(stream(ONE + end),),
            options={"until": "[DONE]"},
            events=(("a", "1"),),
            changes=(Connecting, Opened, Closed),
        )
        for end in (b"data: [DONE]\n", b"data: [DONE]", b"data:[DONE]\r\n", b"event: x\rdata: [DONE]\r")
    ),
    Scenario(
        name="where a connection was lost, the `until` event does not count without its blank line",
        answers=(sized_stream(ONE + b"data: [DONE]\n", 1000), stream(b"data: [DONE]\n\n")),
        options={"until": "[DONE]"},
        events=(("a", "1"),),
        last_event_ids=(None, b"1"),
    ),
    Scenario(
        name="at a clean end, the start of the `until` event does not count",
        answers=(stream(ONE + b"data: [DON"), stream(b"data: [DONE]\n\n")),
        options={"until": "[DONE]"},
        events=(("a", "1"),),
        last_event_ids=(None, b"1"),
    ),
    Scenario(
        name="a stream that ended without its `until` event is continued",
        answers=(stream(ONE), stream(b"data: [DONE]\n\n")),
        options={"until": "[DONE]"},
        events=(("a", "1"),),
        last_event_ids=(None, b"1"),
    ),
)

WITHOUT_POLICY = (
    Scenario(
        name="without a policy, a clean end is final",
        answers=(stream(ONE),),
        options={"retry": None},
        events=(("a", "1"),),
    ),
    Scenario(
        name="without a policy, a lost connection is an incomplete stream",
        answers=(sized_stream(ONE + HALF, 1000),),
        options={"retry": None},
        events=(("a", "1"),),
        error=IncompleteStream,
        error_has={"pending": len(HALF), "last_event_id": "1"},
        cause=ReadError,
    ),
    Scenario(
        name="without a policy, a clean end inside an event is an incomplete stream",
        answers=(stream(ONE + HALF),),
        options={"retry": None},
        events=(("a", "1"),),
        error=IncompleteStream,
        error_has={"pending": len(HALF), "__cause__": None},
    ),
    Scenario(
        name="without a policy, a busy server is an error",
        answers=(refuse(503),),
        options={"retry": None},
        error=HTTPStatusError,
        error_has={"status": 503},
    ),
    Scenario(
        name="without a policy, a refused connection is an error",
        url=lambda run: run.nowhere,
        options={"retry": None},
        error=ConnectError,
        changes=(Connecting, Disconnected, Closed),
    ),
)


ENDS = (*CLEAN_ENDS, *DROPS, *FAILURES, *UNTIL, *WITHOUT_POLICY)
