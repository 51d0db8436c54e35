"""Streams as scripts: first an ID and a short reconnection time, then the stream, then 204."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sse_core import Event
from sse_transports.testing import Sleep, Step, vectors
from tests.browser.event_types import possible_event_types
from tests.browser.recorded_run import CLOSED, NO_CONTENT, OPEN, RECONNECTING, Outcome, ServerScript, with_id
from tests.sse_core.random_streams import random_streams
from tests.sse_core.reference import interpret

RANDOM_STREAMS = 2000
SEED = 20260101
MAX_WAIT = 300
"""Milliseconds. If a stream sets a longer reconnection time, the client closes when it ends."""

BETWEEN_CHUNKS = Sleep(0.001)
"""A pause so that chunks are mostly read separately. The result must not depend on it."""


@dataclass(frozen=True, kw_only=True)
class StreamScript(ServerScript):
    """A script with one stream, between a request with a given Last-Event-ID and a request after it.

    Attributes:
        stream: the bytes of the stream.
        last_event_id: the Last-Event-ID of the request for the stream.
    """

    stream: bytes
    last_event_id: str

    def expected_outcome(self, stream: bytes, *, any_id: bool = True) -> Outcome:
        """Return the outcome by the standard, if the client reads this stream.

        Args:
            stream: its bytes.
            any_id: whether an ID with control characters is sent, as the standard has it. We do not send
                it: `Difference.CONTROL_CHARACTERS_IN_ID`.
        """
        result = interpret(stream, self.last_event_id).without_comments()
        events = [(item.event, item.data, item.id) for item in result.items if isinstance(item, Event)]
        log = [OPEN, RECONNECTING, OPEN, *events, RECONNECTING]
        requests = [_request(""), _request(self.last_event_id)]
        if self.close_at_error is None:
            log.append(CLOSED)
            is_sent = any_id or not any((c < " " and c != "\t") or c == "\x7f" for c in result.last_event_id)
            requests.append(_request(result.last_event_id if is_sent else ""))
        return Outcome(tuple(log), tuple(requests))


def vector_scripts() -> list[StreamScript]:
    """Return each conformance vector as a script."""
    return [_script(vector.name, vector.chunks, vector.initial_last_event_id) for vector in vectors()]


def random_stream_scripts() -> list[StreamScript]:
    """Return each random stream as a script."""
    return [
        _script(f"random stream {number}", chunks)
        for number, chunks in enumerate(random_streams(RANDOM_STREAMS, SEED))
    ]


def _script(name: str, chunks: Sequence[bytes], last_event_id: str = "") -> StreamScript:
    stream = b"".join(chunks)
    retry = interpret(stream).retry
    steps: list[Step] = []
    for chunk in filter(None, chunks):
        steps += [chunk, BETWEEN_CHUNKS]
    return StreamScript(
        name=name,
        stream=stream,
        last_event_id=last_event_id,
        responses=[[b"retry: 1\n", f"id: {last_event_id}\n\n".encode()], steps[:-1], NO_CONTENT],
        types=possible_event_types(stream),
        close_at_error=None if retry is None or retry <= MAX_WAIT else 2,
    )


def _request(last_event_id: str) -> str:
    # Whitespace around a header's value is not part of it.
    return with_id("stream", last_event_id.encode().strip()) if last_event_id else "stream"
