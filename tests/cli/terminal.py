"""Run `sse` in a pseudo-terminal, or with pipes."""

from __future__ import annotations

import codecs
import errno
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

DEADLINE = 300.0
"""Seconds to wait for anything on a busy machine; tests that pass never wait so long."""

SSE = [sys.executable, "-m", "sse_transports"]

# Makes the terminal the controlling terminal of the new session, so that Ctrl-C sends a signal.
IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # Shells ignore SIGINT in background jobs; the commands would inherit that, and ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which only the terminal decides about colors and width."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
        and name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONUNBUFFERED")
    }
    return {**inherited, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(more or {})}


def sse(*arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Finished:
    """Run `sse` to its end, with pipes for all standard streams."""
    run = subprocess.run(
        [*SSE, *arguments],
        input=stdin,
        env=environment(env),
        capture_output=True,
        check=False,
        timeout=DEADLINE,
    )
    return Finished(run.returncode, run.stdout.decode(), run.stderr.decode())


class Finished:
    """The result of a run."""

    def __init__(self, code: int, output: str, errors: str) -> None:
        self.code = code
        self.output = output
        self.errors = errors

    def __repr__(self) -> str:
        return f"code {self.code}\n--- output\n{self.output}\n--- errors\n{self.errors}"


class Terminal:
    """A command in a pseudo-terminal of 80 columns and 24 lines, as a context manager.

    Args:
        arguments: the arguments of `sse`.
        columns: the width.
        output: a file descriptor for standard output, such as a pipe, instead of the terminal.
        env: additional environment variables.
        folder: the working directory.
        program: the program to run instead of `sse`.

    Attributes:
        screen: everything written to the terminal so far, with control sequences.
    """

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        output: int | None = None,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        program: Sequence[str] = SSE,
    ) -> None:
        self._arguments = [*program, *arguments]
        self._folder = folder
        self._columns = columns
        self._output = output
        self._env = environment(env)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.screen = ""

    @property
    def text(self) -> str:
        """What was written, without colors and cursor movements, with LF as line end."""
        return CONTROL.sub("", self.screen).replace("\r\n", "\n")

    def until(self, text: str) -> None:
        """Wait until this text was written."""
        self.wait(lambda: text in self.text, f"{text!r} on the terminal")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition is true; `what` describes it in the error."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if self._ended:
                raise AssertionError(f"the command ended without {what}; there was:\n{self.text}")
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"not within {DEADLINE:g} seconds: {what}; there was:\n{self.text}")
            self._read()

    def press(self, keys: bytes) -> None:
        """Press these keys."""
        os.write(self._master, keys)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.press(b"\x03")

    def finish(self) -> int:
        """Wait until the command has ended; return its exit code."""
        self.wait(lambda: self._ended, "the end of the command")
        return self._process.wait(DEADLINE)

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        self._ended = False
        termios.tcsetwinsize(slave, (24, self._columns))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", IN_TERMINAL, *self._arguments],
                stdin=slave,
                stdout=slave if self._output is None else self._output,
                stderr=slave,
                env=self._env,
                cwd=self._folder,
                start_new_session=True,
            )
        finally:
            os.close(slave)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(DEADLINE)
        os.close(self._master)
        if error is not None:
            error.add_note(f"on the terminal:\n{self.text}")

    def _read(self) -> None:
        try:
            data = os.read(self._master, 2**16)
        except OSError as error:
            # A pseudo-terminal raises EIO when the last process has closed it.
            if error.errno != errno.EIO:
                raise
            data = b""
        self._ended = not data
        self.screen += self._decoder.decode(data)
