"""From events to the output: which of them, in which format, and the end of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from sse_core import Comment, Event

from ._formats import Format
from ._output import Output
from ._pretty import Pretty


class Printer:
    """Writes events, as a context manager that ends the last line, whatever ended the stream.

    Args:
        output: where they go.
        format: how they are written.
        types: the types of the events that are written; none for all.
    """

    def __init__(self, output: Output, format: Format, types: Sequence[str]) -> None:
        self._output = output
        self._format = format
        # A format for people has control characters of its own, and takes care of the others.
        self._harmless = str if isinstance(format, Pretty) else output.harmless
        self._types = frozenset(types)

    def write(self, items: Sequence[Event | Comment]) -> None:
        """Take events, to be written at the next `flush` at the latest."""
        if self._types:
            items = [item for item in items if isinstance(item, Comment) or item.event in self._types]
        self._output.write(self._harmless(self._format(items)))

    def flush(self) -> None:
        """Write what is held.

        Raises:
            BrokenPipeError: nobody reads it any more.
        """
        self._output.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, BrokenPipeError):
            return
        # The error that is on its way is the one to surface.
        with contextlib.suppress(*([OSError] if error is not None else [])):
            self._output.write(self._harmless(self._format.end()))
            if self._output.in_line:
                self._output.write("\n")
            self._output.flush()
