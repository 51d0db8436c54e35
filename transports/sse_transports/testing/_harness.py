"""Runs the check of a rule on a blocking transport, in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sse_core import Request

from .._interface import Exchange, Transport
from ._call import Call
from ._harness_base import (
    DEADLINE,
    RULE_TIMEOUT,
    SHORT_DELAY,
    HarnessBase,
    RuleBroken,
    make_transport,
)
from ._server import SSEServer


class Harness(HarnessBase):
    """A new blocking transport and what a check does with it. The twin of `AsyncHarness`."""

    def __init__(self, make: Callable[[], Transport]) -> None:
        super().__init__()
        self._transport: Transport = make_transport(make, is_async=False)
        self._exchanges: list[Exchange] = []

    def run(self, check: Callable[[Harness], None]) -> None:
        """Run a check in a thread. A thread that cannot be ended is abandoned.

        Raises:
            RuleBroken: the rule is broken, or the check took longer than `RULE_TIMEOUT`.
        """
        errors: list[BaseException] = []

        def work() -> None:
            try:
                check(self)
            except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
                errors.append(error)

        thread = threading.Thread(target=work, name="check_transport", daemon=True)
        thread.start()
        thread.join(RULE_TIMEOUT)
        if thread.is_alive():
            self.stop()
            thread.join(DEADLINE)
            error = next(iter(errors), None)
            raise RuleBroken(f"did not return within {RULE_TIMEOUT:g} seconds") from error
        if errors:
            raise errors[0]

    @contextmanager
    def serving(self, handler: Callable[[Call], None]) -> Iterator[SSEServer]:
        """Run a server; at the end, close the transport and check that no connection stays open."""
        with SSEServer(handler) as server:
            self._servers.append(server)
            try:
                yield server
            finally:
                self.close()
            deadline = time.monotonic() + DEADLINE
            while server.open_connections:
                if time.monotonic() > deadline:
                    raise RuleBroken("a connection is open after everything was closed")
                self.sleep(0.005)

    def exchange(self, request: Request, *, timeout: float | None = DEADLINE) -> Exchange:
        """Return an exchange, which `close` closes."""
        exchange = self._transport.exchange(request, timeout=timeout)
        self._exchanges.append(exchange)
        return exchange

    @contextmanager
    def after_short_delay(self, action: Callable[[], object]) -> Iterator[None]:
        """Run `action` in another thread after `SHORT_DELAY`, at the same time as the block."""

        def work() -> None:
            time.sleep(SHORT_DELAY)
            action()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def can_cancel(self, _action: Callable[[], object]) -> bool:
        """Return True without running the action: a thread cannot be cancelled."""
        return True

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def close(self) -> None:
        """Close the exchanges, then the transport."""
        for exchange in self._exchanges:
            exchange.close()
        self._transport.close()
