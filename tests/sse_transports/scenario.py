"""One story between a client and a server, as data: every client is to play all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from socket import socket

from sse_core import Event, RetryPolicy, SSEError, StateChange, Waiting
from sse_transports import Clock
from sse_transports._event_source import Options
from sse_transports.testing import Call, SSEServer, VirtualClock
from tests.sse_transports.waiting import DEADLINE, eventually

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0, max_delay=0.05, jitter=0.0)
"""The default policy, with small numbers and without chance."""


class Stage:
    """What the client and the server of one story share.

    Attributes:
        url: where the story begins.
        elsewhere: the second server: another origin.
        nowhere: an address where nobody listens.
        events: what the client was given so far.
        changes: the state changes it was told.
    """

    def __init__(self, url: str, elsewhere: str, nowhere: str) -> None:
        self.url = url
        self.elsewhere = elsewhere
        self.nowhere = nowhere
        self.events: list[Event] = []
        self.changes: list[StateChange] = []
        self._received = threading.Condition()

    def receive(self, event: Event) -> None:
        """The client was given an event."""
        with self._received:
            self.events.append(event)
            self._received.notify_all()

    def until_received(self, count: int) -> None:
        """For a server: return when the client was given so many events, all in all."""
        with self._received:
            arrived = self._received.wait_for(lambda: len(self.events) >= count, DEADLINE)
        assert arrived, f"the client was given {len(self.events)} events while the server waited for {count}"


Answer = Callable[[Call, Stage], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a story. `calls` and `calls_elsewhere` are the requests that the two servers got."""

    events: list[Event]
    changes: list[StateChange]
    error: BaseException | None
    calls: list[Call]
    calls_elsewhere: list[Call]

    @property
    def delays(self) -> list[float | None]:
        """The waits, in seconds."""
        return [change.delay for change in self.changes if isinstance(change, Waiting)]


def _anything(_outcome: Outcome) -> None:
    """No further expectation."""


def _the_stream(stage: Stage) -> str:
    return f"{stage.url}/stream"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A story: what the servers answer, what the client is told to do, and what must come of it.

    Attributes:
        name: the behaviour, in words.
        answers: what the server does at each request, in turn: it must get just as many.
        answers_elsewhere: the same for a second server, which is another origin.
        url: where the client begins.
        options: arguments of the event source. The policy is `QUICK` unless they say otherwise.
        clock: makes the source's clock. On a virtual one a long delay can be looked at and need not pass.
        error_body_seconds: how long the client waits for an error's text, if not as long as ever.
        events: data and id of what the client must be given.
        error: what the iteration must end with; None for an end without one.
        error_has: attributes that the error must have.
        error_says: what its message must hold.
        cause: what its `__cause__` must be.
        last_event_ids: the Last-Event-ID header of each request; None where it has none.
        changes: the kinds of state changes, where they matter.
        check: whatever else must hold.
    """

    name: str
    answers: tuple[Answer, ...] = ()
    answers_elsewhere: tuple[Answer, ...] = ()
    url: Callable[[Stage], str] = _the_stream
    options: Options = field(default_factory=Options)
    clock: Callable[[], Clock] = VirtualClock
    error_body_seconds: float | None = None
    events: tuple[tuple[str, str], ...] = ()
    error: type[SSEError] | None = None
    error_has: Mapping[str, object] = field(default_factory=dict)
    error_says: str = ""
    cause: type[BaseException] | None = None
    last_event_ids: tuple[bytes | None, ...] | None = None
    changes: tuple[type[StateChange], ...] | None = None
    check: Callable[[Outcome], None] = _anything

    def arguments(self) -> Options:
        """Return the event source's arguments, but for `on_state`."""
        return {"retry": QUICK, "clock": self.clock(), **self.options}


Client = Callable[[Scenario, Stage], None]
"""Plays its part: iterates an event source, hands events and changes to the stage, raises what ends it."""


def play(scenario: Scenario, client: Client) -> Outcome:
    """Let a client play a scenario against two servers, and return what came of it."""

    def in_turn(answers: tuple[Answer, ...]) -> Callable[[Call], None]:
        def handler(call: Call) -> None:
            if call.number < len(answers):
                answers[call.number](call, stage)
            else:
                # One request too many is counted below; this keeps it from being many more.
                call.respond(204, [])

        return handler

    with ExitStack() as stack:
        nowhere = stack.enter_context(socket())
        nowhere.bind(("127.0.0.1", 0))
        server = stack.enter_context(SSEServer(in_turn(scenario.answers)))
        other = stack.enter_context(SSEServer(in_turn(scenario.answers_elsewhere)))
        stage = Stage(server.url, other.url, f"http://127.0.0.1:{nowhere.getsockname()[1]}")
        error: BaseException | None = None
        try:
            client(scenario, stage)
        except Exception as raised:  # noqa: BLE001  # compared with what was expected
            error = raised
        # A client that gave up early may have been quicker than the server.
        eventually(lambda: len(server.calls) >= len(scenario.answers), "the requests arrive")
        eventually(
            lambda: server.open_connections + other.open_connections == 0, "the client closes its connections"
        )
        return Outcome(stage.events, stage.changes, error, server.calls, other.calls)


def verify(scenario: Scenario, outcome: Outcome) -> None:
    """Compare what came of a scenario with what must come of it."""
    if outcome.error is not None and scenario.error is None:
        raise outcome.error
    assert type(outcome.error) is (scenario.error or type(None))
    found = {name: getattr(outcome.error, name) for name in scenario.error_has}
    assert found == dict(scenario.error_has)
    assert scenario.error_says in str(outcome.error)
    if outcome.error is not None:
        cause = outcome.error.__cause__
        assert scenario.cause is None or type(cause) is scenario.cause
    assert [(event.data, event.id) for event in outcome.events] == list(scenario.events)
    assert len(outcome.calls) == len(scenario.answers)
    assert len(outcome.calls_elsewhere) == len(scenario.answers_elsewhere)
    if scenario.last_event_ids is not None:
        sent = [call.headers.get("last-event-id") for call in outcome.calls]
        assert sent == list(scenario.last_event_ids)
    if scenario.changes is not None:
        assert [type(change) for change in outcome.changes] == list(scenario.changes)
    scenario.check(outcome)
