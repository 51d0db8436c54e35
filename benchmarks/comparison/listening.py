"""A client that reads in a thread of its own, and what became of it so far."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.comparison.clients import Client

LEAVING = 2.0
"""Seconds for a client to notice that its server is gone. One that does not is left behind."""


class Listening:
    """A client reading a URL. Enter it, wait for what is to be seen, stop the server, leave it.

    Attributes:
        events: how many events the client has given.
        error: what it raised, or None.
        is_over: whether it is done with the stream, with an error or without.
    """

    def __init__(self, client: Client, url: str, method: str) -> None:
        self.events = 0
        self.error: Exception | None = None
        self.is_over = False
        self._client = client
        self._url = url
        self._method = method
        self._changed = threading.Condition()
        # A peer that does not end must not keep the process.
        self._thread = threading.Thread(target=self._read, name=client.name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.join(LEAVING)

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition holds; return whether it does."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                # What the server saw wakes nobody here.
                self._changed.wait(min(left, 0.01))
        return True

    def _read(self) -> None:
        try:
            self._client.read(self._url, self._method, self._heard)
        except Exception as error:  # noqa: BLE001  # what it raises is what is asked
            self.error = error
        finally:
            self.is_over = True

    def _heard(self) -> None:
        self.events += 1
        with self._changed:
            self._changed.notify_all()
