"""Where the result goes: written in one piece when nothing more is at hand, and harmless to a terminal."""

from __future__ import annotations

import sys

from .._terminal import is_terminal, printable

LARGEST = 2**16
"""Characters that are held, at most, before they are written."""

LAYOUT = "\n\t"
"""What a text on a terminal may have that is not printable."""


class Output:
    """Standard output: UTF-8 and as it came for a pipe or a file; what a terminal can show for a terminal.

    Attributes:
        is_terminal: whether a person reads this.
        in_line: whether the last line that was written has no end yet.
    """

    def __init__(self) -> None:
        self.is_terminal = is_terminal(sys.stdout)
        self.in_line = False
        self._encoding = sys.stdout.encoding if self.is_terminal else "utf-8"
        self._file = sys.stdout.buffer
        self._held: list[str] = []
        self._size = 0

    def harmless(self, text: str) -> str:
        """Return a server's text as it may be written."""
        return printable(text, keep=LAYOUT) if self.is_terminal else text

    def write(self, text: str) -> None:
        """Take text, to be written at the next `flush` at the latest."""
        if text:
            self.in_line = not text.endswith("\n")
            self._held.append(text)
            self._size += len(text)
            if self._size >= LARGEST:
                self.flush()

    def flush(self) -> None:
        """Write what is held.

        Raises:
            BrokenPipeError: nobody reads it any more.
        """
        if self._held:
            # A lone surrogate has no UTF-8. It can only come from JSON, where it is written like this.
            data = "".join(self._held).encode(self._encoding, "backslashreplace")
            self._held.clear()
            self._size = 0
            self._file.write(data)
            self._file.flush()
