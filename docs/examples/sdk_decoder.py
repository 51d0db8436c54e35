"""Use this library's parser as the SSE decoder of the openai and anthropic SDKs, blocking and async."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, Literal, TypeVar

from sse_core import Event, Parser, aparse, parse

SDKEvent = TypeVar("SDKEvent")


class Decoder(Generic[SDKEvent]):
    """A decoder for `_make_sse_decoder` of a client to return: takes bytes, yields the SDK's own events.

    Args:
        make: the SDK's `ServerSentEvent`.
        max_event_size: bytes that one event may have.
        at_end: what to do with an event that is not finished when the stream ends: "raise" an error, "drop"
            it as the SDKs do, or "dispatch" it, for mocked replies that lack the last blank line.

    Iterating raises:
        sse_core.IncompleteStream: the stream ended inside an event, so the reply is incomplete.
        sse_core.EventTooLarge: an event is larger than `max_event_size`.
    """

    def __init__(
        self,
        make: Callable[..., SDKEvent],
        *,
        max_event_size: int = 32 * 2**20,
        at_end: Literal["raise", "drop", "dispatch"] = "raise",
    ) -> None:
        self._make = make
        self._max_event_size = max_event_size
        self._at_end = at_end

    def iter_bytes(self, iterator: Iterator[bytes]) -> Iterator[SDKEvent]:
        """Yield the events of a blocking client's stream."""
        for event in parse(iterator, parser=self._make_parser(), at_end=self._at_end):
            yield self._convert(event)

    async def aiter_bytes(self, iterator: AsyncIterator[bytes]) -> AsyncIterator[SDKEvent]:
        """Yield the events of an async client's stream."""
        async for event in aparse(iterator, parser=self._make_parser(), at_end=self._at_end):
            yield self._convert(event)

    def _make_parser(self) -> Parser[Event]:
        # The SDKs tell an event without a type from one whose type is "message".
        return Parser(max_event_size=self._max_event_size, default_type="")

    def _convert(self, event: Event) -> SDKEvent:
        # Both SDKs use None for a type or an id that is not in the stream.
        return self._make(event=event.event or None, data=event.data, id=event.id or None, retry=event.retry)
