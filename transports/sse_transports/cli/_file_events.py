"""The events of a file or of standard input, those at hand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sse_core import Comment, Event, EventTooLarge, IncompleteStream, Parser

from ._files import StreamFile


def batches(
    file: StreamFile, *, comments: bool = False, until: str | None = None
) -> Iterator[Sequence[Event | Comment]]:
    """Yield what each piece of the file completes.

    Args:
        file: one that is open; each of its connections is parsed by itself, as they were once received.
        comments: whether comments are among it.
        until: the data of the event that ends it, and is not yielded.

    Raises:
        EventTooLarge: behind the events before it.
        IncompleteStream: at the end, if the file ends inside an event, or without `until`.
    """
    parser = Parser(comments=comments)
    dropped = 0
    for connection in file:
        for piece in connection if connection.is_stream else ():
            try:
                items = parser.feed(piece.data)
            except EventTooLarge as error:
                yield error.events
                raise EventTooLarge(error.limit) from None
            if until is not None:
                for place, item in enumerate(items):
                    if isinstance(item, Event) and item.data == until:
                        yield items[:place]
                        return
            yield items
        dropped = parser.close()
        parser.reset()
    if dropped or until is not None:
        raise IncompleteStream(dropped, parser.last_event_id)
