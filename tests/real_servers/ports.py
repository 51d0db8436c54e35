"""Ports that stay the test's while the server that listens there comes and goes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def port() -> Iterator[int]:
    """Give a port that nobody else is given meanwhile, and where nobody listens yet.

    A server has to listen there with SO_REUSEPORT. While none does, connections are refused.
    """
    with shared_socket(0) as keeper:
        yield keeper.getsockname()[1]


def shared_socket(number: int) -> socket.socket:
    """Return a socket that is bound to a port which others of the same user may be bound to, too."""
    shared = socket.socket()
    try:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(("127.0.0.1", number))
    except BaseException:
        shared.close()
        raise
    return shared
