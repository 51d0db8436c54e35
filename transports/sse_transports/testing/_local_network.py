"""What rules about connections need: the client's socket, and a host whose first address never answers."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ._call import Call
from ._harness_base import RuleSkipped

DESCRIPTORS = Path("/dev/fd")
SILENT_ADDRESS = "127.0.0.2"
MAX_QUEUE = 8
"""How many connections the queue of a listener with `backlog=0` may take."""

CONNECT_TIME = 0.1
"""Seconds in which a connection to this machine is made, unless the queue is full."""

# macOS has another name for it.
TCP_KEEPIDLE: int | None = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))


def keep_alive_of_client(call: Call) -> tuple[bool, int | None]:
    """Return whether the client's socket has TCP keep-alive, and the seconds before its first probe.

    Raises:
        RuleSkipped: the socket cannot be found.
    """
    with socket.socket(fileno=os.dup(call.fileno())) as connection:
        address = connection.getpeername()
    with _own_socket(address) as client:
        idle = None if TCP_KEEPIDLE is None else client.getsockopt(socket.IPPROTO_TCP, TCP_KEEPIDLE)
        return bool(client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)), idle


def _own_socket(address: object) -> socket.socket:
    """Return a copy of this process's socket with this address."""
    descriptors = [int(each.name) for each in DESCRIPTORS.iterdir()] if DESCRIPTORS.exists() else []
    for descriptor in descriptors:
        # OSError: not a socket, or closed meanwhile.
        with suppress(OSError), ExitStack() as undo:
            copy = os.dup(descriptor)
            undo.callback(os.close, copy)
            found = socket.socket(fileno=copy)
            undo.pop_all()
            undo.callback(found.close)
            if found.getsockname() == address:
                undo.pop_all()
                return found
    raise RuleSkipped("the client's socket cannot be found in this process")


@contextmanager
def silent_address(port: int) -> Iterator[str]:
    """Yield an address where a connection to this port is neither accepted nor refused.

    Raises:
        RuleSkipped: this system has no such address, or answers for a listener whose queue is full.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(socket.create_server((SILENT_ADDRESS, port), backlog=0))
        except OSError as error:
            raise RuleSkipped(f"{SILENT_ADDRESS} cannot be used: {error}") from None
        for _ in range(MAX_QUEUE):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex((SILENT_ADDRESS, port))
            if not select.select([], [client], [], CONNECT_TIME)[1]:
                break
        else:
            raise RuleSkipped("this system answers connections although the queue of a listener is full")
        yield SILENT_ADDRESS


@contextmanager
def resolving(host: str, addresses: Sequence[str], port: int) -> Iterator[list[str]]:
    """Let `socket.getaddrinfo` return these IPv4 addresses for one host name; yield the look-ups so far."""
    original = socket.getaddrinfo
    asked: list[str] = []

    def getaddrinfo(name: Any, *arguments: Any, **options: Any) -> Any:
        if name not in (host, host.encode()):
            return original(name, *arguments, **options)
        asked.append(host)
        kind = socket.SOCK_STREAM
        return [(socket.AF_INET, kind, socket.IPPROTO_TCP, "", (each, port)) for each in addresses]

    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]
    try:
        yield asked
    finally:
        socket.getaddrinfo = original
