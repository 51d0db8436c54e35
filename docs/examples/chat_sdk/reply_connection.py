"""The request for one reply, over all its connections, without I/O. Both clients use it."""

from __future__ import annotations

import random
import time
import uuid

import httpx2

from sse_core import (
    Connect,
    Connection,
    HTTPStatusError,
    Response,
    RetryPolicy,
    SSEError,
    State,
    Step,
)

RETRY = RetryPolicy(allowed_methods={"GET", "POST"}, max_attempts=5)
"""A POST may be repeated: the service recognizes it by its Idempotency-Key, and bills it once."""

TIMEOUT = httpx2.Timeout(10, read=60)
"""`read` is how long a stream may be silent. This service sends comments while the model is thinking."""


class ReplyConnection:
    """The connection for one reply. Each method returns the next step, as those of `sse_core.Connection` do.

    Attributes:
        rejected_token: the token that the service has last rejected, or `""`.
    """

    def __init__(self, url: str, prompt: str, retry: RetryPolicy) -> None:
        self._connection = Connection(
            f"{url}/v1/replies", method="POST", json={"prompt": prompt}, until="[DONE]", retry=retry
        )
        self._idempotency_key = uuid.uuid4().hex
        self._token = ""
        self._token_renewed = False
        self.rejected_token = ""

    def connect(self, token: str) -> Connect:
        """Start the next connection. It resumes after the last event."""
        self._token = token
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": self._idempotency_key}
        return self._connection.connect(headers)

    def respond(self, response: httpx2.Response) -> Step:
        """Handle the response headers."""
        head = Response(response.status_code, response.headers.raw, str(response.url))
        step = self._connection.respond(head)
        if self._connection.state is State.OPEN:
            self._token_renewed = False
        return step

    def receive(self, chunk: bytes | None) -> Step:
        """Handle the next bytes; None is the end of the body."""
        return self._connection.end() if chunk is None else self._connection.receive(chunk)

    def refuse(self, body: bytes) -> Step:
        """Handle the body of a response that is not an event stream."""
        return self._connection.refuse(body, epoch=time.time())

    def fail(self, error: httpx2.TransportError) -> Step:
        """Handle a connection that failed or was dropped."""
        return self._connection.fail(error)

    def decide(self, cause: SSEError | None) -> Step:
        """Reconnect or stop, as the policy decides; but try once with a new token after a 401."""
        delay = None
        if isinstance(cause, HTTPStatusError) and cause.status == 401 and not self._token_renewed:
            self._token_renewed = True
            self.rejected_token = self._token
            delay = 0.0
        return self._connection.decide(monotonic=time.monotonic(), random=random.random(), delay=delay)
