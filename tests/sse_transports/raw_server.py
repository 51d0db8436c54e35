"""A server that sends prepared bytes, also malformed ones, and ends the connection in some way."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class RawServer:
    """What a running server has seen.

    Attributes:
        port: its port of 127.0.0.1.
        requests: the heads of the requests, in order.
    """

    port: int
    requests: list[bytes] = field(default_factory=list)


def fin(connection: socket.socket) -> None:
    """Close the TCP connection; over TLS without `close_notify`."""
    socket.socket(fileno=connection.detach()).close()


def reset(connection: socket.socket) -> None:
    """Reset the TCP connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    fin(connection)


@contextlib.contextmanager
def raw_server(
    *responses: bytes,
    context: ssl.SSLContext | None = None,
    end: Callable[[socket.socket], None] = fin,
) -> Iterator[RawServer]:
    """Answer each request with the next of these responses; the last is repeated."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                answer(connection)

    def answer(connection: socket.socket) -> None:
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(1)
            server.requests.append(head)
            connection.sendall(responses[min(len(server.requests), len(responses)) - 1])
            end(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(listener.getsockname()[1])
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
