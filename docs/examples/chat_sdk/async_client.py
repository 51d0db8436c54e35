"""The client for asyncio and trio: the same lines as the blocking one, with `await`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from typing import Self

import anyio
import httpx2

from sse_core import Connect, Decide, Deliver, Read, ReadBody, RetryPolicy, Step, Stop, Wait

from .parts import Part, parse_parts
from .reply_connection import RETRY, TIMEOUT, ReplyConnection


class AsyncChat:
    """A client of the chat service, for one event loop. Use it with `async with`, or call `close`.

    Args:
        url: the base URL of the service.
        fetch_token: called for the first token, and whenever the service rejects the current one.
        retry: when to reconnect if a connection ends before the reply is complete.
    """

    def __init__(
        self, url: str, fetch_token: Callable[[], Awaitable[str]], *, retry: RetryPolicy = RETRY
    ) -> None:
        self._url = url
        self._fetch_token = fetch_token
        self._token_lock = anyio.Lock()
        self._token = ""
        self._retry = retry
        # Compression may delay events. Redirects are off, which is the default: the connection follows them.
        self._http = httpx2.AsyncClient(timeout=TIMEOUT, headers={"Accept-Encoding": "identity"})

    @asynccontextmanager
    async def ask(self, prompt: str) -> AsyncIterator[AsyncIterator[Part]]:
        """Iterate over the parts of the reply as they arrive. Leaving the block drops the rest of it.

        Raises:
            ServiceError: the service reported an error within the reply.
            sse_core.SSEError: the reply could not be requested, or is incomplete.
        """
        async with aclosing(self._parts(prompt)) as parts:
            yield parts

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _parts(self, prompt: str) -> AsyncGenerator[Part, None]:
        connection = ReplyConnection(self._url, prompt, self._retry)
        chunks: AsyncGenerator[bytes, None]
        step: Step = await self._connect(connection)
        # The exit stack closes the HTTP connection, however the loop ends.
        async with AsyncExitStack() as resources:
            while True:
                # There is no case for `Pause`: only `Connection.pause` returns it.
                match step:
                    case Connect(request):
                        await resources.aclose()
                        exchange = self._http.stream(
                            request.method, request.url, headers=request.raw_headers, content=request.body
                        )
                        try:
                            response = await resources.enter_async_context(exchange)
                        except httpx2.TransportError as error:
                            step = connection.fail(error)
                        else:
                            # Close the generator too: trio warns of one that was not finished.
                            chunks = await resources.enter_async_context(aclosing(response.aiter_bytes()))
                            step = connection.respond(response)
                    case Read():
                        try:
                            chunk = await anext(chunks, None)
                        except httpx2.TransportError as error:
                            step = connection.fail(error)
                        else:
                            step = connection.receive(chunk)
                    case Deliver(events):
                        for part in parse_parts(events):
                            yield part
                        step = step.then
                    case ReadBody(limit, timeout):
                        step = connection.refuse(await _read_start(chunks, limit, timeout))
                    case Decide(cause):
                        await resources.aclose()
                        step = connection.decide(cause)
                    case Wait(delay):
                        await anyio.sleep(delay)
                        step = await self._connect(connection)
                    case Stop(error):
                        if error is not None:
                            raise error
                        return

    async def _connect(self, connection: ReplyConnection) -> Connect:
        # One task fetches a new token, and the others use it.
        async with self._token_lock:
            if self._token == connection.rejected_token:
                self._token = await self._fetch_token()
        return connection.connect(self._token)


async def _read_start(chunks: AsyncGenerator[bytes, None], limit: int, timeout: float) -> bytes:
    """Read the start of an error's body. If the connection is dropped, return what has arrived."""
    body = b""
    with suppress(httpx2.TransportError), anyio.move_on_after(timeout):
        while len(body) < limit and (chunk := await anext(chunks, b"")):
            body += chunk
    return body
