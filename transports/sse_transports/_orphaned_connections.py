"""A connection that its pool has forgotten, and which nobody else would close.

With HTTP/2 enabled, requests to one origin wait for one connection. When the one that establishes it fails,
or one that waits is cancelled, httpx2 drops the connection from its pool; but the others still wait for it,
and one of them establishes it then. It works, and no pool knows of it: closing the client leaves it open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2


def forsaken(response: httpx2.Response) -> Callable[[], Any] | None:
    """Look, when a response was closed, whether its connection has still somebody who is going to close it.

    Returns:
        What is to be called to close it (and awaited, if the client is async); None if its pool knows of
        it, or another request uses it.
    """
    body: Any = response.stream
    # Nothing of this is public: where it has changed, the connection is left as httpx2 leaves it.
    while body is not None and not hasattr(body, "_pool_request"):
        body = getattr(body, "_httpcore_stream", None) or getattr(body, "_stream", None)
    pool = getattr(body, "_pool", None)
    if body is None or pool is None:
        return None
    connection = body._pool_request.connection  # noqa: SLF001
    if connection in pool.connections or connection.is_closed():
        return None
    if any(request.connection is connection for request in pool._requests):  # noqa: SLF001
        return None
    return getattr(connection, "aclose", None) or connection.close  # type: ignore[no-any-return]
