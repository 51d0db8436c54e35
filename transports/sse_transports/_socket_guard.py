"""`SocketGuard`: lets any thread end a connection that one thread is using.

A blocking read, connect or TLS handshake cannot be interrupted from another thread. What always works is
`shutdown()` on the socket: the blocked call then returns an end of stream or an error. This file does that
safely, for the blocking transports.

Threads:

- One thread *uses* the connection: it opens it and reads from it, inside `with guard:`.
- Any thread, including a signal handler in the thread that uses it, may call `close()`. The timer of
  `deadline()` runs in a thread of its own.

Who closes what, and when:

- While the connection is in use, `close()` only shuts the socket down. The thread that uses it wakes up,
  leaves the `with` block, and releases everything there. Closing the socket in `close()` would not be safe:
  its file descriptor could be given to another connection while the first thread is still reading from it.
- While the connection is not in use, `close()` releases everything at once. `on_release` decides about a
  shutdown: with HTTP/2 the socket may be shared, and with keep-alive it may be used again.
- An exception that leaves the `with` block releases everything.

The guard holds a duplicate of the socket's file descriptor. The HTTP client may wrap, detach or close its own
socket object at any moment; the duplicate stays valid until the guard itself closes it.

There is no lock on the read path, where it would be half the cost of a small read. Instead each side first
writes its own flag and then reads the other's: the using thread sets `_busy` and then checks `closed`;
`close()` sets `closed` and then checks `_busy`. Whatever the order, at least one of them sees the other:
either `close()` sees `_busy` and shuts down, or the using thread sees `closed` and releases. The lock is
taken only to attach, shut down and release.

A forked process shares the connection with its parent, where other threads may use it or hold the lock. So
there, `close()` only closes this process's own descriptors.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

from sse_core import TransportError


class SocketGuard:
    """Marks a connection as in use, as a context manager, and ends it from any thread or at a deadline.

    Attributes:
        closed: whether `close` was called, or an exception left the `with` block.
        expired: whether a deadline has ended the connection.

    Args:
        on_release: closes what the exchange holds besides the guard's own file descriptor. Called when the
            connection has ended and is not in use. An interrupt may cause a second call.
    """

    def __init__(self, on_release: Callable[[], None]) -> None:
        self._on_release = on_release
        # Reentrant: a signal handler may call `close` in a thread that holds it.
        self._lock = threading.RLock()
        # The duplicate of the socket; None before `attach` and after the release.
        self._handle: socket.socket | None = None
        self._busy = False
        # The process that the connection belongs to.
        self._process = os.getpid()
        self.closed = False
        self.expired = False
        # `close` has no more to do: it has shut the socket down, or everything is released.
        self._close_done = False

    def __enter__(self) -> None:
        """Mark the connection as in use by this thread.

        Raises:
            sse_core.TransportError: the connection was closed.
        """
        self._busy = True
        if self.closed:
            self._busy = False
            # `close` may have seen `_busy` set here, and then it has released nothing.
            self._release()
            raise TransportError("the exchange is closed")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Mark the connection as not in use. Close on error."""
        self._busy = False
        if kind is not None:
            self.closed = True
        if self.closed:
            self._release()

    @contextlib.contextmanager
    def deadline(self, seconds: float | None) -> Iterator[None]:
        """Shut the connection down if the `with` block takes longer than this; None for no limit.

        A timer is needed where a socket timeout is not enough: that bounds a single call, and a server that
        sends its headers byte by byte needs many.
        """
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

    def attach(self, connection: socket.socket) -> None:
        """Duplicate this socket, to shut it down later. Replaces the socket attached before.

        Raises:
            ConnectionAbortedError: the connection was ended before.
        """
        with self._lock:
            self.check()
            if self._handle is not None:
                self._handle.close()
            # Not `dup()`, which an SSLSocket refuses.
            self._handle = socket.fromfd(connection.fileno(), connection.family, connection.type)

    def check(self) -> None:
        """Raise ConnectionAbortedError if the connection was ended.

        To be called right after a connect has begun: before that, a shutdown has no effect.
        """
        if self.closed or self.expired:
            raise ConnectionAbortedError("the exchange is closed")

    def close(self) -> None:
        """End the connection, at any moment, from any thread. More than once is fine, and cheap.

        In a forked process, the connection goes on in its parent.
        """
        if self._close_done:
            return
        if os.getpid() != self._process:
            # The threads that use the connection, or hold the lock, do not exist in this process.
            self._busy = False
            self._lock = threading.RLock()
        with self._lock:
            self.closed = True
            if self._busy:
                self.shut_down()
                # Set this last, so that an interrupted `close` is repeated in full.
                self._close_done = True
            else:
                self._release()

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            self.shut_down()

    def shut_down(self) -> None:
        """End the connection, but close nothing. Does nothing in a forked process."""
        # A shutdown ends the connection for all processes that share it.
        if self._handle is not None and os.getpid() == self._process:
            try:
                self._handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                # Not connected yet, or not any more. A connect in progress calls `check` next.
                return

    def _release(self) -> None:
        with self._lock:
            self._on_release()
            if self._handle is not None:
                self._handle.close()
                self._handle = None
            self._close_done = True
