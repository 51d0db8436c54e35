"""Standard input, output and error that may be closed, or lose the program that reads them.

A shell can close them (`sse tail URL >&-`; Python then has None for them), and the reader of a pipe can exit
(`sse tail URL | head -1`). Neither must end in a traceback.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn


def print_error(text: str, *, end: str = "\n") -> None:
    """Write to standard error and flush. Ignore errors: its reader may have exited."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text + end)
        sys.stderr.flush()


def replace_closed_streams() -> None:
    """Replace standard streams that are None, so that no other code has to check for that.

    What is written to standard error is discarded. Reading standard input or writing to standard output
    raises an OSError that says that it is closed.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # open until exit
    if sys.stdout is None:
        # Unbuffered: Python would complain at exit about buffered text that it cannot flush.
        sys.stdout = io.TextIOWrapper(_ClosedStream("standard output"), encoding="utf-8", write_through=True)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(_ClosedStream("standard input")), encoding="utf-8")


def flush_or_discard_output() -> None:
    """Flush standard output; if that fails, as on a full disk, discard what is buffered."""
    try:
        sys.stdout.flush()
    except OSError:
        discard_output()


def discard_output() -> None:
    """Redirect standard output to the null device.

    Otherwise Python would flush its buffer at exit, fail, and print a traceback.
    """
    with Path(os.devnull).open("wb") as null, contextlib.suppress(OSError):
        os.dup2(null.fileno(), sys.stdout.fileno())


@contextlib.contextmanager
def on_broken_pipe(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` when the reader of standard output exits, also while nothing is being written.

    Otherwise `sse tail URL | head -1` would keep a quiet stream open until its next event. Where the
    system has no `poll`, or the output is not a pipe, the next write fails instead.

    Args:
        stop: called in another thread; makes the code inside return, or raise KeyboardInterrupt.

    Raises:
        BrokenPipeError: on leaving, if the reader has exited.
    """
    lock = threading.Lock()
    is_broken = is_over = False

    def watch() -> None:
        nonlocal is_broken
        poll = select.poll()
        # Register no events: poll always reports an error condition, such as a closed reader.
        poll.register(sys.stdout.fileno(), 0)
        poll.poll()
        with lock:
            is_broken = True
            if not is_over:
                # `stop` may still write, such as the end of a recording. That fails too.
                with contextlib.suppress(OSError):
                    stop()

    is_pipe = hasattr(select, "poll") and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    try:
        if is_pipe:
            # Inside the `try`, because the pipe may be broken already: then `stop` may interrupt this thread
            # before `start` returns.
            threading.Thread(target=watch, name="broken pipe watcher", daemon=True).start()
        yield
        with lock:
            is_over = True
    except KeyboardInterrupt:
        # `stop` has interrupted this thread, or the user has pressed Ctrl-C.
        if not is_broken:
            raise
    if is_broken:
        raise BrokenPipeError


class _ClosedStream(io.RawIOBase):
    """A stream on which every operation fails with an error that names it."""

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
