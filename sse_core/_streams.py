"""Whole streams in one call: an iterable of bytes in, an iterator of events out."""

from __future__ import annotations

from ._checks import check_at_end
from ._errors import EventTooLarge, IncompleteStream, InvalidArgument
from ._parser import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
    from typing import Any, overload

    from ._checks import AtEnd
    from ._events import Comment, Event
    from ._values import Item

if TYPE_CHECKING:

    @overload
    def parse(
        chunks: Iterable[bytes], *, max_event_size: int = ..., at_end: AtEnd = ...
    ) -> Iterator[Event]: ...
    @overload
    def parse(chunks: Iterable[bytes], *, parser: Parser[Item], at_end: AtEnd = ...) -> Iterator[Item]: ...


def parse(
    chunks: Iterable[bytes],
    *,
    max_event_size: int | None = None,
    parser: Parser[Any] | None = None,
    at_end: AtEnd = "raise",
) -> Iterator[Event | Comment]:
    """Yield the events of a stream, each as soon as it is complete.

    Args:
        chunks: the stream's bytes, cut anywhere. What reading them raises is passed on.
        max_event_size: bytes, as in `Parser`. Not with `parser`, which has its own.
        parser: the parser to use. It may return comments, and has `last_event_id` and `retry` when the
            stream has ended. It is reset first: one call reads one stream.
        at_end: what to do with an event that is not finished when the stream ends. "raise" drops it, as
            the standard says, and raises `IncompleteStream`; "drop" says nothing; "dispatch" yields it, as
            if its line end and blank line had come: for servers, and mocks of them, that leave these out.

    Raises:
        EventTooLarge: after the events before it were yielded.
        IncompleteStream: after the last event, if the stream ends inside another one.
        InvalidArgument: naming the argument.

    WHATWG HTML 9.2.6.
    """
    if isinstance(chunks, (bytes, bytearray, memoryview, str)):
        # These are iterable, but not as chunks. A whole body is one chunk.
        kind = type(chunks).__name__
        raise InvalidArgument("chunks", f"expected an iterable of bytes, such as [data], not {kind}")
    reader = _reader(max_event_size, parser, at_end)
    for chunk in chunks:
        yield from _feed(reader, chunk)
    yield from _end(reader, at_end)


if TYPE_CHECKING:

    @overload
    def aparse(
        chunks: AsyncIterable[bytes], *, max_event_size: int = ..., at_end: AtEnd = ...
    ) -> AsyncIterator[Event]: ...
    @overload
    def aparse(
        chunks: AsyncIterable[bytes], *, parser: Parser[Item], at_end: AtEnd = ...
    ) -> AsyncIterator[Item]: ...


async def aparse(
    chunks: AsyncIterable[bytes],
    *,
    max_event_size: int | None = None,
    parser: Parser[Any] | None = None,
    at_end: AtEnd = "raise",
) -> AsyncIterator[Event | Comment]:
    """`parse` for an asynchronous iterable: the same arguments, events and errors."""
    reader = _reader(max_event_size, parser, at_end)
    async for chunk in chunks:
        for event in _feed(reader, chunk):
            yield event
    for event in _end(reader, at_end):
        yield event


# A parser that the caller passes may have been used for another stream, so it is reset.
def _reader(max_event_size: int | None, parser: Parser[Any] | None, at_end: AtEnd) -> Parser[Any]:
    check_at_end(at_end)
    if parser is None:
        return Parser() if max_event_size is None else Parser(max_event_size=max_event_size)
    if max_event_size is not None:
        raise InvalidArgument("max_event_size", "the parser has its own: give one of both")
    if not isinstance(parser, Parser):
        raise InvalidArgument("parser", f"expected a Parser, not {type(parser).__name__}")
    parser.reset()
    return parser


# Events that were complete before an error are yielded before it is raised.
def _feed(parser: Parser[Any], chunk: bytes) -> Iterator[Any]:
    try:
        yield from parser.feed(chunk)
    except EventTooLarge as error:
        yield from error.events
        # Without its events: they were yielded, and a caller must not find them a second time.
        raise EventTooLarge(error.limit) from None


# A clean end of the bytes is not always one of the stream.
def _end(parser: Parser[Any], at_end: AtEnd) -> list[Any]:
    if at_end == "dispatch":
        return parser.finish()
    text = parser.pending_text
    dropped = parser.close()
    if dropped and at_end == "raise":
        raise IncompleteStream(dropped, parser.last_event_id, text)
    return []
