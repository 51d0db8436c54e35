"""How a run of `sse` can end."""

from __future__ import annotations

from enum import IntEnum

from sse_core import (
    ContentEncodingError,
    ContentTypeError,
    HTTPStatusError,
    RetriesExhausted,
    SSEError,
    StreamError,
    TransportError,
    UsageError,
)


class ExitCode(IntEnum):
    """The exit codes of `sse`. Those from 128 up are what a shell expects of a signal."""

    ENDED = 0
    """The stream ended, or everything asked for was done."""
    FOUND_FAULTS = 1
    """`sse check` found faults, or `sse demo` lost an event."""
    USAGE = 2
    """A flag, URL, header or file that cannot be used, or an output that cannot be written."""
    HTTP_ERROR = 3
    """The server answered with a status that is an error."""
    NOT_AN_EVENT_STREAM = 4
    """The server answered with something else than an event stream."""
    GAVE_UP = 5
    """No connection, or too many failures in a row."""
    BROKEN = 6
    """The stream ended before its end, or has an event that is too large."""
    INTERRUPTED = 130
    """Ctrl-C."""
    CLOSED_PIPE = 141
    """Whoever read the output has gone, as `head` does."""


def code_of(error: SSEError) -> ExitCode:
    """Return the exit code for what ended a stream."""
    return next(code for kind, code in _CODES if isinstance(error, kind))


_CODES: list[tuple[type[SSEError] | tuple[type[SSEError], ...], ExitCode]] = [
    (UsageError, ExitCode.USAGE),
    ((ContentTypeError, ContentEncodingError), ExitCode.NOT_AN_EVENT_STREAM),
    (HTTPStatusError, ExitCode.HTTP_ERROR),
    ((TransportError, RetriesExhausted), ExitCode.GAVE_UP),
    (StreamError, ExitCode.BROKEN),
    (SSEError, ExitCode.GAVE_UP),
]
