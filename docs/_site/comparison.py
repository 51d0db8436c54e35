"""The tables of the last `make compare`, from its results file."""

from __future__ import annotations

from benchmarks.comparison import published, tables


def conformance() -> str:
    """Return the table of vectors that each parser gets right."""
    return "\n".join(tables.conformance(published.read()))


def features() -> str:
    """Return the table of what each client does when a stream breaks."""
    return "\n".join(tables.features(published.read()))
