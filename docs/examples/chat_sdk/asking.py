"""One question to the service, over all its connections, without I/O: what both clients share."""

from __future__ import annotations

import random
import time
import uuid

import httpx2

from sse_core import (
    Connect,
    Connection,
    Deliver,
    HTTPStatusError,
    Response,
    RetryPolicy,
    SSEError,
    State,
    Step,
)

RETRY = RetryPolicy(allowed_methods={"GET", "POST"}, max_attempts=5)
"""Sent again, a question is not answered and billed twice: the service knows it by its Idempotency-Key."""

TIMEOUT = httpx2.Timeout(10, read=60)
"""`read` is how long a stream may be silent. This service sends comments while it thinks."""


class Asking:
    """A question, and where its reply stands.

    Attributes:
        refused_token: the token that the service does not take any more; `""` if there is none.
    """

    def __init__(self, url: str, prompt: str, retry: RetryPolicy) -> None:
        self._connection = Connection(
            f"{url}/v1/replies", method="POST", json={"prompt": prompt}, until="[DONE]", retry=retry
        )
        self._key = uuid.uuid4().hex
        self._token = ""
        self._renewed = False
        self.refused_token = ""

    def connect(self, token: str) -> Connect:
        """Begin the next connection; it asks for what comes behind the last event."""
        self._token = token
        return self._connection.connect({"Authorization": f"Bearer {token}", "Idempotency-Key": self._key})

    def answered(self, response: httpx2.Response) -> Step:
        """The head of an answer came."""
        head = Response(response.status_code, response.headers.raw, str(response.url))
        step = self._connection.respond(head)
        if self._connection.state is State.OPEN:
            self._renewed = False
        return step

    def received(self, chunk: bytes | None) -> Step | Deliver:
        """The next bytes came; None is the end."""
        return self._connection.end() if chunk is None else self._connection.receive(chunk)

    def refused(self, body: bytes) -> Step:
        """The body of an answer that is no stream was read."""
        return self._connection.refuse(body, epoch=time.time())

    def failed(self, error: httpx2.TransportError) -> Step:
        """There is no connection, or not any more."""
        return self._connection.fail(error)

    def ended(self, cause: SSEError | None) -> Step:
        """The connection is over. The policy says whether there is another; but a new token is tried once."""
        delay = None
        if isinstance(cause, HTTPStatusError) and cause.status == 401 and not self._renewed:
            self._renewed = True
            self.refused_token = self._token
            delay = 0.0
        return self._connection.decide(monotonic=time.monotonic(), random=random.random(), delay=delay)
