"""Print events: filter them by type, format them, and end the last line."""

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
    """Writes events, as a context manager: leaving it ends the last line, also after an error.

    Args:
        output: where to write.
        format: how to write them.
        types: the event types to write; empty for all.
        limit: how many events to write; the rest is ignored. None without a limit.

    Attributes:
        is_full: whether as many events were written as `limit` allows.
    """

    def __init__(
        self, output: Output, format: Format, types: Sequence[str], limit: int | None = None
    ) -> None:
        self._output = output
        self._format = format
        # `Pretty` escapes the server's text itself: its own color codes must not be escaped.
        self._escape = str if isinstance(format, Pretty) else output.escape
        self._types = frozenset(types)
        self._remaining = limit
        self.is_full = False

    def write(self, items: Sequence[Event | Comment]) -> None:
        """Buffer events; the next `flush` writes them, at the latest."""
        if self._types:
            items = [item for item in items if isinstance(item, Comment) or item.event in self._types]
        if self._remaining is not None:
            items = self._within_limit(items, self._remaining)
        self._output.write(self._escape(self._format(items)))

    def _within_limit(self, items: Sequence[Event | Comment], remaining: int) -> Sequence[Event | Comment]:
        for index, item in enumerate(items):
            if self.is_full:
                return items[:index]
            if isinstance(item, Event):
                remaining -= 1
                self.is_full = remaining == 0
        self._remaining = remaining
        return items

    def flush(self) -> None:
        """Write what is buffered.

        Raises:
            BrokenPipeError: the reader has exited.
        """
        self._output.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, BrokenPipeError):
            return
        # If an exception is propagating, do not replace it by one of writing.
        with contextlib.suppress(*([OSError] if error is not None else [])):
            self._output.write(self._escape(self._format.end()))
            if self._output.in_line:
                self._output.write("\n")
            self._output.flush()
