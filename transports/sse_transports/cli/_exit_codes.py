"""How a run of `sse` can end."""

from __future__ import annotations

from enum import IntEnum

from sse_core import (
    ContentEncodingError,
    ContentTypeError,
    HTTPStatusError,
    IdleTimeout,
    RetriesExhausted,
    SSEError,
    StreamError,
    TransportError,
    UsageError,
)


class ExitCode(IntEnum):
    """The exit codes of `sse`. Those above 128 are the ones that shells use for signals."""

    ENDED = 0
    """The stream ended, or everything asked for was done."""
    FOUND_FAULTS = 1
    """`sse check` found faults, or `sse demo` lost an event."""
    USAGE = 2
    """A flag, URL, header or file cannot be used, or the output cannot be written."""
    HTTP_ERROR = 3
    """The server answered with an error status."""
    NOT_AN_EVENT_STREAM = 4
    """The response is not an event stream, or has a content encoding that cannot be decoded."""
    GAVE_UP = 5
    """No connection, or too many failures in a row."""
    INCOMPLETE = 6
    """The stream is incomplete, or has an event that is too large."""
    IDLE = 7
    """Nothing arrived for the seconds of `--idle-timeout`."""
    INTERRUPTED = 130
    """Ctrl-C."""
    BROKEN_PIPE = 141
    """The program that read the output has exited, as `head` does."""


def exit_code_of(error: SSEError) -> ExitCode:
    """Return the exit code for the error that ended a stream."""
    return next(code for kind, code in _CODES if isinstance(error, kind))


# The first row that matches counts.
_CODES: list[tuple[type[SSEError] | tuple[type[SSEError], ...], ExitCode]] = [
    (UsageError, ExitCode.USAGE),
    ((ContentTypeError, ContentEncodingError), ExitCode.NOT_AN_EVENT_STREAM),
    (HTTPStatusError, ExitCode.HTTP_ERROR),
    (IdleTimeout, ExitCode.IDLE),
    ((TransportError, RetriesExhausted), ExitCode.GAVE_UP),
    (StreamError, ExitCode.INCOMPLETE),
    (SSEError, ExitCode.GAVE_UP),
]
