"""A log of connection changes on standard error, for a person who waits for events."""

from __future__ import annotations

import sys
import time

from sse_core import (
    Closed,
    ConnectError,
    Connecting,
    Disconnected,
    IdleTimeout,
    Opened,
    ResponseError,
    StateChange,
    Waiting,
)

from ..._driver import without_secrets
from .._standard_streams import print_error
from .._terminal import console, is_terminal, paint, plain, printable
from .._units import plural
from ._output import Output


def describe(change: StateChange) -> tuple[str, str]:
    """Return the label of a change, and its details.

    The labels are connecting, opened, resumed, lost, silent, refused, failed, ended, waiting, paused and
    closed.
    """
    resumed = f"after event {printable(change.last_event_id)}" if change.last_event_id else ""
    match change:
        case Connecting():
            return "connecting", " ".join(filter(None, [without_secrets(change.url), resumed]))
        case Opened():
            return ("resumed", resumed) if resumed else ("opened", "")
        case Disconnected():
            return _describe_end(change)
        case Waiting():
            return "waiting", f"{change.delay:.2f} s"
        case Closed():
            return (
                "closed",
                f"{plural(change.events_received, 'event')}, {plural(change.bytes_received, 'byte')}",
            )
        case _:
            return type(change).__name__.lower(), ""


class ConnectionLog:
    """Logs every change if verbose; otherwise only the end of a connection, and only on a terminal.

    Args:
        output: standard output, which may be the same terminal.
        verbose: whether to log each change, with the seconds since the beginning.
    """

    def __init__(self, output: Output, *, verbose: bool) -> None:
        self._output = output
        self._verbose = verbose
        self._start = time.monotonic()
        self._is_terminal = is_terminal(sys.stderr)
        # How the last connection ended; logged together with the wait that follows.
        self._end = ""

    def show(self, change: StateChange) -> None:
        """Log a change: the `on_state` of an event source."""
        label, details = describe(change)
        if self._verbose:
            self._line(f"{time.monotonic() - self._start:7.2f} s│ {label:<11}{details}".rstrip())
        elif isinstance(change, Disconnected):
            self._end = f"{label} ({details})"
        elif isinstance(change, Waiting) and self._is_terminal:
            self._line(f"sse: {self._end}, {label} {details}")

    def _line(self, line: str) -> None:
        # Do not append to a line of the output, and keep the order of output and log.
        if self._is_terminal and self._output.is_terminal and self._output.in_line:
            self._output.write("\n")
        self._output.flush()
        # `console` imports rich, so it is called only when there is something to color.
        painted = paint(console(stderr=True)) if self._is_terminal else plain
        print_error(painted("dim", line))


def _describe_end(change: Disconnected) -> tuple[str, str]:
    dropped = f"inside an event: {plural(change.pending, 'byte')} dropped" if change.pending else ""
    cause = change.cause
    if cause is None:
        return ("lost", dropped) if dropped else ("ended", "by the server")
    reason = printable(" ".join(str(cause).split()))
    if isinstance(cause, ResponseError):
        return "refused", reason
    if isinstance(cause, ConnectError):
        return "failed", reason
    if isinstance(cause, IdleTimeout):
        return "silent", reason
    return "lost", "; ".join(filter(None, [dropped, reason]))
