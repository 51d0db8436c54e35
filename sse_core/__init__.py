"""Server-Sent Events without I/O: bytes in, events and decisions out.

- `Parser`, `parse`, `aparse`: bytes to `Event`s (and `Comment`s); `encode`, `encode_comment`: the way back.
- `Connection`: a whole client except for the I/O: handshake, redirects, reconnection, resumption. Its calls
  return a `Step` (`Connect`, `Read`, `Wait`, ...) for a driver to take; it notes each `StateChange`.
- `RetryPolicy`: when to try again; `TRANSITIONS`: every state and what leads out of it.
- `SSEError` is the base of every exception; `_errors` draws the tree.

Nothing here does I/O, reads a clock or a random number, logs, or imports anything but a few standard
modules. The clients that do the I/O are in `sse_transports`, which imports this package, never the reverse.
"""

from ._changes import Closed, Connecting, Disconnected, Opened, Paused, StateChange, Waiting
from ._connection import (
    Attempt,
    Connect,
    Connection,
    Decide,
    Deliver,
    Pause,
    Read,
    ReadBody,
    Step,
    Stop,
    Wait,
)
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
    TotalTimeout,
    TransportError,
    UsageError,
)
from ._events import Comment, Event
from ._handshake import Request, Response
from ._parser import Parser
from ._retry import RetryPolicy
from ._state import READY_STATES, TRANSITIONS, ReadyState, Signal, State
from ._streams import aparse, parse
from ._values import Headers
from ._values import publish as _publish

__version__ = "0.1.0"

__all__ = [
    "READY_STATES", "TRANSITIONS", "Attempt", "Closed", "Comment", "Connect", "ConnectError", "Connecting",
    "Connection", "ContentEncodingError", "ContentTypeError", "Decide", "Deliver", "Disconnected",
    "Event", "EventTooLarge", "HTTPStatusError", "Headers", "IdleTimeout", "IllegalState", "IncompleteStream",
    "InvalidArgument", "Opened", "Parser", "Pause", "Paused", "Read", "ReadBody", "ReadError",
    "ReadyState", "RedirectError", "Request", "Response", "ResponseError", "RetriesExhausted",
    "RetryPolicy", "SSEError", "Signal", "State", "StateChange", "Step", "Stop", "StreamError",
    "TotalTimeout", "TransportError", "UsageError", "Wait", "Waiting", "__version__", "aparse", "encode",
    "encode_comment", "parse",
]  # fmt: skip

# Users see `sse_core.Event`, not `sse_core._events.Event`, in tracebacks and pickles.
_publish(__name__, vars())

TYPE_CHECKING = False
# Type checkers must not see this function: to them it would mean that any name can be imported from here.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if not name.endswith(("EventSource", "Transport", "Exchange", "Store", "Clock")):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from sys import _getframe

        # What people look for here first are the clients. `hasattr` and `getattr` need an AttributeError. But
        # `from sse_core import EventSource` would replace its text, and does not replace that of an
        # ImportError. It asks for the name in `_handle_fromlist`.
        error = ImportError if _getframe(1).f_code.co_name == "_handle_fromlist" else AttributeError
        raise error(f"{__name__} has no {name}: event sources, transports and stores are in sse_transports")


del TYPE_CHECKING
