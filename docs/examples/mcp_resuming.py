"""Resume MCP's event streams after a lost connection: a transport for the HTTP client that MCP uses.

    client = httpx2.AsyncClient(transport=ResumingTransport(), timeout=httpx2.Timeout(30, read=300))
    async with Client(streamable_http_client(url, http_client=client), mode="legacy") as mcp: ...

A tool call is a POST whose response is an event stream. If the connection is lost, the stream is resumed with
GETs at the same URL. An `AsyncEventSource` reads all of them as one stream.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Self

import httpx2

from sse_core import Attempt, ConnectError, Event, Request, ResponseError, RetryPolicy, encode
from sse_transports import AsyncEventSource, AsyncHttpx2Transport

MADE_ANEW = {"accept-encoding", "connection", "content-length", "host", "transfer-encoding"}
"""Request headers that the HTTP client writes for each request."""
FRAMING = {"content-encoding", "content-length", "transfer-encoding"}
"""Response headers that are no longer true for the decoded and encoded body."""


class ResumingTransport(httpx2.AsyncBaseTransport):
    """Send requests over another transport, and resume event streams whose connection is lost.

    Args:
        inner: the other transport. By default, httpx2's own.
        retry: when to reconnect, and when to stop, which MCP sees as a broken stream.
    """

    def __init__(
        self, inner: httpx2.AsyncBaseTransport | None = None, *, retry: RetryPolicy | None = None
    ) -> None:
        self._inner = inner or httpx2.AsyncHTTPTransport()
        self._client = httpx2.AsyncClient(transport=self._inner)
        self._retry = retry or RetryPolicy()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return its response. An event stream ends when MCP closes it."""
        if "text/event-stream" not in request.headers.get("accept", ""):
            return await self._inner.handle_async_request(request)
        source = AsyncEventSource(
            str(request.url),
            method=request.method,
            content=await request.aread() or None,
            headers={name: value for name, value in request.headers.items() if name not in MADE_ANEW},
            prepare=resume,
            retry=self._retry,
            timeout=request.extensions["timeout"]["read"],
            idle_timeout=request.extensions["timeout"]["read"],
            transport=AsyncHttpx2Transport(self._client),
        )
        async with AsyncExitStack() as resources:
            await resources.enter_async_context(source)
            try:
                await source.open()
            except ResponseError as error:
                # Another response, such as 202, or a JSON message.
                return httpx2.Response(error.status, headers=decoded(error.headers), content=error.body)
            except ConnectError as error:
                raise httpx2.ConnectError(str(error), request=request) from error
            if source.response is None:
                return httpx2.Response(204)
            body = Body(source, resources.pop_all())
            return httpx2.Response(200, headers=decoded(source.response.headers), stream=body)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def resume(request: Request, attempt: Attempt) -> Request:
    """Return a GET for each attempt that can resume the stream.

    Without an ID, a POST stays one: it is not sent again, and its error is raised.
    """
    if not attempt.last_event_id:
        return request
    return request.replace(method="GET", headers={"Accept": "text/event-stream"})


def decoded(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the response headers without those about how the body was sent."""
    return [field for field in headers if field[0].lower() not in FRAMING]


class Body(httpx2.AsyncByteStream):
    """The events of a source, encoded as bytes."""

    def __init__(self, source: AsyncEventSource[Event], resources: AsyncExitStack) -> None:
        self._source = source
        self._resources = resources

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        return encode(await anext(self._source))

    async def aclose(self) -> None:
        """Close the stream, when MCP has its result."""
        await self._resources.aclose()
