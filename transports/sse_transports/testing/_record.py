"""`record` and `replay`: what a source receives, to a file and back."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AbstractContextManager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

from sse_core import InvalidArgument, State

from .._driver import Driver, Item
from .._event_source import EventSource
from ._async_recording_transport import recorded as async_recorded
from ._recording import Recording
from ._recording_file import read_recording
from ._recording_transport import recorded

if TYPE_CHECKING:
    from .._async_event_source import AsyncEventSource


@overload
def record(
    source: EventSource[Item], path: str | PathLike[str]
) -> AbstractContextManager[EventSource[Item]]: ...
@overload
def record(
    source: AsyncEventSource[Item], path: str | PathLike[str]
) -> AbstractAsyncContextManager[AsyncEventSource[Item]]: ...
def record(source: Any, path: str | PathLike[str]) -> Any:
    """Write what a source receives to a file, with its timing, while the source is used.

    A context manager around the source: `with record(EventSource(url), "feed.jsonl") as source:`, and
    `async with` for an `AsyncEventSource`. It closes the source at the end. The file is written line by
    line as bytes arrive, so that everything before a crash can be replayed.

    Secrets are left out: passwords and queries of URLs, also of those in headers, the source's
    `sensitive_headers`, and header fields with a name such as Authorization, Cookie or X-Api-Key;
    docs/reference/recordings.md has the exact rules. Request bodies are not recorded. What the server
    sent is recorded unchanged.

    Args:
        source: an event source that was not iterated yet.
        path: the file; an existing one is overwritten.

    Raises:
        sse_core.InvalidArgument: `source` is not an event source, or was iterated already.
        OSError: the file cannot be written; also while iterating.
    """
    # Private: the public `ready_state` is the same for a new source and for one that reconnects.
    if isinstance(source, Driver) and source._connection.state is not State.NEW:  # noqa: SLF001
        raise InvalidArgument("source", "expected one that was not iterated yet: its beginning is lost")
    if isinstance(source, EventSource):
        return recorded(source, Path(path))
    if isinstance(source, Driver):
        return async_recorded(cast("AsyncEventSource[Any]", source), Path(path))
    raise InvalidArgument("source", f"expected an EventSource or AsyncEventSource, not {source!r}")


def replay(path: str | PathLike[str]) -> Recording:
    """Read a file that `record` wrote.

    Raises:
        OSError: the file cannot be read.
        RecordingError: the file is damaged or incomplete; has the connections before the damage.
    """
    return read_recording(Path(path))
