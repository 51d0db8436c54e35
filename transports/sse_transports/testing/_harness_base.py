"""What the blocking and the async harness share, and the limits of a rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sse_core import InvalidArgument, Request

from .._driver import check_transport
from ._server import SSEServer

DEADLINE = 10.0
"""Seconds within which anything expected happens, on a busy machine too."""

RULE_TIMEOUT = 15.0
"""Seconds that the check of a rule may take. A transport that takes longer missed a timeout or a close."""

SHORT_DELAY = 0.05
"""Seconds after which a blocked call is closed or cancelled."""


class RuleBroken(AssertionError):
    """A rule is broken; the message says how."""


class RuleSkipped(Exception):
    """A rule cannot be checked here; the message says why."""


class HarnessBase:
    """Remembers the servers of a check, so that they can be stopped."""

    def __init__(self) -> None:
        self._servers: list[SSEServer] = []
        self._stopped = False

    def stop(self) -> None:
        """Drop all connections, which ends every read, even one that ignores its timeout and close()."""
        self._stopped = True
        for server in self._servers:
            server.stop()


def make_request(
    url: str,
    *,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes | None = None,
    withheld: Iterable[str] = (),
) -> Request:
    """Return a request, by default a GET without headers."""
    return Request(method, url, tuple(headers), body, frozenset(withheld))


def make_transport(make: object, *, is_async: bool) -> Any:
    """Return a new transport of the expected kind.

    Raises:
        sse_core.InvalidArgument: it is not a transport, or of the other kind.
    """
    if not callable(make):
        kind = type(make).__name__
        raise InvalidArgument(
            "make", f"expected a function that returns a new transport, not an instance of {kind}"
        )
    transport = make()
    if transport is None:
        raise InvalidArgument("make", "expected a function that returns a new transport, not None")
    check_transport(transport, is_async=is_async)
    return transport
