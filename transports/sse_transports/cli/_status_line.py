"""A status line on the terminal, redrawn while a command runs and erased at its end."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ._standard_streams import print_error
from ._terminal import is_terminal

INTERVAL = 0.2
"""Seconds between two drawings, however many events arrive."""

ERASE_LINE = "\r\x1b[K"
"""Moves the cursor to the beginning of the line, and erases the line."""


@contextmanager
def status_line(line: Callable[[], str]) -> Iterator[None]:
    """Show a line on standard error while inside, if that is a terminal.

    Args:
        line: returns the text to show now; called in another thread.
    """
    if not is_terminal(sys.stderr):
        yield
        return
    is_over = threading.Event()
    # In a thread: the line is updated while no event arrives, and events need not draw it.
    drawing = threading.Thread(target=_draw, args=(line, is_over), daemon=True)
    drawing.start()
    try:
        yield
    finally:
        is_over.set()
        drawing.join()
        print_error(ERASE_LINE, end="")


def _draw(line: Callable[[], str], is_over: threading.Event) -> None:
    while True:
        print_error(ERASE_LINE + line()[: _columns() - 1], end="")
        if is_over.wait(INTERVAL):
            return


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
