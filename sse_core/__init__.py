"""Server-Sent Events without I/O: bytes in, events and decisions out.

- `Parser`, `parse`, `aparse`: bytes to `Event`s (and `Comment`s); `encode`, `encode_comment`: the way back.
- `Connection`: a whole client but for the I/O: handshake, redirects, reconnection, resumption. Its calls
  return steps (`Connect`, `Read`, `Deliver`, `Wait`, ...) for a driver to take; it notes `StateChange`s.
- `RetryPolicy`: when to try again; `TRANSITIONS`: every state and what leads out of it.
- `SSEError` is the base of every exception; `_errors` draws the tree.

Nothing here does I/O, reads a clock or a random number, logs, or imports anything but a few standard
modules. The clients that do the I/O are in `sse_transports`; they import this, never the reverse.
"""

from ._changes import Closed, Connecting, Disconnected, Opened, Paused, StateChange, Waiting
from ._connection import Connection
from ._encoder import encode, encode_comment
from ._errors import (
    ConnectError,
    ContentEncodingError,
    ContentTypeError,
    EventTooLarge,
    HTTPStatusError,
    IdleTimeout,
    IllegalState,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    RedirectError,
    ResponseError,
    RetriesExhausted,
    SSEError,
    StreamError,
    TransportError,
    UsageError,
)
from ._events import Comment, Event
from ._handshake import Request, Response
from ._parser import Parser
from ._public import publish as _publish
from ._retry import RetryPolicy
from ._state import READY_STATES, TRANSITIONS, ReadyState, Signal, State
from ._steps import Connect, Decide, Deliver, Pause, Read, ReadBody, Step, Stop, Wait
from ._streams import aparse, parse

__version__ = "0.1.0"

__all__ = [
    "READY_STATES",
    "TRANSITIONS",
    "Closed",
    "Comment",
    "Connect",
    "ConnectError",
    "Connecting",
    "Connection",
    "ContentEncodingError",
    "ContentTypeError",
    "Decide",
    "Deliver",
    "Disconnected",
    "Event",
    "EventTooLarge",
    "HTTPStatusError",
    "IdleTimeout",
    "IllegalState",
    "IncompleteStream",
    "InvalidArgument",
    "Opened",
    "Parser",
    "Pause",
    "Paused",
    "Read",
    "ReadBody",
    "ReadError",
    "ReadyState",
    "RedirectError",
    "Request",
    "Response",
    "ResponseError",
    "RetriesExhausted",
    "RetryPolicy",
    "SSEError",
    "Signal",
    "State",
    "StateChange",
    "Step",
    "Stop",
    "StreamError",
    "TransportError",
    "UsageError",
    "Wait",
    "Waiting",
    "__version__",
    "aparse",
    "encode",
    "encode_comment",
    "parse",
]

_publish(__name__, vars())
