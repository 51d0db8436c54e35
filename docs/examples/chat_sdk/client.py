"""The blocking client."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Self

import httpx2

from sse_core import Connect, Decide, Deliver, Read, ReadBody, RetryPolicy, Step, Stop, Wait

from .parts import Part, parse_parts
from .reply_connection import RETRY, TIMEOUT, ReplyConnection


class Chat:
    """A client of the chat service, for one thread. Use it as a context manager, or call `close`.

    Args:
        url: the base URL of the service.
        fetch_token: called for the first token, and whenever the service rejects the current one.
        retry: when to reconnect if a connection ends before the reply is complete.
    """

    def __init__(self, url: str, fetch_token: Callable[[], str], *, retry: RetryPolicy = RETRY) -> None:
        self._url = url
        self._fetch_token = fetch_token
        self._token = ""
        self._retry = retry
        # Compression may delay events. Redirects are off, which is the default: the connection follows them.
        self._http = httpx2.Client(timeout=TIMEOUT, headers={"Accept-Encoding": "identity"})

    @contextmanager
    def ask(self, prompt: str) -> Iterator[Iterator[Part]]:
        """Iterate over the parts of the reply as they arrive. Leaving the block drops the rest of it.

        Raises:
            ServiceError: the service reported an error within the reply.
            sse_core.SSEError: the reply could not be requested, or is incomplete.
        """
        with closing(self._parts(prompt)) as parts:
            yield parts

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _parts(self, prompt: str) -> Generator[Part, None, None]:
        connection = ReplyConnection(self._url, prompt, self._retry)
        chunks: Iterator[bytes]
        step: Step = self._connect(connection)
        # The exit stack closes the HTTP connection, however the loop ends.
        with ExitStack() as resources:
            while True:
                # There is no case for `Pause`: only `Connection.pause` returns it.
                match step:
                    case Connect(request):
                        resources.close()
                        exchange = self._http.stream(
                            request.method, request.url, headers=request.raw_headers, content=request.body
                        )
                        try:
                            response = resources.enter_context(exchange)
                        except httpx2.TransportError as error:
                            step = connection.fail(error)
                        else:
                            chunks = response.iter_bytes()
                            step = connection.respond(response)
                    case Read():
                        try:
                            chunk = next(chunks, None)
                        except httpx2.TransportError as error:
                            step = connection.fail(error)
                        else:
                            step = connection.receive(chunk)
                    case Deliver(events):
                        yield from parse_parts(events)
                        step = step.then
                    case ReadBody(limit, timeout):
                        step = connection.refuse(_read_start(chunks, limit, timeout))
                    case Decide(cause):
                        resources.close()
                        step = connection.decide(cause)
                    case Wait(delay):
                        time.sleep(delay)
                        step = self._connect(connection)
                    case Stop(error):
                        if error is not None:
                            raise error
                        return

    def _connect(self, connection: ReplyConnection) -> Connect:
        if self._token == connection.rejected_token:
            self._token = self._fetch_token()
        return connection.connect(self._token)


def _read_start(chunks: Iterator[bytes], limit: int, timeout: float) -> bytes:
    """Read the start of an error's body. If the connection is dropped, return what has arrived."""
    body = b""
    end = time.monotonic() + timeout
    with suppress(httpx2.TransportError):
        while len(body) < limit and time.monotonic() < end and (chunk := next(chunks, b"")):
            body += chunk
    return body
