"""What happens to a source, for `logging.getLogger("sse_transports")`."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit, urlunsplit

from sse_core import Disconnected, StateChange, Waiting

logger = logging.getLogger("sse_transports")


def log(change: StateChange) -> None:
    """Log one change: trouble (an error, a wait) as INFO, the rest as DEBUG.

    A library does not know whether trouble is worth more than that: the caller gets the error.
    """
    trouble = change.cause is not None or isinstance(change, (Disconnected, Waiting))
    level = logging.INFO if trouble else logging.DEBUG
    if logger.isEnabledFor(level):
        # The record itself goes along for handlers that want more than a line.
        logger.log(level, "%s", _line(change), extra={"sse_change": change})


def _line(change: StateChange) -> str:
    parts = [type(change).__name__.lower(), without_secrets(change.url), f"attempt {change.attempt}"]
    if change.delay is not None:
        parts.append(f"for {change.delay:.3f} s")
    if change.pending:
        parts.append(f"inside an event ({change.pending} bytes of it dropped)")
    parts.append(f"{change.events_received} events, {change.bytes_received} bytes so far")
    if change.cause is not None:
        parts.append(f"{type(change.cause).__name__}: {change.cause}")
    return ", ".join(parts)


def without_secrets(url: str) -> str:
    """Leave out the query: keys are passed there, and logs are read by more people than code is."""
    scheme, place, path, query, _ = urlsplit(url)
    return urlunsplit((scheme, place, path, "…" if query else "", ""))
