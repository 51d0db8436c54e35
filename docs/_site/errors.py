"""The tree of exceptions, from the classes themselves."""

from __future__ import annotations

import inspect

import sse_core


def as_markdown() -> str:
    """Return the tree, each error with its first sentence."""
    return "\n".join(_branch(sse_core.SSEError, 0))


def _branch(kind: type[BaseException], depth: int) -> list[str]:
    sentence = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")
    lines = [f"{'  ' * depth}- {{py:class}}`~sse_core.{kind.__name__}`: {sentence}"]
    for each in kind.__subclasses__():
        lines += _branch(each, depth + 1)
    return lines
