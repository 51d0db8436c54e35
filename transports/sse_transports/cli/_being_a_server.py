"""Being a server until Ctrl-C, for the commands that take `--serve PORT`."""

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
def listening(server: SSEServer, port: int) -> Iterator[SSEServer]:
    """Run a server, and say in a line why that port cannot be had.

    Raises:
        click.UsageError: it is in use, or not for everybody.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(server)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            reason = os.strerror(error.errno)
            raise click.UsageError(f"port {port}: {reason}; --serve 0 takes one that is free") from None
        yield server


def wait_for(event: threading.Event) -> None:
    """Wait until this is set, or Ctrl-C is pressed."""
    # A Ctrl-C in the instant before a wait begins is not heard until it is over (and on Windows, none is
    # in a wait without a limit), so that it must not be long.
    while not event.wait(0.5):
        pass
