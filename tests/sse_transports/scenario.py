"""One exchange between a client and servers, as data; every client must pass all of them."""

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

ONE = b"id: 1\ndata: a\n\n"
TWO = b"id: 2\ndata: b\n\n"
QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0, max_delay=0.05, jitter=0.0)
"""The default policy with short delays and no jitter."""


class RunState:
    """What the client and the servers share while a scenario runs.

    Attributes:
        url: the first server.
        elsewhere: the second server, which is another origin.
        nowhere: an address on which no server listens.
        events: the events that the client has received.
        changes: the state changes that were reported.
    """

    def __init__(self, url: str, elsewhere: str, nowhere: str) -> None:
        self.url = url
        self.elsewhere = elsewhere
        self.nowhere = nowhere
        self.events: list[Event] = []
        self.changes: list[StateChange] = []
        self._received = threading.Condition()

    def receive(self, event: Event) -> None:
        """Record an event that the client received."""
        with self._received:
            self.events.append(event)
            self._received.notify_all()

    def until_received(self, count: int) -> None:
        """For a server: return when the client has received this many events in all."""
        with self._received:
            arrived = self._received.wait_for(lambda: len(self.events) >= count, DEADLINE)
        assert arrived, f"the client received {len(self.events)} events; the server waited for {count}"


Answer = Callable[[Call, RunState], None]


@dataclass(frozen=True)
class Outcome:
    """The result of a scenario. `calls` and `calls_elsewhere` are the requests that the two servers got."""

    events: list[Event]
    changes: list[StateChange]
    error: BaseException | None
    calls: list[Call]
    calls_elsewhere: list[Call]

    @property
    def delays(self) -> list[float | None]:
        """The waits between attempts, in seconds."""
        return [change.delay for change in self.changes if isinstance(change, Waiting)]


def _no_check(_outcome: Outcome) -> None:
    """Expect nothing more."""


def _stream_url(run: RunState) -> str:
    return f"{run.url}/stream"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What the servers answer, what the client is asked to do, and what must be the result.

    Attributes:
        name: the behavior, in words.
        answers: what the server does at each request, in this order. It must get exactly as many requests.
        answers_elsewhere: the same for a second server, which is another origin.
        url: the URL of the event source.
        options: arguments of the event source. The policy is `QUICK` unless they say otherwise.
        clock: makes the source's clock. With a virtual one, a test of a long delay does not take long.
        error_body_seconds: how long the client waits for an error's body, if not the default.
        events: data and ID of the events that the client must receive.
        error: what the iteration must end with; None for an end without one.
        error_has: attributes that the error must have.
        error_says: what its message must contain.
        cause: what its `__cause__` must be.
        last_event_ids: the Last-Event-ID header of each request; None where it has none.
        changes: the kinds of state changes, if they matter.
        check: checks anything else.
    """

    name: str
    answers: tuple[Answer, ...] = ()
    answers_elsewhere: tuple[Answer, ...] = ()
    url: Callable[[RunState], str] = _stream_url
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
    check: Callable[[Outcome], None] = _no_check

    def arguments(self) -> Options:
        """Return the event source's arguments, but for `on_state`."""
        return {"retry": QUICK, "clock": self.clock(), **self.options}


Client = Callable[[Scenario, RunState], None]
"""Iterates an event source, records events and changes in the run state, raises the error that ends it."""


def run_scenario(scenario: Scenario, client: Client) -> Outcome:
    """Run a scenario with one client and two servers, and return the result."""

    def answer_in_order(answers: tuple[Answer, ...]) -> Callable[[Call], None]:
        def handler(call: Call) -> None:
            if call.number < len(answers):
                answers[call.number](call, run)
            else:
                # One request too many is counted below; 204 stops the client from sending more.
                call.respond(204, [])

        return handler

    with ExitStack() as stack:
        nowhere = stack.enter_context(socket())
        nowhere.bind(("127.0.0.1", 0))
        server = stack.enter_context(SSEServer(answer_in_order(scenario.answers)))
        other = stack.enter_context(SSEServer(answer_in_order(scenario.answers_elsewhere)))
        run = RunState(server.url, other.url, f"http://127.0.0.1:{nowhere.getsockname()[1]}")
        error: BaseException | None = None
        try:
            client(scenario, run)
        except Exception as raised:  # noqa: BLE001  # compared with what was expected
            error = raised
        # A client that gave up early may have ended before the server noticed its request.
        eventually(lambda: len(server.calls) >= len(scenario.answers), "the requests arrive")
        eventually(
            lambda: server.open_connections + other.open_connections == 0, "the client closes its connections"
        )
        return Outcome(run.events, run.changes, error, server.calls, other.calls)


def verify(scenario: Scenario, outcome: Outcome) -> None:
    """Compare the result of a scenario with what it must be."""
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
