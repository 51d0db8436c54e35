"""What `make compare` printed last, from its file."""

from __future__ import annotations

from benchmarks.comparison import published, tables


def conformance() -> str:
    """Return the table of vectors."""
    return "\n".join(tables.conformance(published.read()))


def features() -> str:
    """Return the table of what clients do."""
    return "\n".join(tables.features(published.read()))
