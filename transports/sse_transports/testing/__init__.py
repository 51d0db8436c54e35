"""The test kit: script a stream, break it, record it, replay it.

- `ScriptedTransport`, `AsyncScriptedTransport`: play a script to an event source, without a socket.
- `record`, `replay`: what a source receives, with its timing, to a file and back.
- `VirtualClock`: waits take no time, and random numbers are predictable.
- `assert_events`: compares streams, and shows where they differ.
- `SSEServer`: plays a script on a real port, or calls a function; for threads and for tasks.
- `Call`: a request to such a function, and the methods to answer it byte by byte.
- `check_transport`, `check_async_transport`: whether a transport does what event sources need.
- `check_parser`, `vectors`: whether any parser does what the standard says.

A script is a list of connections, each a list of steps: an int is a status, a mapping is headers, bytes
are a chunk, an `Event` or a `Comment` is sent as one chunk, and the others are `Sleep`, `Drip`, `History`,
`Gzip`, `End`, `Cut`, `Reset`, `Stall`, `NoAnswer` and `Refuse`.

Importing `sse_core` or `sse_transports` does not import the kit, and the kit needs no test framework. The
fixtures for pytest are in `sse_core_pytest`.
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

# Without AsyncScriptedTransport, which needs anyio: `import *` must work without it.
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
    from .._extras import require

    with require(name, "anyio", extra="asyncio"):
        from ._async_scripted import AsyncScriptedTransport
    globals()[name] = AsyncScriptedTransport
    _publish(__name__, {name: AsyncScriptedTransport})
    return AsyncScriptedTransport


def __dir__() -> list[str]:
    return sorted({*globals(), "AsyncScriptedTransport"})
