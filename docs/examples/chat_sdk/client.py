"""The blocking client."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Self

import httpx2

from sse_core import Connect, Decide, Deliver, Read, ReadBody, RetryPolicy, Step, Stop, Wait

from .asking import RETRY, TIMEOUT, Asking
from .parts import Part, parts_of


class Chat:
    """A client of the chat service, for one thread. Use it as a context manager, or call `close`.

    Args:
        url: where the service is.
        fetch_token: called for a token at first, and whenever the service refuses the one there is.
        retry: what to do when a connection ends before the reply does.
    """

    def __init__(self, url: str, fetch_token: Callable[[], str], *, retry: RetryPolicy = RETRY) -> None:
        self._url = url
        self._fetch_token = fetch_token
        self._token = ""
        self._retry = retry
        # What compresses a stream may hold it back. It follows no redirects: the connection does.
        self._http = httpx2.Client(timeout=TIMEOUT, headers={"Accept-Encoding": "identity"})

    @contextmanager
    def ask(self, prompt: str) -> Iterator[Iterator[Part]]:
        """Give the parts of the reply, as they come. Leaving the block gives up what is left of it.

        Raises:
            ServiceError: the service gave it up.
            sse_core.SSEError: it did not come, or not to its end.
        """
        with closing(self._parts(prompt)) as parts:
            yield parts

    def close(self) -> None:
        """Close what connections are left."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _parts(self, prompt: str) -> Generator[Part, None, None]:
        asking = Asking(self._url, prompt, self._retry)
        chunks: Iterator[bytes]
        step: Step | Deliver = self._connect(asking)
        # However this is left, the connection is closed.
        with ExitStack() as opened:
            while True:
                # One step is missing: `Pause`, which only `Connection.pause` leads to.
                match step:
                    case Connect(request):
                        opened.close()
                        exchange = self._http.stream(
                            request.method, request.url, headers=request.raw_headers, content=request.body
                        )
                        try:
                            response = opened.enter_context(exchange)
                        except httpx2.TransportError as error:
                            step = asking.failed(error)
                        else:
                            chunks = response.iter_bytes()
                            step = asking.answered(response)
                    case Read():
                        try:
                            chunk = next(chunks, None)
                        except httpx2.TransportError as error:
                            step = asking.failed(error)
                        else:
                            step = asking.received(chunk)
                    case Deliver(events):
                        yield from parts_of(events)
                        step = step.then
                    case ReadBody(limit, timeout):
                        step = asking.refused(_start_of(chunks, limit, timeout))
                    case Decide(cause):
                        opened.close()
                        step = asking.ended(cause)
                    case Wait(delay):
                        time.sleep(delay)
                        step = self._connect(asking)
                    case Stop(error):
                        if error is not None:
                            raise error
                        return

    def _connect(self, asking: Asking) -> Connect:
        if self._token == asking.refused_token:
            self._token = self._fetch_token()
        return asking.connect(self._token)


def _start_of(chunks: Iterator[bytes], limit: int, timeout: float) -> bytes:
    """Read the start of an error's body. It is an error also if the body breaks."""
    body = b""
    end = time.monotonic() + timeout
    with suppress(httpx2.TransportError):
        while len(body) < limit and time.monotonic() < end and (chunk := next(chunks, b"")):
            body += chunk
    return body
