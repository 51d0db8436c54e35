"""Each part of a page that is computed from the code, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import comparison, conformance, defaults, errors, rules, states
from .values import values

DOCS = Path(__file__).parents[1]

BLOCKS: dict[str, Callable[[], str]] = {
    "comparison of clients": comparison.features,
    "comparison of parsers": comparison.conformance,
    "conformance": conformance.as_markdown,
    "defaults": defaults.as_markdown,
    "errors": errors.as_markdown,
    "states": states.table,
    "transport rules": rules.as_markdown,
}
"""Tables and lists: Markdown that stands between two blank lines."""

FILE = "file "
"""Before the path of a file in `docs`: the whole file, as a block of code."""


def computed(name: str) -> str:
    """Return the Markdown of a part.

    Raises:
        KeyError: there is no part with this name.
    """
    if name.startswith(FILE):
        code = (DOCS / name.removeprefix(FILE)).read_text(encoding="utf-8")
        return f"\n\n```python\n{code}```\n\n"
    if name in BLOCKS:
        return f"\n\n{BLOCKS[name]().strip()}\n\n"
    return values()[name]
