"""The parser of this library, as the benchmarks call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sse_core import Parser

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sse_core import Event

THIS_LIBRARY = "sse-core"
"""Its name in tables, charts and results."""


def this_library(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Read with `sse_core.Parser`."""
    parser = Parser()
    for chunk in chunks:
        yield from parser.feed(chunk)
