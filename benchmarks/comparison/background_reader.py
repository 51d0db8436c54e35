"""A client that reads a URL in a background thread, and what it has done so far."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.comparison.clients import Client

SHUTDOWN_TIMEOUT = 2.0
"""Seconds for a client to end after its server has stopped. Its thread is abandoned if it takes longer."""


class BackgroundReader:
    """Read a URL with a client. Enter it, `wait_for` a condition, stop the server, then leave it.

    Attributes:
        events: how many events the client has returned.
        error: what it raised, or None.
        is_over: whether it has finished, with an error or without.
    """

    def __init__(self, client: Client, url: str, method: str) -> None:
        self.events = 0
        self.error: Exception | None = None
        self.is_over = False
        self._client = client
        self._url = url
        self._method = method
        self._changed = threading.Condition()
        # A daemon: a client that does not end must not keep the process alive.
        self._thread = threading.Thread(target=self._read, name=client.name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.join(SHUTDOWN_TIMEOUT)

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition is true; return whether it became true in time."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                # Poll: a condition may depend on the server, which does not notify.
                self._changed.wait(min(left, 0.01))
        return True

    def _read(self) -> None:
        try:
            self._client.read(self._url, self._method, self._on_event)
        except Exception as error:  # noqa: BLE001  # the probes look at it
            self.error = error
        finally:
            self.is_over = True

    def _on_event(self) -> None:
        self.events += 1
        with self._changed:
            self._changed.notify_all()
