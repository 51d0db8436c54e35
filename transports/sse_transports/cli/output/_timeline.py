"""What happens to a source between its events, for a person who waits: on standard error."""

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

from ..._log import without_secrets
from .._terminal import console, is_terminal, paint, plain, printable, tell
from ._output import Output


def told(change: StateChange) -> tuple[str, str]:
    """Return what happened, in a word, and the rest of it.

    The words are connecting, opened, resumed, cut, silent, refused, ended, waiting, paused and closed.
    """
    behind = f"behind event {printable(change.last_event_id)}" if change.last_event_id else ""
    match change:
        case Connecting():
            return "connecting", " ".join(filter(None, [without_secrets(change.url), behind]))
        case Opened():
            return ("resumed", behind) if behind else ("opened", "")
        case Disconnected():
            return _ended(change)
        case Waiting():
            return "waiting", f"{change.delay:.2f} s"
        case Closed():
            return "closed", f"{change.events_received} events, {change.bytes_received} bytes"
        case _:
            return type(change).__name__.lower(), ""


class Timeline:
    """Tells everything, or only trouble, and that only if a person is there to read it.

    Args:
        output: the result, which may stand on the same terminal.
        everything: whether each change is told, with the seconds since the beginning.
    """

    def __init__(self, output: Output, *, everything: bool) -> None:
        self._output = output
        self._everything = everything
        self._start = time.monotonic()
        self._is_terminal = is_terminal(sys.stderr)
        self._trouble = ""

    def show(self, change: StateChange) -> None:
        """Tell one change: the `on_state` of a source."""
        what, more = told(change)
        if self._everything:
            self._line(f"{time.monotonic() - self._start:7.2f} s│ {what:<11}{more}".rstrip())
        elif isinstance(change, Disconnected):
            self._trouble = f"{what} ({more})"
        elif isinstance(change, Waiting) and self._is_terminal:
            self._line(f"sse: {self._trouble}, {what} {more}")

    def _line(self, line: str) -> None:
        if self._is_terminal and self._output.is_terminal and self._output.in_line:
            self._output.write("\n")
        self._output.flush()
        # Not above: rich is not needed before there is something to colour.
        painted = paint(console(stderr=True)) if self._is_terminal else plain
        tell(painted("dim", line))


def _ended(change: Disconnected) -> tuple[str, str]:
    inside = f"inside an event, of which {change.pending} bytes are dropped" * bool(change.pending)
    cause = change.cause
    if cause is None:
        return ("cut", inside) if inside else ("ended", "by the server")
    reason = printable(" ".join(str(cause).split()))
    if isinstance(cause, ResponseError):
        return "refused", reason
    if isinstance(cause, ConnectError):
        return "no answer", reason
    if isinstance(cause, IdleTimeout):
        return "silent", reason
    return "cut", "; ".join(filter(None, [inside, reason]))
