"""Use this library's parser as the SSE decoder of the openai and anthropic SDKs, blocking and async."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, TypeVar

from sse_core import Event, aparse, parse

SDKEvent = TypeVar("SDKEvent")


class Decoder(Generic[SDKEvent]):
    """A decoder for `_make_sse_decoder` of a client to return: takes bytes, yields the SDK's own events.

    Args:
        make: the SDK's `ServerSentEvent`.

    Iterating raises:
        sse_core.IncompleteStream: the stream ended inside an event, so the reply is incomplete.
        sse_core.EventTooLarge: an event is larger than the parser's limit.
    """

    def __init__(self, make: Callable[..., SDKEvent]) -> None:
        self._make = make

    def iter_bytes(self, iterator: Iterator[bytes]) -> Iterator[SDKEvent]:
        """Yield the events of a blocking client's stream."""
        for event in parse(iterator):
            yield self._convert(event)

    async def aiter_bytes(self, iterator: AsyncIterator[bytes]) -> AsyncIterator[SDKEvent]:
        """Yield the events of an async client's stream."""
        async for event in aparse(iterator):
            yield self._convert(event)

    def _convert(self, event: Event) -> SDKEvent:
        # Both SDKs use None for a type or an id that is not in the stream.
        event_type = None if event.event == "message" else event.event
        return self._make(event=event_type, data=event.data, id=event.id or None, retry=event.retry)
