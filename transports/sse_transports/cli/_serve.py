"""Run a server until Ctrl-C, for the commands with `--serve PORT`."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..testing import SSEServer


@contextlib.contextmanager
def running(server: SSEServer, port: int) -> Iterator[SSEServer]:
    """Run a server while inside; report in one line why its port cannot be used.

    Raises:
        click.UsageError: the port is in use, or needs more rights.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(server)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            reason = os.strerror(error.errno)
            raise click.UsageError(f"port {port}: {reason}; --serve 0 takes a free one") from None
        yield server


def wait_until_set(event: threading.Event) -> None:
    """Wait until this event is set, or Ctrl-C is pressed."""
    # Poll: a Ctrl-C that comes just before a wait begins is raised only when that wait returns, and on
    # Windows a wait without a timeout cannot be interrupted at all.
    while not event.wait(0.5):
        pass
