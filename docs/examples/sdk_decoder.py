"""Our parser as the SSE decoder of the openai and the anthropic SDK, blocking and async."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, TypeVar

from sse_core import Event, aparse, parse

SDKEvent = TypeVar("SDKEvent")


class Decoder(Generic[SDKEvent]):
    """What `_make_sse_decoder` of a client may return: bytes in, the SDK's own events out.

    Args:
        make: the SDK's `ServerSentEvent`.

    Iterating raises:
        sse_core.IncompleteStream: the stream ended inside an event, so that the reply is not whole.
        sse_core.EventTooLarge: an event is larger than a parser takes.
    """

    def __init__(self, make: Callable[..., SDKEvent]) -> None:
        self._make = make

    def iter_bytes(self, iterator: Iterator[bytes]) -> Iterator[SDKEvent]:
        """Yield the events of a blocking client's stream."""
        for event in parse(iterator):
            yield self._translated(event)

    async def aiter_bytes(self, iterator: AsyncIterator[bytes]) -> AsyncIterator[SDKEvent]:
        """Yield the events of an async client's stream."""
        async for event in aparse(iterator):
            yield self._translated(event)

    def _translated(self, event: Event) -> SDKEvent:
        # Both tell a type, or an id, that the stream did not name by None.
        kind = None if event.event == "message" else event.event
        return self._make(event=kind, data=event.data, id=event.id or None, retry=event.retry)
