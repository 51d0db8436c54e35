"""Connections for asyncio and trio: anyio connects, and the connection is then read by a socket of our own.

anyio's stream costs 7 KiB more on asyncio, and its close suspends. A socket is closed at once, also at a
cancellation, and can be asked whether the server has closed it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.lowlevel import current_token
from anyio.streams.tls import TLSAttribute, TLSStream

from ._default_transport import in_trio_task
from ._fork import ProcessOwner
from ._sockets import set_keep_alive
from ._timers import call_later

READ_SIZE = 2**16
"""The largest number of bytes taken from the socket at a time."""

MAX_RECORDS = 16
"""The largest number of TLS records that are joined to one read; a record has up to 16 KiB."""

MAX_IDLE = 15.0
"""Seconds that a connection is kept for another request. Servers keep it for longer, most of them."""


class SocketStream(ByteStream, ProcessOwner):
    """A connected socket, as a stream of anyio: TLS can be put on it.

    Attributes:
        closed: whether this side has closed it.
    """

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._socket = connection
        # Whether the last read was as large as it may be: then there is probably more.
        self._filled = False
        self.closed = False

    async def receive(self, max_bytes: int = READ_SIZE) -> bytes:
        """Do the same as `read`, but raise anyio.EndOfStream at the end, as anyio's streams do."""
        data = await self.read()
        if not data:
            raise anyio.EndOfStream
        return data

    async def read(self) -> bytes:
        """Return what has arrived, as soon as there is something; `b""` if the peer has ended the connection.

        Raises:
            anyio.ClosedResourceError: this side has closed the connection.
            OSError: the connection failed.
        """
        data = self._read_nowait() if self._filled else None
        while data is None:
            await anyio.wait_readable(self._socket)
            data = self._read_nowait()
        self._filled = len(data) == READ_SIZE
        return data

    def _read_nowait(self) -> bytes | None:
        try:
            return self._socket.recv(READ_SIZE)
        except BlockingIOError:
            return None

    async def send(self, item: bytes) -> None:
        """Send all of these bytes.

        Raises:
            anyio.ClosedResourceError: this side has closed the connection.
            OSError: the connection failed.
        """
        rest = memoryview(item)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._socket)

    async def send_eof(self) -> None:
        """End this side of the connection."""
        self._socket.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        """Close the connection; see `close`."""
        self.close()

    def close(self, *, idle: bool = False) -> None:
        """Close the connection at once; a waiting call raises ClosedResourceError. More than once is fine.

        In a forked process, only this process's descriptor is closed.

        Args:
            idle: whether it is certain that no task waits for the connection. Then it can be closed outside
                of a task, too.
        """
        if self.closed:
            return
        self.closed = True
        if not self.is_foreign():
            self.shut_down()
            self._stop_waiting()
            if not idle:
                anyio.notify_closing(self._socket)
        self._socket.close()

    def _stop_waiting(self) -> None:
        """Release what waits for bytes and is not anyio's."""

    def shut_down(self) -> None:
        """End the connection, but do not close it: a waiting `receive` ends as if the peer had ended it.

        A process that was forked meanwhile may have it too: then a close alone sends nothing.
        """
        # Not connected any more is fine.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def is_silent(self) -> bool:
        """Return whether the connection is open and nothing has arrived, not even its end."""
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


class AsyncioSocketStream(SocketStream):
    """The same on asyncio, where the event loop watches the socket from one read to the next.

    anyio's `wait_readable` adds the socket to the event loop's selector and removes it again, for each read.
    Without that, an event that comes alone costs a third less.
    """

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self._loop = asyncio.get_running_loop()
        self._watched = False
        # What `read` waits for; None, or done, while it does not wait.
        self._waiter: asyncio.Future[bytes] | None = None

    async def read(self) -> bytes:
        """Return what has arrived. See `SocketStream.read`."""
        data = self._read_nowait() if self._filled else None
        if data is None:
            if self.closed:
                raise anyio.ClosedResourceError
            waiter = self._waiter = self._loop.create_future()
            if not self._watched:
                self._watched = True
                self._loop.add_reader(self._socket, self._on_readable)
            data = await waiter
        self._filled = len(data) == READ_SIZE
        return data

    def _on_readable(self) -> None:
        if self._waiter is None or self._waiter.done():
            # What has arrived is not wanted yet. It stays in the system's buffer, which stops the sender.
            self._stop_waiting()
            return
        # Read here, not in the task that waits: until that runs, the socket would be reported again.
        try:
            data = self._read_nowait()
        except OSError as error:
            self._waiter.set_exception(error)
        else:
            if data is not None:
                self._waiter.set_result(data)

    def _stop_waiting(self) -> None:
        if self._watched:
            self._watched = False
            self._loop.remove_reader(self._socket)
        if self.closed and self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(anyio.ClosedResourceError())


class HTTPConnection:
    """A connection to a server, perhaps through proxies and with TLS.

    Attributes:
        base: its socket.
    """

    def __init__(self, base: SocketStream) -> None:
        self.base = base
        self._stream: ByteStream = base
        self._tls: ssl.SSLObject | None = None
        # See `SocketStream.read`. Over TLS it also raises anyio.BrokenResourceError: the connection has ended
        # without close_notify.
        self.read = base.read

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Do the TLS handshake; over TLS, inside of it.

        Raises:
            ssl.SSLError: it failed; a `ssl.CertificateError`, if because of the server's certificate.
            anyio.BrokenResourceError: the connection failed.
        """
        self._stream = await TLSStream.wrap(self._stream, hostname=host, ssl_context=context)
        self._tls = self._stream.extra(TLSAttribute.ssl_object)  # noqa: S610  # not of Django
        self.read = self._read_tls

    @property
    def protocol(self) -> str | None:
        """What both sides chose with ALPN, if anything."""
        return None if self._tls is None else self._tls.selected_alpn_protocol()

    async def send(self, data: bytes) -> None:
        """Send all of these bytes."""
        await self._stream.send(data)

    async def _read_tls(self) -> bytes:
        try:
            data = await self._stream.receive(READ_SIZE)
        except anyio.EndOfStream:
            return b""
        assert self._tls is not None  # noqa: S101  # for type checkers
        return data + self._decrypted(self._tls)

    def _decrypted(self, tls: ssl.SSLObject) -> bytes:
        """Return what else has arrived: each read of TLS returns one record only, often of one event."""
        records: list[bytes] = []
        # The next `receive` finds the end, or the error, again.
        with contextlib.suppress(ssl.SSLError):
            while len(records) < MAX_RECORDS and (record := tls.read(READ_SIZE)):
                records.append(record)
        return b"".join(records)

    def is_idle(self) -> bool:
        """Return whether the connection is open, and nothing has arrived that was not read."""
        if self._tls is not None:
            try:
                # It may have been read from the socket together with the end of the response.
                self._tls.read(1)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return False
            else:
                return False
        return self.base.is_silent()


async def connect_tcp(host: str, port: int, local_address: str | None = None) -> SocketStream:
    """Connect to the first address of a host that accepts (RFC 8305, "happy eyeballs").

    Each next address is started when the one before has failed, or has not answered for 250 ms.

    Raises:
        OSError: the host has no address, or every address failed.
    """
    return await _take_socket(await anyio.connect_tcp(host, port, local_host=local_address))


async def connect_unix(path: str) -> SocketStream:
    """Connect to a Unix socket.

    Raises:
        OSError: it does not exist, or has no server.
    """
    return await _take_socket(await anyio.connect_unix(path))


async def _take_socket(stream: ByteStream) -> SocketStream:
    """Return the connection of one of anyio's streams, and close that stream's own descriptor of it."""
    given = stream.extra(SocketAttribute.raw_socket)  # noqa: S610  # not of Django
    try:
        connection = socket.fromfd(given.fileno(), given.family, given.type)
    except BaseException:
        # This process may have no more descriptors.
        await anyio.aclose_forcefully(stream)
        raise
    connection.setblocking(False)
    set_keep_alive(connection)
    try:
        await anyio.aclose_forcefully(stream)
    except BaseException:
        connection.close()
        raise
    # The event loop of asyncio that Windows has by default cannot watch a socket.
    if in_trio_task() or isinstance(asyncio.get_running_loop(), getattr(asyncio, "ProactorEventLoop", ())):
        return SocketStream(connection)
    return AsyncioSocketStream(connection)


class IdleConnections(ProcessOwner):
    """Connections whose response was read to its end, kept for the next request to the same server.

    Each is closed after `MAX_IDLE` seconds.

    Attributes:
        closed: whether no more are kept.
    """

    def __init__(self) -> None:
        super().__init__()
        # Each with what cancels its timer. The last one put is the first one taken.
        self._connections: dict[object, list[tuple[HTTPConnection, Callable[[], object]]]] = {}
        # The event loop that they belong to.
        self._token: object = None
        self.closed = False

    def put(self, key: object, connection: HTTPConnection) -> None:
        """Keep a connection, or close it."""
        if self.closed:
            connection.base.close()
            return
        self._check_owner()
        entries = self._connections.setdefault(key, [])

        def expire() -> None:
            entries.remove(entry)
            self._forget_if_empty(key)
            connection.base.close(idle=True)

        entry = (connection, call_later(MAX_IDLE, expire))
        entries.append(entry)

    def take(self, key: object) -> HTTPConnection | None:
        """Return a connection that was put with this key, and that the server has not closed; or None."""
        self._check_owner()
        entries = self._connections.get(key)
        while entries:
            connection, cancel = entries.pop()
            self._forget_if_empty(key)
            cancel()
            if connection.is_idle():
                return connection
            connection.base.close(idle=True)
        return None

    def _forget_if_empty(self, key: object) -> None:
        """Keep no list for a server without connections: there may be many servers over time."""
        if not self._connections[key]:
            del self._connections[key]

    def close(self) -> None:
        """Close all of them."""
        for entries in self._connections.values():
            while entries:
                connection, cancel = entries.pop()
                cancel()
                connection.base.close(idle=True)
        self._connections.clear()

    def _check_owner(self) -> None:
        """Close the connections of another event loop, whose timers may never run again, or process."""
        token = current_token()
        if self.is_foreign() or token != self._token:
            self.close()
            self._token = token
            self.adopt()
