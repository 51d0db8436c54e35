"""The life of an event source: every state, every signal, and what follows. All of it is here.

The table is total over the states: each has its row. A signal that is missing from a row is illegal
in that state, and looking it up is how that is found out.

https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
"""

from __future__ import annotations

from enum import Enum, IntEnum

TYPE_CHECKING = False


class State(Enum):
    """Where an event source stands."""

    # Each member is one object, so that its identity will do; Enum's own hash is Python code. Type
    # checkers cannot tell what this is.
    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    NEW = "new"
    """Nothing was tried yet."""
    CONNECTING = "connecting"
    """A request is under way."""
    REFUSED = "refused"
    """The answer is no event stream; the start of its body is being read, for the error."""
    OPEN = "open"
    """The stream is being read."""
    DECIDING = "deciding"
    """The connection ended; whether there is another is being decided."""
    WAITING = "waiting"
    """The time before the next attempt is passing."""
    PAUSED = "paused"
    """The caller wants no connection for now."""
    CLOSED = "closed"
    """It is over, for good."""


class Signal(Enum):
    """What can happen to an event source."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    CONNECT = "connect"
    ACCEPT = "accept"
    REDIRECT = "redirect"
    REFUSE = "refuse"
    RECEIVE = "receive"
    END = "end"
    FAIL = "fail"
    WAIT = "wait"
    PAUSE = "pause"
    CLOSE = "close"


# A caller may reconnect, pause and close at any time, so that these three are in every row but the
# last: a connection that is cut off on purpose is no failure and asks for no decision.
TRANSITIONS: dict[State, dict[Signal, State]] = {
    State.NEW: {
        Signal.CONNECT: State.CONNECTING,
        Signal.PAUSE: State.PAUSED,
        Signal.CLOSE: State.CLOSED,
    },
    State.CONNECTING: {
        Signal.ACCEPT: State.OPEN,
        Signal.REDIRECT: State.CONNECTING,
        Signal.REFUSE: State.REFUSED,
        Signal.FAIL: State.DECIDING,
        Signal.CONNECT: State.CONNECTING,
        Signal.PAUSE: State.PAUSED,
        Signal.CLOSE: State.CLOSED,
    },
    State.REFUSED: {
        Signal.FAIL: State.DECIDING,
        Signal.CONNECT: State.CONNECTING,
        Signal.PAUSE: State.PAUSED,
        Signal.CLOSE: State.CLOSED,
    },
    State.OPEN: {
        Signal.RECEIVE: State.OPEN,
        Signal.END: State.DECIDING,
        Signal.FAIL: State.DECIDING,
        Signal.CONNECT: State.CONNECTING,
        Signal.PAUSE: State.PAUSED,
        Signal.CLOSE: State.CLOSED,
    },
    State.DECIDING: {
        Signal.WAIT: State.WAITING,
        Signal.CONNECT: State.CONNECTING,
        Signal.PAUSE: State.PAUSED,
        Signal.CLOSE: State.CLOSED,
    },
    State.WAITING: {
        Signal.CONNECT: State.CONNECTING,
        Signal.PAUSE: State.PAUSED,
        Signal.CLOSE: State.CLOSED,
    },
    State.PAUSED: {
        Signal.CONNECT: State.CONNECTING,
        Signal.PAUSE: State.PAUSED,
        Signal.CLOSE: State.CLOSED,
    },
    State.CLOSED: {
        Signal.CLOSE: State.CLOSED,
    },
}


class ReadyState(IntEnum):
    """`EventSource.readyState` of a browser.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate
    """

    CONNECTING = 0
    OPEN = 1
    CLOSED = 2


READY_STATES: dict[State, ReadyState] = {
    State.NEW: ReadyState.CONNECTING,
    State.CONNECTING: ReadyState.CONNECTING,
    State.REFUSED: ReadyState.CONNECTING,
    State.OPEN: ReadyState.OPEN,
    State.DECIDING: ReadyState.CONNECTING,
    State.WAITING: ReadyState.CONNECTING,
    # Not closed: it opens again on `resume`.
    State.PAUSED: ReadyState.CONNECTING,
    State.CLOSED: ReadyState.CLOSED,
}
