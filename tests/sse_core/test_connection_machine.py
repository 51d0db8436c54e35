"""Any calls in any order: each follows the transition table, or is refused and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sse_core import (
    READY_STATES,
    TRANSITIONS,
    Closed,
    Connect,
    ConnectError,
    Connecting,
    Connection,
    Decide,
    Deliver,
    Disconnected,
    EventTooLarge,
    IdleTimeout,
    IllegalState,
    Opened,
    Pause,
    Paused,
    Read,
    ReadBody,
    ReadError,
    ResponseError,
    RetriesExhausted,
    RetryPolicy,
    Signal,
    SSEError,
    State,
    Stop,
    Wait,
    Waiting,
)
from tests.sse_core.driving import URL, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sse_core import Response, SSEError, Step

# The state that each step belongs to, and the last change in each state.
STATE_AFTER: dict[type[Step], State] = {
    Connect: State.CONNECTING,
    Read: State.OPEN,
    ReadBody: State.REFUSED,
    Decide: State.DECIDING,
    Wait: State.WAITING,
    Pause: State.PAUSED,
    Stop: State.CLOSED,
}
LAST_CHANGE = {
    State.CONNECTING: Connecting,
    State.REFUSED: Connecting,
    State.OPEN: Opened,
    State.DECIDING: Disconnected,
    State.WAITING: Waiting,
    State.PAUSED: Paused,
    State.CLOSED: Closed,
}
STREAM = answer(200, Content_Type="text/event-stream")
MOVED = answer(302, Location="/other")
HEADS: dict[Signal, list[Response]] = {
    Signal.ACCEPT: [STREAM, answer(200, Content_Type="TEXT/event-stream; charset=x")],
    Signal.REDIRECT: [MOVED, answer(307, Location="https://example.org/")],
    Signal.CLOSE: [answer(204)],
    Signal.REFUSE: [
        answer(404),
        answer(503, Retry_After="99"),
        answer(200),
        answer(301),
        answer(302, Location="x:y"),
    ],
}
DATA = [
    b"", b"data: a\n\n", b"id: 7\ndata: a\n\n", b"id\n\n", b"retry: 0\n\n", b"retry: 99999999\n\n",
    b": comment\n", b"data: [DONE]\n\n", b"data: [DONE]", b"data: ", b"\n", b"\r", b"id: 8\n",
    b"data: " + b"x" * 60,
]  # fmt: skip

policies = st.builds(
    RetryPolicy,
    max_attempts=st.sampled_from([None, None, 1, 3]),
    max_elapsed=st.sampled_from([None, None, 0.0, 50.0]),
    reconnect_on_close=st.sampled_from([None, True, False]),
    allowed_methods=st.sampled_from([{"GET"}, {"GET", "POST"}, set()]),
)
errors: st.SearchStrategy[Exception] = st.sampled_from(
    [ConnectError("refused"), ReadError("reset"), IdleTimeout(30.0), EventTooLarge(50), OSError("gone")]
)


class AnyCalls(RuleBasedStateMachine):
    """Makes calls, legal or not, and expects the state that the table gives."""

    connection: Connection[Any]
    policy: RetryPolicy | None

    @initialize(
        method=st.sampled_from(["GET", "POST"]),
        policy=st.one_of(st.none(), policies, policies),
        until=st.sampled_from([None, "[DONE]"]),
        at_end=st.sampled_from([None, None, "raise", "drop", "dispatch"]),
        comments=st.booleans(),
    )
    def begin(
        self, method: str, policy: RetryPolicy | None, until: str | None, at_end: Any, comments: bool
    ) -> None:
        self.policy = policy
        self.connection = Connection(
            URL,
            method=method,
            retry=policy,
            until=until,
            at_end=at_end,
            comments=comments,
            max_event_size=50,
        )
        self.state = State.NEW
        self.redirects = 0
        self.now = 0.0

    def seen(self) -> tuple[object, ...]:
        connection = self.connection
        return (
            connection.state,
            connection.last_event_id,
            connection.reconnection_time,
            connection.error,
            connection.url,
        )

    def call(self, make: Callable[[], Step[Any]], *signals: Signal) -> Step[Any] | None:
        """Make a call that can mean one of `signals`; return its next step, or None if it was refused."""
        row = TRANSITIONS[self.state]
        if not any(signal in row for signal in signals):
            before = self.seen()
            with pytest.raises(IllegalState) as caught:
                make()
            assert caught.value.__cause__ is self.connection.error
            assert (self.seen(), self.connection.changes()) == (before, [])
            return None
        result = make()
        step = result.then if isinstance(result, Deliver) else result
        self.state = self.connection.state
        assert self.state in {row[signal] for signal in signals if signal in row}
        assert self.state is STATE_AFTER[type(step)]
        return step

    @rule(passed=st.floats(0, 10), own=st.sampled_from([None, {}, {"Last-Event-ID": "5"}, {"Accept": "x"}]))
    def connect(self, passed: float, own: dict[str, str] | None) -> None:
        self.now += passed
        expected = self.connection.last_event_id
        step = self.call(lambda: self.connection.connect(own), Signal.CONNECT)
        if isinstance(step, Connect):
            self.redirects = 0
            if not own or "Last-Event-ID" not in own:
                assert step.request.header("Last-Event-ID") == (expected or None)

    @rule(
        signal=st.sampled_from(list(HEADS)),
        number=st.integers(0, 4),
    )
    def respond(self, signal: Signal, number: int) -> None:
        heads = HEADS[signal]
        if signal is Signal.REDIRECT and self.redirects == 20:
            signal = Signal.REFUSE
        step = self.call_respond(heads[number % len(heads)], signal)
        self.redirects += isinstance(step, Connect)

    @rule(times=st.integers(15, 21))
    def redirect_many_times(self, times: int) -> None:
        for _ in range(times):
            if self.state is State.CONNECTING:
                signal = Signal.REFUSE if self.redirects == 20 else Signal.REDIRECT
                step = self.call_respond(MOVED, signal)
                self.redirects += isinstance(step, Connect)

    def call_respond(self, head: Response, signal: Signal) -> Step[Any] | None:
        if self.state is not State.CONNECTING:
            # Illegal, whatever the response means: no request was sent.
            signal = Signal.ACCEPT
        return self.call(lambda: self.connection.respond(head), signal)

    @rule(size=st.sampled_from([0, 10, 2**16 + 1]))
    def refuse(self, size: int) -> None:
        # FAIL is legal in other states too, but only here it is about a response's body.
        signals = [Signal.FAIL] if self.state is State.REFUSED else []
        self.call(lambda: self.connection.refuse(b"x" * size, epoch=self.now), *signals)

    @rule(data=st.lists(st.sampled_from(DATA), max_size=4).map(b"".join))
    def receive(self, data: bytes) -> None:
        signals = (
            [Signal.RECEIVE, Signal.CLOSE, Signal.FAIL] if self.state is State.OPEN else [Signal.RECEIVE]
        )
        self.call(lambda: self.connection.receive(data), *signals)

    @rule(data=st.sampled_from(DATA[1:3]), times=st.integers(1, 3))
    def receive_events(self, data: bytes, times: int) -> None:
        self.receive(data * times)

    @rule()
    def end(self) -> None:
        # CLOSE if the pending event is the last one.
        signals = [Signal.END, Signal.CLOSE] if self.state is State.OPEN else [Signal.END]
        self.call(self.connection.end, *signals)

    @rule(error=errors)
    def fail(self, error: Exception) -> None:
        before = self.state
        step = self.call(lambda: self.connection.fail(error), Signal.FAIL)
        if isinstance(step, Decide):
            chain: list[BaseException] = []
            last: BaseException | None = step.cause
            while last is not None:
                chain.append(last)
                last = last.__cause__
            assert isinstance(chain[0], ResponseError if before is State.REFUSED else SSEError)
            # It is the error itself, or its cause, or the cause of an IncompleteStream's cause.
            assert error in chain[:3]

    @rule(
        passed=st.floats(0, 10),
        random=st.floats(0, 1, exclude_max=True),
        delay=st.sampled_from([None, None, 0.0, 99.0]),
    )
    def decide(self, passed: float, random: float, delay: float | None) -> None:
        self.now += passed
        legal = self.state is State.DECIDING
        signals = [Signal.WAIT, Signal.CLOSE] if legal else [Signal.WAIT]
        step = self.call(
            lambda: self.connection.decide(monotonic=self.now, random=random, delay=delay), *signals
        )
        if isinstance(step, Wait) and delay is None:
            assert self.policy is not None
            # The longest Retry-After among these responses, and its jitter.
            assert self.policy.min_delay <= step.delay <= 99 * (1 + self.policy.jitter)
        elif isinstance(step, Wait):
            assert step.delay == delay
        elif isinstance(step, Stop) and delay is not None:
            assert isinstance(step.error, RetriesExhausted)

    @rule()
    def pause(self) -> None:
        self.call(self.connection.pause, Signal.PAUSE)

    @rule(error=st.sampled_from([None, ValueError("a hook's")]))
    def close(self, error: Exception | None) -> None:
        before = self.state, self.connection.error
        step = self.call(lambda: self.connection.close(error), Signal.CLOSE)
        assert step == Stop(before[1] if before[0] is State.CLOSED else error)

    @invariant()
    def changes_fit_the_state(self) -> None:
        connection = self.connection
        assert connection.state is self.state
        assert connection.ready_state is READY_STATES[self.state]
        changes = connection.changes()
        for change in changes:
            assert change.attempt >= 1
            assert (change.delay is not None) is isinstance(change, Waiting)
            assert change.pending == 0 or isinstance(change, Disconnected)
        if changes:
            assert (changes[-1].last_event_id, changes[-1].url) == (connection.last_event_id, connection.url)
            assert type(changes[-1]) is LAST_CHANGE[self.state]

    @invariant()
    def there_is_no_error_before_it_is_closed(self) -> None:
        assert self.connection.error is None or self.state is State.CLOSED


TestAnyCallsInAnyOrder = AnyCalls.TestCase
