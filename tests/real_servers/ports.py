"""Ports that stay reserved for a test while its server stops and starts."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def port() -> Iterator[int]:
    """Reserve a port. No other program gets it, and no server listens there yet.

    A server must listen there with SO_REUSEPORT. Until one does, connections are refused.
    """
    with shared_socket(0) as keeper:
        yield keeper.getsockname()[1]


def shared_socket(number: int) -> socket.socket:
    """Return a socket bound to a port that other sockets of the same user may be bound to as well."""
    shared = socket.socket()
    try:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(("127.0.0.1", number))
    except BaseException:
        shared.close()
        raise
    return shared
