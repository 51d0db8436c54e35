"""The connections that a test server refuses because too many are open."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from types import TracebackType
from typing import Self

REFUSAL_TIMEOUT = 0.1
"""Seconds to wait for the request of a connection that is refused."""

MAX_REFUSED = 100
"""How many of them wait for their request at once. If there are more, the oldest is answered without it."""


class Refusals:
    """Waits for connections of a listener, and meanwhile answers those that were refused.

    A response is sent only after the request has arrived: closing with a request unread would reset the
    connection before the client has the response. The thread that accepts must not wait for that, as others
    want to be accepted.

    Args:
        listener: accepts the connections.
        response: what each refused connection gets.
    """

    def __init__(self, listener: socket.socket, response: bytes) -> None:
        self._response = response
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._listener = listener
        # Each with the time when its wait is over, the oldest first.
        self._waiting: dict[socket.socket, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for connection in list(self._waiting):
            self._answer(connection)
        self._selector.close()

    def add(self, connection: socket.socket) -> None:
        """Refuse a connection, which is closed here."""
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ)
        self._waiting[connection] = time.monotonic() + REFUSAL_TIMEOUT
        if len(self._waiting) > MAX_REFUSED:
            self._answer(next(iter(self._waiting)))

    def wait(self) -> None:
        """Return when the listener has a connection, or was shut down."""
        while True:
            end = next(iter(self._waiting.values()), None)
            limit = None if end is None else max(0.0, end - time.monotonic())
            ready = {key.fileobj for key, _ in self._selector.select(limit)}
            now = time.monotonic()
            for connection, end in list(self._waiting.items()):
                if connection in ready or end <= now:
                    self._answer(connection)
            if self._listener in ready:
                return

    def _answer(self, connection: socket.socket) -> None:
        del self._waiting[connection]
        self._selector.unregister(connection)
        with connection:
            # The client may be gone, or may have sent nothing.
            with contextlib.suppress(OSError):
                connection.recv(2**16)
            with contextlib.suppress(OSError):
                connection.send(self._response)
