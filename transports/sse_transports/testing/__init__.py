"""For tests: script a stream, break it, record it, replay it.

- `ScriptedTransport`, `AsyncScriptedTransport`: play a script to an event source, without a socket.
- `record`, `replay`: what came over the wire, with its timing, to a file and back.
- `VirtualClock`: waits are over at once, and chance is known beforehand.
- `assert_events`: compares streams, and shows what differs.
- `SSEServer`: plays a script on a real port, or asks a function; for threads and for tasks.
- `Call`: what a function is given: the request, and the means to answer it byte by byte.
- `check_transport`, `check_async_transport`: whether a transport does what event sources need of it.
- `check_parser`, `vectors`: whether a parser, anybody's, does what the standard says.

A script is a list of connections, each a list of steps: an int is a status, a mapping is headers, bytes
are a chunk, an `Event` or a `Comment` is sent as one, and the rest is `Sleep`, `Drip`, `History`, `Gzip`,
`End`, `Cut`, `Reset`, `Stall`, `NoAnswer` and `Refuse`.

Importing `sse_core` or `sse_transports` imports none of it, and no test framework is needed. For pytest
there are fixtures, in `sse_core_pytest`.
"""

from typing import TYPE_CHECKING

from sse_core._values import publish as _publish

from ._assert_events import assert_events
from ._call import Call
from ._check_parser import check_parser
from ._conformance import NonConforming, check_async_transport, check_transport
from ._record import record, replay
from ._recording import RecordedChunk, RecordedConnection, Recording
from ._recording_file import RecordingError
from ._request_body import MalformedRequest
from ._requests import UnexpectedRequest
from ._script import (
    HALF_CHARACTER,
    Cut,
    Drip,
    End,
    Gzip,
    History,
    NoAnswer,
    Refuse,
    Reset,
    Script,
    Sleep,
    Stall,
    Step,
    Steps,
)
from ._scripted import ScriptedTransport
from ._server import Answer, SSEServer
from ._vectors import Vector, vectors
from ._virtual_clock import VirtualClock

if TYPE_CHECKING:
    from ._async_scripted import AsyncScriptedTransport as AsyncScriptedTransport

# Without the name that needs anyio: `import *` is to work everywhere.
__all__ = [
    "HALF_CHARACTER",
    "Answer",
    "Call",
    "Cut",
    "Drip",
    "End",
    "Gzip",
    "History",
    "MalformedRequest",
    "NoAnswer",
    "NonConforming",
    "RecordedChunk",
    "RecordedConnection",
    "Recording",
    "RecordingError",
    "Refuse",
    "Reset",
    "SSEServer",
    "Script",
    "ScriptedTransport",
    "Sleep",
    "Stall",
    "Step",
    "Steps",
    "UnexpectedRequest",
    "Vector",
    "VirtualClock",
    "assert_events",
    "check_async_transport",
    "check_parser",
    "check_transport",
    "record",
    "replay",
    "vectors",
]

_publish(__name__, vars())


def __getattr__(name: str) -> object:
    if name != "AsyncScriptedTransport":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .._extras import needs

    with needs(name, "anyio", extra="asyncio"):
        from ._async_scripted import AsyncScriptedTransport
    globals()[name] = AsyncScriptedTransport
    _publish(__name__, {name: AsyncScriptedTransport})
    return AsyncScriptedTransport


def __dir__() -> list[str]:
    return sorted({*globals(), "AsyncScriptedTransport"})
