"""Calls in every state: what each leads to, which are refused, and how a connection is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sse_core import (
    READY_STATES,
    Connect,
    ConnectError,
    Connection,
    IllegalState,
    InvalidArgument,
    Pause,
    ReadyState,
    Response,
    RetryPolicy,
    State,
    Stop,
)
from tests.sse_core.driving import ONE_EVENT, STREAM, URL, answer, connected, lost, opened, received, state_of

if TYPE_CHECKING:
    from collections.abc import Callable


def new() -> Connection:
    return Connection(URL)


def connecting() -> Connection:
    connection = new()
    connected(connection)
    return connection


def refused() -> Connection:
    connection = connecting()
    connection.respond(answer(404))
    return connection


def deciding() -> Connection:
    connection = connecting()
    connection.fail(ConnectError())
    return connection


def waiting() -> Connection:
    connection = connecting()
    lost(connection)
    return connection


def paused() -> Connection:
    connection = new()
    connection.pause()
    return connection


def closed() -> Connection:
    connection = new()
    connection.close()
    return connection


IN_STATE: dict[State, Callable[[], Connection]] = {
    State.NEW: new,
    State.CONNECTING: connecting,
    State.REFUSED: refused,
    State.OPEN: lambda: opened(new()),
    State.DECIDING: deciding,
    State.WAITING: waiting,
    State.PAUSED: paused,
    State.CLOSED: closed,
}
CALLS: dict[str, Callable[[Connection], object]] = {
    "connect": lambda connection: connection.connect(),
    "respond": lambda connection: connection.respond(STREAM),
    "refuse": lambda connection: connection.refuse(b"", epoch=0.0),
    "receive": lambda connection: connection.receive(ONE_EVENT),
    "receive_events": lambda connection: connection.receive_events(ONE_EVENT),
    "end": lambda connection: connection.end(),
    "fail": lambda connection: connection.fail(ConnectError()),
    "decide": lambda connection: connection.decide(monotonic=0.0, random=0.0),
    "pause": lambda connection: connection.pause(),
    "close": lambda connection: connection.close(),
}
# Written out, so that it does not depend on the table that it checks.
LEGAL: dict[State, set[str]] = {
    State.NEW: {"connect", "pause", "close"},
    State.CONNECTING: {"respond", "fail", "connect", "pause", "close"},
    State.REFUSED: {"refuse", "fail", "connect", "pause", "close"},
    State.OPEN: {"receive", "receive_events", "end", "fail", "connect", "pause", "close"},
    State.DECIDING: {"decide", "connect", "pause", "close"},
    State.WAITING: {"connect", "pause", "close"},
    State.PAUSED: {"connect", "pause", "close"},
    State.CLOSED: {"close"},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", State)
def test_a_call_works_or_raises_by_state(state: State, call: str) -> None:
    connection = IN_STATE[state]()
    assert state_of(connection) is state
    if call in LEGAL[state]:
        CALLS[call](connection)
        return
    connection.changes()
    with pytest.raises(IllegalState, match=f"in state {state.value}"):
        CALLS[call](connection)
    assert (state_of(connection), connection.changes()) == (state, [])


@pytest.mark.parametrize(
    ("state", "ready"),
    [
        (State.NEW, 0),
        (State.CONNECTING, 0),
        (State.REFUSED, 0),
        (State.OPEN, 1),
        (State.DECIDING, 0),
        (State.WAITING, 0),
        (State.PAUSED, 0),
        (State.CLOSED, 2),
    ],
)
def test_ready_state_is_that_of_a_browser(state: State, ready: int) -> None:
    connection = IN_STATE[state]()
    assert connection.ready_state == ready
    assert connection.ready_state is ReadyState(ready)
    assert READY_STATES[state] == ready


@pytest.mark.parametrize("state", State)
def test_close_works_in_every_state_and_twice(state: State) -> None:
    connection = IN_STATE[state]()
    connection.changes()
    assert connection.close() == Stop(None)
    assert (state_of(connection), connection.error) == (State.CLOSED, None)
    assert len(connection.changes()) == (0 if state is State.CLOSED else 1)
    assert connection.close() == connection.close(ValueError("too late")) == Stop(None)
    assert (connection.error, connection.changes()) == (None, [])


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_the_close_error_is_the_cause_of_later_errors(state: State) -> None:
    connection = IN_STATE[state]()
    why = ZeroDivisionError("in a hook")
    assert connection.close(why) == Stop(why)
    assert connection.close() == connection.close(ValueError("too late")) == Stop(why)
    for call in CALLS.keys() - {"close"}:
        with pytest.raises(IllegalState) as caught:
            CALLS[call](connection)
        assert caught.value.__cause__ is why
    assert connection.error is why


def test_an_illegal_call_before_close_has_no_cause() -> None:
    with pytest.raises(IllegalState) as caught:
        new().receive(b"")
    assert caught.value.__cause__ is None


def test_a_closed_connection_cannot_connect_again() -> None:
    with pytest.raises(IllegalState):
        closed().connect({"X-A": "\n"})


@pytest.mark.parametrize("call", ["end", "fail", "pause", "close"])
def test_no_bytes_are_held_without_a_connection(call: str) -> None:
    """A source may wait or be paused for hours, and would hold up to `max_event_size` bytes as long."""
    connection = opened(new())
    received(connection, b"data: " + b"x" * 1000)
    CALLS[call](connection)
    # A private attribute, because a public one would not show it: only `Disconnected` has `pending`, and a
    # pause or a close is not one.
    assert connection._parser.pending == 0


def test_a_pause_lasts_until_the_next_connect() -> None:
    connection = opened(new())
    received(connection, b"id: 7\n" + ONE_EVENT)
    connection.changes()
    assert connection.pause() == connection.pause() == Pause()
    # The second pause changes nothing.
    assert len(connection.changes()) == 1
    assert connected(connection).header("Last-Event-ID") == "7"


def test_a_pause_replaces_the_decision() -> None:
    connection = deciding()
    connection.pause()
    with pytest.raises(IllegalState):
        connection.decide(monotonic=0.0, random=0.0)


def test_an_invalid_header_changes_nothing() -> None:
    connection = opened(Connection(URL, retry=RetryPolicy(max_elapsed=10.0)))
    received(connection, ONE_EVENT + b"data: b")
    connection.changes()
    with pytest.raises(InvalidArgument):
        connection.connect({"X-A": "\n"})
    assert (state_of(connection), connection.changes()) == (State.OPEN, [])
    assert len(received(connection, b"\n\n").events) == 1


def test_bytes_after_the_end_are_refused() -> None:
    """A driver that reads ahead may report bytes late; they must not change the last event ID."""
    connection = opened(new())
    connection.end()
    with pytest.raises(IllegalState):
        connection.receive(b"id: 9\n\n")
    assert connection.last_event_id == ""


def test_arguments_are_never_changed() -> None:
    headers = {"X-A": " 1 ", "Last-Event-ID": "5"}
    json: dict[str, Any] = {"messages": [{"role": "user"}]}
    sensitive = ["X-API-Key"]
    head = Response(302, [("Location", "//example.org/")])
    connection = Connection(URL, method="POST", json=json, sensitive_headers=sensitive, last_event_id="4")
    connected(connection, headers=headers)
    connection.respond(head)
    opened(connection)
    received(connection, b"id: 7\n\n")
    connected(connection, headers=headers)
    assert headers == {"X-A": " 1 ", "Last-Event-ID": "5"}
    assert json == {"messages": [{"role": "user"}]}
    assert sensitive == ["X-API-Key"]
    assert head == Response(302, [("Location", "//example.org/")])


def test_sensitive_headers_may_be_a_generator() -> None:
    connection = Connection(URL, sensitive_headers=(name for name in ["X-API-Key"]))
    for _ in range(2):
        connected(connection, headers={"x-api-key": "k"})
        step = connection.respond(answer(307, Location="//example.org/"))
        assert isinstance(step, Connect)
        assert step.request.header("X-API-Key") is None


def test_a_connection_is_shown_without_secrets() -> None:
    connection = Connection("https://user:password@example.com/stream?key=secret", method="POST")
    assert repr(connection) == "<Connection POST https://example.com/stream new>"
    assert repr(opened(connection)) == "<Connection POST https://example.com/stream open>"


def test_two_connections_share_nothing() -> None:
    one, other = opened(Connection(URL)), opened(Connection(URL))
    received(one, b"id: 7\nretry: 5\ndata: half")
    assert (other.last_event_id, other.reconnection_time) == ("", None)
    assert received(other, ONE_EVENT).events == received(opened(new()), ONE_EVENT).events
    assert len(one.changes()) == len(other.changes()) == 2


def test_the_same_calls_always_give_the_same_steps() -> None:
    def run() -> list[object]:
        connection = Connection(URL)
        steps: list[object] = [connection.connect(), connection.respond(STREAM)]
        steps += [connection.receive(b"retry: 5000\n\ndata: x"), connection.end()]
        steps += [connection.decide(monotonic=2.0, random=0.25), connection.connect(), connection.close()]
        # Errors are not equal to others.
        return [repr(step) for step in (*steps, *connection.changes())]

    assert run() == run()
