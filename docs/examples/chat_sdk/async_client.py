"""The client for asyncio and trio: the blocking one, line for line, with `await`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from typing import Self

import anyio
import httpx2

from sse_core import Connect, Decide, Deliver, Read, ReadBody, RetryPolicy, Step, Stop, Wait

from .asking import RETRY, TIMEOUT, Asking
from .parts import Part, parts_of


class AsyncChat:
    """A client of the chat service, for one event loop. Use it with `async with`, or call `close`.

    Args:
        url: where the service is.
        fetch_token: called for a token at first, and whenever the service refuses the one there is.
        retry: what to do when a connection ends before the reply does.
    """

    def __init__(
        self, url: str, fetch_token: Callable[[], Awaitable[str]], *, retry: RetryPolicy = RETRY
    ) -> None:
        self._url = url
        self._fetch_token = fetch_token
        self._fetching = anyio.Lock()
        self._token = ""
        self._retry = retry
        # What compresses a stream may hold it back. It follows no redirects: the connection does.
        self._http = httpx2.AsyncClient(timeout=TIMEOUT, headers={"Accept-Encoding": "identity"})

    @asynccontextmanager
    async def ask(self, prompt: str) -> AsyncIterator[AsyncIterator[Part]]:
        """Give the parts of the reply, as they come. Leaving the block gives up what is left of it.

        Raises:
            ServiceError: the service gave it up.
            sse_core.SSEError: it did not come, or not to its end.
        """
        async with aclosing(self._parts(prompt)) as parts:
            yield parts

    async def close(self) -> None:
        """Close what connections are left."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _parts(self, prompt: str) -> AsyncGenerator[Part, None]:
        asking = Asking(self._url, prompt, self._retry)
        chunks: AsyncGenerator[bytes, None]
        step: Step | Deliver = await self._connect(asking)
        # However this is left, the connection is closed.
        async with AsyncExitStack() as opened:
            while True:
                # One step is missing: `Pause`, which only `Connection.pause` leads to.
                match step:
                    case Connect(request):
                        await opened.aclose()
                        exchange = self._http.stream(
                            request.method, request.url, headers=request.raw_headers, content=request.body
                        )
                        try:
                            response = await opened.enter_async_context(exchange)
                        except httpx2.TransportError as error:
                            step = asking.failed(error)
                        else:
                            # Closed as well: trio does not want to find it unfinished.
                            chunks = await opened.enter_async_context(aclosing(response.aiter_bytes()))
                            step = asking.answered(response)
                    case Read():
                        try:
                            chunk = await anext(chunks, None)
                        except httpx2.TransportError as error:
                            step = asking.failed(error)
                        else:
                            step = asking.received(chunk)
                    case Deliver(events):
                        for part in parts_of(events):
                            yield part
                        step = step.then
                    case ReadBody(limit, timeout):
                        step = asking.refused(await _start_of(chunks, limit, timeout))
                    case Decide(cause):
                        await opened.aclose()
                        step = asking.ended(cause)
                    case Wait(delay):
                        await anyio.sleep(delay)
                        step = await self._connect(asking)
                    case Stop(error):
                        if error is not None:
                            raise error
                        return

    async def _connect(self, asking: Asking) -> Connect:
        # One task fetches, and the others take what it got.
        async with self._fetching:
            if self._token == asking.refused_token:
                self._token = await self._fetch_token()
        return asking.connect(self._token)


async def _start_of(chunks: AsyncGenerator[bytes, None], limit: int, timeout: float) -> bytes:
    """Read the start of an error's body. It is an error also if the body breaks."""
    body = b""
    with suppress(httpx2.TransportError), anyio.move_on_after(timeout):
        while len(body) < limit and (chunk := await anext(chunks, b"")):
            body += chunk
    return body
