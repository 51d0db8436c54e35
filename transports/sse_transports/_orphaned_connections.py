"""Finds connections that httpx2's pool has dropped but that are still open, so that they can be closed.

With HTTP/2 enabled, requests to one origin wait for one connection. If the request that establishes it
fails, or one that waits for it is cancelled, httpx2 drops the connection from its pool. The other requests
still wait for it, and one of them establishes it then. It works, but no pool knows it: closing the client
leaves it open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2

from ._http2 import find_body


def close_of_orphan(response: httpx2.Response) -> Callable[[], Any] | None:
    """Return how to close the connection of this closed response, if httpx2 will not.

    Returns:
        What to call to close it (and to await, if the client is async); None if the pool knows the
        connection, or another request uses it.
    """
    body = find_body(response, "_pool_request")
    pool = getattr(body, "_pool", None)
    if pool is None:
        return None
    connection = body._pool_request.connection  # noqa: SLF001
    if connection in pool.connections or connection.is_closed():
        return None
    if any(request.connection is connection for request in pool._requests):  # noqa: SLF001
        return None
    return getattr(connection, "aclose", None) or connection.close  # type: ignore[no-any-return]
