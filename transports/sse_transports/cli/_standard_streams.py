"""Standard streams that were closed, as by `sse tail URL >&-`: Python has None for them."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import NoReturn


def stand_in_for_closed() -> None:
    """Put something in their place, so that nobody has to ask whether they are there.

    What is written to standard error goes nowhere. Who reads standard input or writes to standard output
    gets an OSError that says that it is closed.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # open to the end
    if sys.stdout is None:
        # Without a buffer, in which something would be left for Python to complain about when it exits.
        sys.stdout = io.TextIOWrapper(_Closed("standard output"), encoding="utf-8", write_through=True)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(_Closed("standard input")), encoding="utf-8")


class _Closed(io.RawIOBase):
    def __init__(self, name: str) -> None:
        self._name = name

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, _buffer: object) -> NoReturn:
        self._fail()

    def write(self, _data: object) -> NoReturn:
        self._fail()

    def fileno(self) -> NoReturn:
        self._fail()

    def _fail(self) -> NoReturn:
        raise OSError(f"{self._name} is closed")
