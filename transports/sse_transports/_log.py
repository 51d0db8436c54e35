"""Logs the state changes of event sources to `logging.getLogger("sse_transports")`."""

from __future__ import annotations

import logging

from sse_core import Disconnected, StateChange, Waiting

logger = logging.getLogger("sse_transports")


def log(change: StateChange) -> None:
    """Log a failure, a disconnection or a wait as INFO, any other change as DEBUG.

    Not as a warning: the caller gets the error and decides whether it is worth one.
    """
    failed = change.cause is not None or isinstance(change, (Disconnected, Waiting))
    level = logging.INFO if failed else logging.DEBUG
    if logger.isEnabledFor(level):
        # The record goes along for handlers that need more than the line of text.
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
    """Return the URL of a request without its query, which may contain an API key."""
    base, _, query = url.partition("#")[0].partition("?")
    return f"{base}?…" if query else base
