"""Standard output: written once per batch, and escaped on a terminal."""

from __future__ import annotations

import sys

from .._terminal import is_terminal, printable

BUFFER_SIZE = 2**16
"""The number of buffered characters at which they are written without waiting for `flush`."""

LAYOUT = "\n\t"
"""Unprintable characters that are not escaped on a terminal."""


class Output:
    """Standard output: UTF-8 for a pipe or a file; escaped, and in its encoding, for a terminal.

    Attributes:
        is_terminal: whether standard output is a terminal.
        in_line: whether the text written last did not end its line.
    """

    def __init__(self) -> None:
        self.is_terminal = is_terminal(sys.stdout)
        self.in_line = False
        self._encoding = sys.stdout.encoding if self.is_terminal else "utf-8"
        self._file = sys.stdout.buffer
        self._buffer: list[str] = []
        self._size = 0

    def escape(self, text: str) -> str:
        """Return a server's text as it is safe to write: escaped on a terminal, unchanged elsewhere."""
        return printable(text, keep=LAYOUT) if self.is_terminal else text

    def write(self, text: str) -> None:
        """Buffer text; the next `flush` writes it, at the latest."""
        if text:
            self.in_line = not text.endswith("\n")
            self._buffer.append(text)
            self._size += len(text)
            if self._size >= BUFFER_SIZE:
                self.flush()

    def flush(self) -> None:
        """Write what is buffered.

        Raises:
            BrokenPipeError: the reader has exited.
        """
        if self._buffer:
            # A lone surrogate, which only JSON can contain, cannot be encoded. Write it as `\udXXX`.
            data = "".join(self._buffer).encode(self._encoding, "backslashreplace")
            self._buffer.clear()
            self._size = 0
            self._file.write(data)
            self._file.flush()
