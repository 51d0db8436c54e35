"""A line on the terminal that changes while something goes on, and is gone behind it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ._terminal import is_terminal

INTERVAL = 0.2
"""Seconds between two drawings: often enough to look alive, whatever comes."""

BEGIN = "\r\x1b[K"
"""Back to the beginning of the line, and nothing in it."""


@contextmanager
def live_line(line: Callable[[], str]) -> Iterator[None]:
    """Show a line on standard error while inside, if a terminal is there to show it on.

    Args:
        line: returns what is to be shown now; called in a thread of its own.
    """
    if not is_terminal(sys.stderr):
        yield
        return
    is_over = threading.Event()
    # A thread of its own, so that it goes on where nothing comes, and costs an event nothing.
    drawing = threading.Thread(target=_draw, args=(line, is_over), daemon=True)
    drawing.start()
    try:
        yield
    finally:
        is_over.set()
        drawing.join()
        tell(BEGIN)


def tell(text: str) -> None:
    """Write to standard error. Perhaps nobody is there to read it any more; that stops nothing."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _draw(line: Callable[[], str], is_over: threading.Event) -> None:
    while True:
        tell(BEGIN + line()[: _columns() - 1])
        if is_over.wait(INTERVAL):
            return


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
