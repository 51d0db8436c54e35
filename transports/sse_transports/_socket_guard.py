"""A second handle of a connection, so that any thread can end what one thread is waiting for."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

from sse_core import TransportError


class Grip:
    """Lets one thread use a connection, as a context manager, and any thread, or a deadline, end it.

    Ending it shuts the socket down, which wakes whoever waits for it. What is to be closed is then
    closed by the thread that used it, because closing under another thread's hands is not safe.

    Args:
        release: closes what the exchange holds besides this; called when nobody uses it any more,
            perhaps more than once.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        # Reentrant: an interrupt may leave it held, and the same thread closes then.
        self._lock = threading.RLock()
        self._handle: socket.socket | None = None
        self._busy = False
        self._closed = False
        self._expired = False

    @property
    def closed(self) -> bool:
        """Whether it was ended by `close`."""
        return self._closed

    @property
    def expired(self) -> bool:
        """Whether it was ended by a deadline."""
        return self._expired

    def __enter__(self) -> None:
        """Be the thread that uses the connection.

        Raises:
            sse_core.TransportError: it was ended.
        """
        # Without the lock, which would be half of what a small read costs: whoever closes says so first,
        # and then looks for somebody busy. So one of both always sees the other.
        self._busy = True
        if self._closed:
            self._busy = False
            # Who closed may have seen us busy, and left this to us.
            with self._lock:
                self._let_go()
            raise TransportError("the exchange is closed")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Whoever leaves with an error, leaves nothing open."""
        self._busy = False
        if kind is not None:
            self._closed = True
        if self._closed:
            with self._lock:
                self._let_go()

    @contextlib.contextmanager
    def deadline(self, seconds: float | None) -> Iterator[None]:
        """End the connection if what happens inside takes longer, however it waits; None never does."""
        if seconds is None:
            yield
            return
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        try:
            timer.start()
            yield
        finally:
            timer.cancel()
            if timer.is_alive():
                timer.join()

    def hold(self, connection: socket.socket) -> None:
        """Take a second handle of this connection; the one before is given back.

        A handle of our own, because the first may be wrapped, detached or closed by its HTTP client at
        any moment, and its number given to another connection.

        Raises:
            ConnectionAbortedError: it was ended.
        """
        with self._lock:
            self.check()
            if self._handle is not None:
                self._handle.close()
            # Not `dup`, which an SSLSocket refuses.
            self._handle = socket.fromfd(connection.fileno(), connection.family, connection.type)

    def check(self) -> None:
        """Raise ConnectionAbortedError if it was ended: a socket cannot be shut down before it connects."""
        if self._closed or self._expired:
            raise ConnectionAbortedError("the exchange is closed")

    def close(self) -> None:
        """End it, at any moment, from any thread."""
        with self._lock:
            self._closed = True
            # Not when nobody waits: the connection may be shared, or fit for further use.
            if self._busy:
                self._shut_down()
            else:
                self._let_go()

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._handle is not None:
            # Fails if it is not connected, or not any more.
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        self._release()
        if self._handle is not None:
            self._handle.close()
            self._handle = None
