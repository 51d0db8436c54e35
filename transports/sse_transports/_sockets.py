"""TCP connections: keep-alive, and connecting to the first of several addresses that accepts."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, TypeAlias

AddressInfo: TypeAlias = tuple[Any, Any, int, str, Any]
"""An item of what `socket.getaddrinfo` returns: family, type, protocol, canonical name, address."""

ATTEMPT_DELAY = 0.25
"""Seconds between the starts of two attempts to connect: the Connection Attempt Delay of RFC 8305, 5."""


def _keep_alive_options() -> Iterable[tuple[int, int, int]]:
    yield socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1
    # macOS has another name for the first.
    idle = "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE"
    for name, value in ((idle, 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5)):
        if hasattr(socket, name):
            yield socket.IPPROTO_TCP, getattr(socket, name), value


KEEP_ALIVE: tuple[tuple[int, int, int], ...] = tuple(_keep_alive_options())
"""TCP keep-alive as (level, option, value), for the options that this system has.

After 60 s of silence a probe is sent, then one every 60 s; five without an answer end the connection. A NAT
forgets a silent connection after one to six minutes, and the system's own default is two hours.
"""


def set_keep_alive(connection: socket.socket) -> None:
    """Turn TCP keep-alive on (`KEEP_ALIVE`). Options that the system refuses are left as they are."""
    for option in KEEP_ALIVE:
        with contextlib.suppress(OSError):
            connection.setsockopt(*option)


def connect(
    addresses: Iterable[AddressInfo], interrupt: socket.socket, delay: float = ATTEMPT_DELAY
) -> socket.socket:
    """Return a blocking socket, connected to the first of these addresses that accepts (RFC 8305).

    Each next address is started when the one before has failed, or has not answered for `delay` seconds.
    All others are closed when one accepts. So an address that never answers costs little time.

    Args:
        addresses: what `socket.getaddrinfo` returned, the preferred first.
        interrupt: ends the wait as soon as this socket is readable.
        delay: seconds between two starts.

    Raises:
        OSError: every address failed; the message has the reason of each.
        ConnectionAbortedError: `interrupt` became readable.
    """
    waiting = deque(interleaved(addresses))
    connecting: dict[socket.socket, Any] = {}
    failures: list[tuple[OSError, Any]] = []
    with selectors.DefaultSelector() as selector:
        selector.register(interrupt, selectors.EVENT_READ)
        try:
            next_start = 0.0
            while waiting or connecting:
                if waiting and (not connecting or time.monotonic() >= next_start):
                    info = waiting.popleft()
                    try:
                        connection = _begin(info)
                    except OSError as error:
                        failures.append((error, info[4]))
                        continue
                    connecting[connection] = info[4]
                    selector.register(connection, selectors.EVENT_WRITE)
                    next_start = time.monotonic() + delay
                limit = max(0.0, next_start - time.monotonic()) if waiting else None
                for key, _ in selector.select(limit):
                    if key.fileobj is interrupt:
                        raise ConnectionAbortedError("the connection attempt was ended")
                    connection = key.fileobj  # type: ignore[assignment]
                    code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    selector.unregister(connection)
                    address = connecting.pop(connection)
                    if not code:
                        connection.setblocking(True)
                        set_keep_alive(connection)
                        return connection
                    connection.close()
                    failures.append((OSError(code, os.strerror(code)), address))
                    next_start = 0.0
            raise _summary(failures)
        finally:
            for connection in connecting:
                connection.close()


def interleaved(addresses: Iterable[AddressInfo]) -> list[AddressInfo]:
    """Return the addresses with IPv4 and IPv6 in turns, beginning with the family that comes first.

    RFC 8305, 4: if one family does not work at all, then only the first attempt waits for it.
    """
    families: dict[Any, deque[AddressInfo]] = {}
    for info in addresses:
        families.setdefault(info[0], deque()).append(info)
    ordered = []
    while families:
        for family in list(families):
            ordered.append(families[family].popleft())
            if not families[family]:
                del families[family]
    return ordered


def _begin(info: AddressInfo) -> socket.socket:
    """Return a socket that has begun to connect."""
    family, kind, protocol, _, address = info
    connection = socket.socket(family, kind, protocol)
    try:
        connection.setblocking(False)
        # Errors that are known at once raise here. Whether it is connected, the selector reports.
        with contextlib.suppress(BlockingIOError):
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def _summary(failures: list[tuple[OSError, Any]]) -> OSError:
    """Return one error for all addresses. If they failed in the same way, it is said once."""
    if not failures:
        return OSError("the host has no address")
    first = failures[0][0]
    if all(error.errno == first.errno for error, _ in failures):
        return first
    return OSError("; ".join(f"{error.strerror or error} ({address[0]})" for error, address in failures))
