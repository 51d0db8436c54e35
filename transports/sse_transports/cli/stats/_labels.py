"""The labels for the ends of connections."""

from __future__ import annotations

_LABELS = {
    "complete": "ended",
    "lost": "lost",
    "silent": "silent for too long",
    "left": "stopped",
    "refused": "no response",
}


def end_label(cause: str) -> str:
    """Return a description of how a connection ended, for a value of `Connection.cause`."""
    return _LABELS.get(cause, cause)
