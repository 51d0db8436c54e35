"""Resets a stream of an HTTP/2 connection that is no longer read, which httpx2 does not do.

Otherwise the server would go on sending it, and after some hundred such streams the connection would accept
no more requests. RFC 9113, 5.4.2 and 6.4: an endpoint that no longer wants a stream sends RST_STREAM.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import httpx2

CANCEL = 0x8
"""RFC 9113, 7: "the stream is no longer needed"."""


def reset_stream(response: httpx2.Response) -> Callable[[], Any] | None:
    """Reset the stream of a response that was not read to its end.

    Returns:
        What to call to send the reset (and to await, if the client is async); None if there is nothing to
        send: another version of HTTP, or a body that was read to its end.
    """
    if response.http_version != "HTTP/2":
        return None
    body = find_body(response, "_stream_id")
    if body is None:
        return None
    connection = body._connection  # noqa: SLF001
    # Raises if both sides have ended the stream.
    with contextlib.suppress(Exception):
        connection._h2_state.reset_stream(body._stream_id, CANCEL)  # noqa: SLF001
        return lambda: connection._write_outgoing_data(body._request)  # noqa: SLF001
    return None


def find_body(response: httpx2.Response, attribute: str) -> Any:
    """Return the layer of the response's body that has this attribute, or None.

    The layers are private classes of httpx2. If a version changes them, None is returned, and the stream or
    connection stays as httpx2 leaves it.
    """
    body: Any = response.stream
    while body is not None and not hasattr(body, attribute):
        body = getattr(body, "_httpcore_stream", None) or getattr(body, "_stream", None)
    return body
