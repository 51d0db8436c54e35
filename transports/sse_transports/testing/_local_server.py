"""A local HTTP server whose every byte is its user's, for streams that break."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from traceback import format_exception
from types import TracebackType
from typing import Self

MAX_HEAD = 2**16


class Call:
    """One request to a `LocalServer`, and the connection it came on.

    Attributes:
        method: as it was sent.
        path: the request target: path and query.
        headers: name in lower case to value, as bytes; of a repeated field, the last value.
        body: the request's body.
        number: how many requests the server had got before this one.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.method = ""
        self.path = ""
        self.headers: dict[str, bytes] = {}
        self.body = b""
        self.number = 0

    def send(self, data: bytes) -> None:
        """Send these bytes, as they are.

        Raises:
            OSError: the client has gone; a handler may let it pass.
        """
        self._connection.sendall(data)

    def respond(
        self, status: int = 200, headers: Iterable[tuple[str, str]] | None = None, body: bytes = b""
    ) -> None:
        """Send a head, by default that of an event stream without a length, and the start of the body."""
        fields = [("Content-Type", "text/event-stream")] if headers is None else headers
        lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in fields), "", ""]
        self.send("\r\n".join(lines).encode() + body)

    def chunk(self, data: bytes) -> None:
        """Send these bytes as one chunk of a body with `Transfer-Encoding: chunked`; `b""` ends it."""
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def reset(self) -> None:
        """End the connection with a reset (RST): the client sees an error, not an end."""
        # Lingering for zero seconds turns the close into a reset.
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def wait_until_gone(self) -> None:
        """Send nothing until the client goes away or the server stops: a stall of any length."""
        with contextlib.suppress(OSError):
            while self._connection.recv(2**16):
                pass

    def read_request(self) -> bool:
        """Read the request; False if the client went away without one."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self._connection.recv(2**16)
            if not more or len(data) > MAX_HEAD:
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        request, *fields = head.split(b"\r\n")
        self.method, self.path, _ = request.decode("latin-1").split(" ", 2)
        for field in fields:
            name, _, value = field.partition(b":")
            self.headers[name.decode("latin-1").lower()] = value.strip()
        length = int(self.headers.get("content-length", b"0"))
        while len(body) < length:
            more = self._connection.recv(2**16)
            if not more:
                return False
            body += more
        self.body = body
        return True


class LocalServer:
    """An HTTP server on a free port of 127.0.0.1, as a context manager.

    Each connection carries one request, which `handler` answers in a thread of its own; when it
    returns, the connection is closed. Leaving the context stops the server: connections are cut,
    threads are joined, and the first error of a handler is raised.

    Args:
        handler: called with each `Call`.
        context: TLS settings; given, the server speaks https.

    Attributes:
        calls: the requests it got, in order.
    """

    def __init__(self, handler: Callable[[Call], None], *, context: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._lock = threading.Lock()
        # Each with a second handle, because TLS takes the first one over.
        self._connections: dict[socket.socket, socket.socket] = {}
        self._threads = [threading.Thread(target=self._accept, name="LocalServer", daemon=True)]
        self._errors: list[BaseException] = []
        self._stopping = False
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        """The server's address, without a path: `http://127.0.0.1:port`."""
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def open_connections(self) -> int:
        """How many connections the server has not closed yet."""
        with self._lock:
            return len(self._connections)

    def stop(self) -> None:
        """Cut all connections, and take no further ones. Any thread may call this."""
        with self._lock:
            self._stopping = True
            for handle in self._connections.values():
                with contextlib.suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)
        # A listener does not wake from `accept` when it is closed, but when it is shut down.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        for thread in list(self._threads):
            thread.join()
        self._listener.close()
        if not self._errors:
            return
        if error is None:
            raise self._errors[0]
        # What the client saw is often the consequence.
        error.add_note("the server's handler had raised:\n" + "".join(format_exception(self._errors[0])))

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                if self._stopping:
                    connection.close()
                    return
                self._connections[connection] = connection.dup()
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._answer(connection)
        except OSError:
            # The client went away, or the server stops: what a test may be about.
            pass
        except BaseException as error:  # noqa: BLE001  # raised in the thread that leaves the context
            self._errors.append(error)
        finally:
            with self._lock:
                self._connections.pop(connection).close()
            connection.close()

    def _answer(self, connection: socket.socket) -> None:
        if self._context is None:
            self._call(connection)
        else:
            with self._context.wrap_socket(connection, server_side=True) as encrypted:
                self._call(encrypted)

    def _call(self, connection: socket.socket) -> None:
        call = Call(connection)
        if not call.read_request():
            return
        with self._lock:
            call.number = len(self.calls)
            self.calls.append(call)
        self._handler(call)
