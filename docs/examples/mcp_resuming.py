"""MCP's streamable HTTP over streams that survive cuts: a transport for the HTTP client that MCP is given.

    client = httpx2.AsyncClient(transport=ResumingTransport(), timeout=httpx2.Timeout(30, read=300))
    async with Client(streamable_http_client(url, http_client=client), mode="legacy") as mcp: ...

A tool call is a POST that is answered with a stream; cut off, it is resumed with GETs. An `AsyncEventSource`
reads both as one: its transport hands it the POST's answer first, and then does what it is asked for.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Self

import anyio
import httpx2

from sse_core import Event, IdleTimeout, ReadError, Request, Response, RetryPolicy, encode
from sse_transports import AsyncEventSource, AsyncExchange, AsyncHttpx2Transport

OF_THE_POST = {"accept", "accept-encoding", "connection", "host", "transfer-encoding"}
"""Header fields that a GET, which resumes its stream, must not have; and so all of its content's."""
FRAMING = {"content-encoding", "content-length", "transfer-encoding"}
"""What the body, read and written again, does not have any more."""


class ResumingTransport(httpx2.AsyncBaseTransport):
    """Carries requests over another transport, and goes on with event streams that are cut off.

    Args:
        inner: what carries them. Not given, httpx2's own.
        retry: when to try again, and when to give up; then MCP is told that the stream broke.
    """

    def __init__(
        self, inner: httpx2.AsyncBaseTransport | None = None, *, retry: RetryPolicy | None = None
    ) -> None:
        self._inner = inner or httpx2.AsyncHTTPTransport()
        self._resuming = httpx2.AsyncClient(transport=self._inner)
        self._retry = retry or RetryPolicy()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and return its response; an event stream ends when MCP closes it."""
        response = await self._inner.handle_async_request(request)
        response.request = request
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code != 200 or kind != "text/event-stream":
            return response
        source = AsyncEventSource(
            str(request.url),
            headers={name: value for name, value in request.headers.items() if _is_for_all(name)},
            retry=self._retry,
            idle_timeout=request.extensions["timeout"]["read"],
            transport=BegunTransport(response, AsyncHttpx2Transport(self._resuming)),
        )
        headers = [field for field in response.headers.multi_items() if field[0] not in FRAMING]
        opened = AsyncExitStack()
        opened.push_async_callback(response.aclose)
        await opened.enter_async_context(source)
        return httpx2.Response(200, headers=headers, stream=Body(source, opened))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._resuming.aclose()


def _is_for_all(name: str) -> bool:
    return name not in OF_THE_POST and not name.startswith("content-")


class Body(httpx2.AsyncByteStream):
    """The events of a source, as bytes."""

    def __init__(self, source: AsyncEventSource[Event], opened: AsyncExitStack) -> None:
        self._source = source
        self._opened = opened

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        return encode(await anext(self._source))

    async def aclose(self) -> None:
        """Drop the stream: MCP has what it asked for."""
        await self._opened.aclose()


class BegunTransport:
    """A transport whose first exchange is a response that is there already."""

    def __init__(self, response: httpx2.Response, further: AsyncHttpx2Transport) -> None:
        self._begun: BegunExchange | None = BegunExchange(response)
        # A GET without an ID would not resume a POST's stream, but open another one.
        self._needs_id = response.request.method != "GET"
        self._further = further

    def exchange(self, request: Request, *, timeout: float | None) -> AsyncExchange:
        """Return the response that is there, or one to a request that resumes it."""
        begun, self._begun = self._begun, None
        if begun is not None:
            return begun
        if self._needs_id and not request.header("Last-Event-ID"):
            raise ReadError("the stream was cut off before its first id")
        return self._further.exchange(request, timeout=timeout)

    async def close(self) -> None:
        """Give back nothing: the client is not ours."""


class BegunExchange:
    """A response that has begun, as `sse_transports.AsyncExchange` says."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._chunks = response.aiter_bytes()

    async def open(self) -> Response:
        """Return its head."""
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
