"""Resume MCP's event streams after a lost connection: a transport for the HTTP client that MCP uses.

    client = httpx2.AsyncClient(transport=ResumingTransport(), timeout=httpx2.Timeout(30, read=300))
    async with Client(streamable_http_client(url, http_client=client), mode="legacy") as mcp: ...

A tool call is a POST whose response is an event stream. If the connection is lost, the stream is resumed with
GETs. An `AsyncEventSource` reads all of them as one stream: its first exchange is the response to the POST.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Self

import anyio
import httpx2

from sse_core import Event, IdleTimeout, ReadError, Request, Response, RetryPolicy, encode
from sse_transports import AsyncEventSource, AsyncExchange, AsyncHttpx2Transport

POST_ONLY = {"accept", "accept-encoding", "connection", "host", "transfer-encoding"}
"""Request headers of the POST that a resuming GET must not repeat, in addition to `Content-*`."""
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
        self._resuming = httpx2.AsyncClient(transport=self._inner)
        self._retry = retry or RetryPolicy()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return its response. An event stream ends when MCP closes it."""
        response = await self._inner.handle_async_request(request)
        response.request = request
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code != 200 or kind != "text/event-stream":
            return response
        source = AsyncEventSource(
            str(request.url),
            headers={name: value for name, value in request.headers.items() if _is_repeated(name)},
            retry=self._retry,
            idle_timeout=request.extensions["timeout"]["read"],
            transport=StartedTransport(response, AsyncHttpx2Transport(self._resuming)),
        )
        headers = [field for field in response.headers.multi_items() if field[0] not in FRAMING]
        resources = AsyncExitStack()
        resources.push_async_callback(response.aclose)
        await resources.enter_async_context(source)
        return httpx2.Response(200, headers=headers, stream=Body(source, resources))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._resuming.aclose()


def _is_repeated(name: str) -> bool:
    return name not in POST_ONLY and not name.startswith("content-")


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


class StartedTransport:
    """A transport whose first exchange is a response that has already started."""

    def __init__(self, response: httpx2.Response, transport: AsyncHttpx2Transport) -> None:
        self._started: StartedExchange | None = StartedExchange(response)
        # A GET without an ID would open a new stream instead of resuming that of the POST.
        self._needs_id = response.request.method != "GET"
        self._transport = transport

    def exchange(self, request: Request, *, timeout: float | None) -> AsyncExchange:
        """Return the started response first; then send the requests that resume it."""
        started, self._started = self._started, None
        if started is not None:
            return started
        if self._needs_id and not request.header("Last-Event-ID"):
            raise ReadError("the connection was lost before the first event ID")
        return self._transport.exchange(request, timeout=timeout)

    async def close(self) -> None:
        """Do nothing: the client is closed by `ResumingTransport`."""


class StartedExchange:
    """A response that has already started, with the methods of `sse_transports.AsyncExchange`."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._chunks = response.aiter_bytes()

    async def open(self) -> Response:
        """Return the status and the headers."""
        return Response(200, self._response.headers.raw, str(self._response.url))

    async def read(self, timeout: float | None) -> bytes:
        """Return the next bytes."""
        try:
            with anyio.fail_after(timeout):
                return await anext(self._chunks, b"")
        except TimeoutError:
            raise IdleTimeout(timeout or 0) from None
        except httpx2.TransportError as error:
            raise ReadError(str(error)) from error

    async def close(self) -> None:
        """Drop the connection."""
        await self._chunks.aclose()
        await self._response.aclose()
