"""The tree of exceptions, from the classes."""

from __future__ import annotations

import inspect

import sse_core
import sse_transports


def as_markdown() -> str:
    """Return the tree as a list, with the first paragraph of each docstring."""
    # Importing it adds it to the subclasses. All other errors are in `sse_core`.
    assert issubclass(sse_transports.DataLoss, sse_core.SSEError)
    return "\n".join(_branch(sse_core.SSEError, 0))


def _branch(kind: type[BaseException], depth: int) -> list[str]:
    summary = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")
    lines = [f"{'  ' * depth}- `{kind.__name__}`: {summary}"]
    for subclass in kind.__subclasses__():
        lines += _branch(subclass, depth + 1)
    return lines
