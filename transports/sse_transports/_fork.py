"""What a forked process does with the connections of its parent: it closes its own descriptors.

After a fork both processes have the same connections. All else that a close does would reach the parent: a
shutdown, a message of TLS or HTTP/2, and the removal from an event loop's selector, which they share. And a
lock that another thread held at the fork is never released in the child.

The parent shuts a connection down before it closes it: while a child has the descriptor, a close alone sends
nothing, and the server would go on.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Any


class ProcessOwner:
    """Knows the process that it, or what it keeps, belongs to."""

    def __init__(self) -> None:
        self._process = os.getpid()

    def adopt(self) -> None:
        """Note that it belongs to this process."""
        self._process = os.getpid()

    def is_foreign(self) -> bool:
        """Return whether this process is another: a fork of the one that it belongs to."""
        return os.getpid() != self._process


def shut_down(connection: Any) -> None:
    """End a connection for all processes that have it. For one that is not shared, and not used again.

    Args:
        connection: a socket, also asyncio's, trio's or uvloop's; does nothing with anything else.
    """
    # A duplicate: asyncio's and uvloop's sockets do not have all methods. Not connected any more is fine.
    with (
        contextlib.suppress(OSError, TypeError, AttributeError, ValueError),
        socket.fromfd(connection.fileno(), connection.family, connection.type) as duplicate,
    ):
        duplicate.shutdown(socket.SHUT_RDWR)


def close_descriptor(connection: Any) -> None:
    """Close this process's descriptor of a socket, and do nothing else.

    Args:
        connection: a socket; asyncio's and trio's hide the system's own in `_sock`, whose `close` knows no
            event loop. uvloop's cannot be closed: it stays open until the process ends.
    """
    with contextlib.suppress(OSError, TypeError, AttributeError):
        getattr(connection, "_sock", connection).close()
