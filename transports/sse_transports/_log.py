"""Logs the state changes of event sources to `logging.getLogger("sse_transports")`."""

from __future__ import annotations

import logging
import re

from sse_core import Disconnected, Opened, StateChange, Waiting

from ._driver import without_secrets

logger = logging.getLogger("sse_transports")

# In the text of an error: the query of a URL, and what precedes the host. Both may contain secrets. Errors
# quote URLs, so that a quotation mark may end the query; it may also be a part of it.
QUERY = re.compile(r"\?[^\s?]\S*")
CREDENTIALS = re.compile(r"//[^/\s]*@")


def log(change: StateChange) -> None:
    """Log a failure after which it is tried again as WARNING, an end or a wait as INFO, the rest as DEBUG.

    An error that ends the iteration is no warning: the caller gets it, and decides whether it is worth one.
    """
    level = logging.DEBUG
    if change.cause is not None or isinstance(change, (Disconnected, Waiting)):
        # Python shows warnings unasked, on stderr: a source that never connects must not look like a quiet
        # stream.
        level = logging.WARNING if _is_failure(change) else logging.INFO
    if logger.isEnabledFor(level):
        # The record goes along for handlers that need more than the line of text.
        logger.log(level, "%s", _line(change), extra={"sse_change": change})


def warn_of_repetition(change: Opened) -> None:
    """Log that a stream begins again, because it has no IDs."""
    host = change.url.split("/")[2]
    logger.warning("%s: this stream has no IDs; it begins again", host, extra={"sse_change": change})


def _is_failure(change: StateChange) -> bool:
    """Return whether a connection has failed and is tried again, which only the log shows.

    An error that ends the iteration is raised, and a clean end is no failure.
    """
    return isinstance(change, Waiting) and change.cause is not None


def _line(change: StateChange) -> str:
    cause = error_text(change.cause)
    if _is_failure(change):
        host = change.url.split("/")[2]
        # Some errors name the host themselves.
        cause = cause.removeprefix(f"{host}: ")
        return f"{host}: {cause}; retry in {change.delay:.1f} s, attempt {change.attempt}"
    parts = [type(change).__name__.lower(), without_secrets(change.url), f"attempt {change.attempt}"]
    if change.delay is not None:
        parts.append(f"for {change.delay:.3f} s")
    if change.pending:
        parts.append(f"inside an event ({change.pending} bytes of it dropped)")
    parts.append(f"{change.events_received} events, {change.bytes_received} bytes so far")
    if change.cause is not None:
        parts.append(f"{type(change.cause).__name__}: {cause}")
    return ", ".join(parts)


def error_text(error: BaseException | None) -> str:
    """Return the message of an error, without what may be a secret in the URLs that it quotes."""
    text = str(error) or type(error).__name__
    return QUERY.sub("?…", CREDENTIALS.sub("//", text))
