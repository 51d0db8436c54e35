"""A server that calls a function for each connection, which may carry several requests."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Peer:
    """One connection of a client.

    Attributes:
        connection: its socket.
        number: how many connections the server had before it.
    """

    def __init__(
        self, connection: socket.socket, duplicate: socket.socket, number: int, requests: list[bytes]
    ) -> None:
        self.connection = connection
        self._duplicate = duplicate
        self.number = number
        self._requests = requests
        self._received = b""

    def read_head(self) -> bytes:
        """Return the request line and the headers of the next request; b"" if the client has left."""
        while b"\r\n\r\n" not in self._received:
            data = self.connection.recv(2**16)
            if not data:
                return b""
            self._received += data
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        self._requests.append(head)
        return head

    def read_request(self) -> bytes:
        """Return the same, after the request's body was read, too."""
        head = self.read_head()
        length = re.search(rb"(?i)content-length: (\d+)", head)
        missing = (int(length[1]) if length else 0) - len(self._received)
        while missing > 0:
            data = self.connection.recv(min(missing, 2**16))
            assert data, "the client left inside of its request"
            missing -= len(data)
        self._received = b""
        return head

    def send(self, data: bytes) -> None:
        """Send these bytes."""
        self.connection.sendall(data)

    def wait_until_gone(self) -> None:
        """Return when the client has closed the connection, or reset it."""
        with contextlib.suppress(OSError):
            while self.connection.recv(2**16):
                pass

    def send_close_notify(self) -> None:
        """End TLS, and keep the connection."""
        assert isinstance(self.connection, ssl.SSLSocket)
        self.connection.setblocking(False)
        # It would wait for the client's.
        with contextlib.suppress(ssl.SSLError):
            self.connection.unwrap()
        self.connection.setblocking(True)

    def end(self) -> None:
        """End the connection; over TLS, without close_notify."""
        self._duplicate.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Reset the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The last descriptor resets it.
        self._duplicate.close()
        self.connection.close()


class ConnectionServer:
    """Runs `handle` in a thread for each connection, and closes the connection then.

    Args:
        handle: called with each connection. An error other than of the network is raised at the end.
        context: TLS settings, if it speaks TLS.
        listener: a listening socket, if not one of 127.0.0.1.

    Attributes:
        requests: the heads of the requests, in order.
        peers: the connections, in order; over TLS, after the handshake.
    """

    def __init__(
        self,
        handle: Callable[[Peer], None],
        *,
        context: ssl.SSLContext | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        self._handle = handle
        self._context = context
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        # A Unix socket has none.
        self._port: int = 0 if isinstance(address := self._listener.getsockname(), str) else address[1]
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._errors: list[Exception] = []
        self._lock = threading.Lock()
        self._open = 0
        self.requests: list[bytes] = []
        self.peers: list[Peer] = []

    @property
    def port(self) -> int:
        """The port of 127.0.0.1."""
        return self._port

    @property
    def url(self) -> str:
        """The URL of the server."""
        return f"http{'' if self._context is None else 's'}://127.0.0.1:{self.port}/"

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        with self._lock:
            return self._open

    @property
    def accepted(self) -> int:
        """How many connections there were, over TLS also before the handshake."""
        return len(self._sockets)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connection in self._sockets:
            connection.close()
        if self._errors and error is None:
            raise self._errors[0]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # It can end a connection that TLS has taken.
            duplicate = connection.dup()
            self._sockets.append(duplicate)
            thread = threading.Thread(target=self._serve, args=(connection, duplicate))
            self._threads.append(thread)
            with self._lock:
                self._open += 1
            thread.start()

    def _serve(self, connection: socket.socket, duplicate: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError), connection:
                if self._context is None:
                    self._handle_one(connection, duplicate)
                else:
                    with self._context.wrap_socket(connection, server_side=True) as encrypted:
                        self._handle_one(encrypted, duplicate)
        except Exception as error:  # noqa: BLE001  # raised at the end
            self._errors.append(error)
        finally:
            with contextlib.suppress(OSError):
                duplicate.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._open -= 1

    def _handle_one(self, connection: socket.socket, duplicate: socket.socket) -> None:
        with self._lock:
            peer = Peer(connection, duplicate, len(self.peers), self.requests)
            self.peers.append(peer)
        self._handle(peer)
