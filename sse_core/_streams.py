"""Whole streams in one call: an iterable of bytes in, an iterator of events out."""

from __future__ import annotations

from ._errors import EventTooLarge, IncompleteStream
from ._parser import DEFAULT_MAX_EVENT_SIZE, Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

    from ._events import Event


def parse(chunks: Iterable[bytes], *, max_event_size: int = DEFAULT_MAX_EVENT_SIZE) -> Iterator[Event]:
    """Yield the events of a stream, each as soon as it is complete.

    Args:
        chunks: the stream's bytes, cut anywhere.
        max_event_size: bytes, as in `Parser`.

    Raises:
        EventTooLarge: after the events before it were yielded.
        IncompleteStream: after the last event, if the stream ends inside another. That one is
            dropped, as the standard says, but not silently.

    WHATWG HTML 9.2.6.
    """
    parser = Parser(max_event_size=max_event_size)
    for chunk in chunks:
        yield from _fed(parser, chunk)
    _end(parser)


async def aparse(
    chunks: AsyncIterable[bytes], *, max_event_size: int = DEFAULT_MAX_EVENT_SIZE
) -> AsyncIterator[Event]:
    """`parse` for an asynchronous iterable: the same arguments, events and errors."""
    parser = Parser(max_event_size=max_event_size)
    async for chunk in chunks:
        for event in _fed(parser, chunk):
            yield event
    _end(parser)


def _fed(parser: Parser[Event], chunk: bytes) -> Iterator[Event]:
    try:
        yield from parser.feed(chunk)
    except EventTooLarge as error:
        yield from error.events  # type: ignore[misc]  # no comment among them: none were asked for
        # Without its events: they were yielded, and must not be found a second time.
        raise EventTooLarge(error.limit) from None


def _end(parser: Parser[Event]) -> None:
    dropped = parser.close()
    if dropped:
        raise IncompleteStream(dropped, parser.last_event_id)
