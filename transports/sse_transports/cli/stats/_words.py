"""How the end of a connection is called when people read it."""

from __future__ import annotations

_WORDS = {
    "complete": "ended",
    "lost": "lost",
    "silent": "silent for too long",
    "left": "left",
    "refused": "without an answer",
}


def ended_word(cause: str) -> str:
    """Return the words for how a connection ended, of `Connection.cause`."""
    return _WORDS.get(cause, cause)
