"""Leaving a stream of an HTTP/2 connection, of which httpx2 tells the server nothing.

The server would send on for ever to nobody, and after some hundred streams that were left, the
connection would take no further ones. RFC 9113, 5.4.2 and 6.4: an endpoint that wants no more of a stream
sends RST_STREAM.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import httpx2

CANCEL = 0x8
"""RFC 9113, 7: "the stream is no longer needed"."""


def leave(response: httpx2.Response) -> Callable[[], Any] | None:
    """Reset the stream of a response that was not read to its end.

    Returns:
        What is still to be called to tell the server (and awaited, if the client is async); None if
        there is nothing to tell: another version of HTTP, or a body that is at its end.
    """
    if response.http_version != "HTTP/2":
        return None
    body: Any = response.stream
    # Nothing of this is public: where it has changed, the stream is left as httpx2 leaves it.
    while body is not None and not hasattr(body, "_stream_id"):
        body = getattr(body, "_httpcore_stream", None) or getattr(body, "_stream", None)
    if body is None:
        return None
    connection = body._connection  # noqa: SLF001
    # Refused if the stream is over, for both sides.
    with contextlib.suppress(Exception):
        connection._h2_state.reset_stream(body._stream_id, CANCEL)  # noqa: SLF001
        return lambda: connection._write_outgoing_data(body._request)  # noqa: SLF001
    return None
