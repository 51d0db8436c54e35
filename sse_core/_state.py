"""The states of an event source, the signals that move it, and the table of transitions.

All that affects the state is in this file. `Connection` looks each signal up in `TRANSITIONS`, in the row
of its state. If the signal is missing there, the call is illegal in that state: it raises `IllegalState`.

https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
"""

from __future__ import annotations

from enum import Enum, IntEnum

TYPE_CHECKING = False


class State(Enum):
    """The state of an event source."""

    # Each member exists once, so the hash of its identity will do. Enum's own hash is Python code: one
    # more call for each lookup in the table.
    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    NEW = "new"
    """Nothing was tried yet."""
    CONNECTING = "connecting"
    """A request was sent; its response is awaited."""
    REFUSED = "refused"
    """The response is not an event stream; the start of its body is being read, for the error."""
    OPEN = "open"
    """The stream is being read."""
    DECIDING = "deciding"
    """The connection ended; whether another follows is being decided."""
    WAITING = "waiting"
    """The delay before the next attempt."""
    PAUSED = "paused"
    """The caller wants no connection for now."""
    CLOSED = "closed"
    """It has ended for good."""


class Signal(Enum):
    """What can happen to an event source."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    # What the caller decides.
    CONNECT = "connect"
    PAUSE = "pause"
    CLOSE = "close"

    # What a response means.
    ACCEPT = "accept"
    REDIRECT = "redirect"
    REFUSE = "refuse"

    # What happens to an open stream, or to any request.
    RECEIVE = "receive"
    END = "end"
    FAIL = "fail"

    # What is decided after an end or a failure.
    WAIT = "wait"


# A caller may reconnect, pause and close at any time, so these three are in every row but the last. A
# connection that the caller drops is not a failure, and needs no decision.
CALLER_SIGNALS: dict[Signal, State] = {
    Signal.CONNECT: State.CONNECTING,
    Signal.PAUSE: State.PAUSED,
    Signal.CLOSE: State.CLOSED,
}

TRANSITIONS: dict[State, dict[Signal, State]] = {
    State.NEW: {**CALLER_SIGNALS},
    State.CONNECTING: {
        Signal.ACCEPT: State.OPEN,
        # The next request follows without a delay: to the standard it is still the same fetch.
        Signal.REDIRECT: State.CONNECTING,
        Signal.REFUSE: State.REFUSED,
        Signal.FAIL: State.DECIDING,
        **CALLER_SIGNALS,
    },
    # Also if reading the body fails: the response is the error, and its body only explains it.
    State.REFUSED: {Signal.FAIL: State.DECIDING, **CALLER_SIGNALS},
    State.OPEN: {
        Signal.RECEIVE: State.OPEN,
        Signal.END: State.DECIDING,
        Signal.FAIL: State.DECIDING,
        **CALLER_SIGNALS,
    },
    # CLOSE is also what the retry policy decides when there is no further attempt.
    State.DECIDING: {Signal.WAIT: State.WAITING, **CALLER_SIGNALS},
    State.WAITING: {**CALLER_SIGNALS},
    State.PAUSED: {**CALLER_SIGNALS},
    # "Once the user agent has failed the connection, it does not attempt to reconnect." Closing again
    # is harmless.
    State.CLOSED: {Signal.CLOSE: State.CLOSED},
}


class ReadyState(IntEnum):
    """`EventSource.readyState` of a browser.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate
    """

    CONNECTING = 0
    OPEN = 1
    CLOSED = 2


READY_STATES: dict[State, ReadyState] = {
    # "CONNECTING: The connection has not yet been established, or it was closed and the user agent is
    # reconnecting." PAUSED belongs here too: `resume` opens it again.
    **dict.fromkeys(State, ReadyState.CONNECTING),
    State.OPEN: ReadyState.OPEN,
    State.CLOSED: ReadyState.CLOSED,
}
