"""`parse` and `aparse`: whole streams, from iterables of chunks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import io
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from sse_core import Comment, Event, EventTooLarge, IncompleteStream, InvalidArgument, Parser, aparse, parse
from tests.sse_core.reference import interpret
from tests.sse_core.strategies import MODERATE, cut_streams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Source:
    """Chunks as a generator, which counts those that were read and notes when it was closed."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.read = 0
        self.closed = False

    def blocking(self) -> Generator[bytes]:
        try:
            for chunk in self.chunks:
                self.read += 1
                yield chunk
        finally:
            self.closed = True

    async def asynchronous(self) -> AsyncGenerator[bytes]:
        try:
            for chunk in self.chunks:
                self.read += 1
                # Yields to the event loop, as reading from a socket would.
                await asyncio.sleep(0)
                yield chunk
        finally:
            self.closed = True


def blocking_events(source: Source, **options: Any) -> Iterator[Event]:
    return parse(source.blocking(), **options)


def asynchronous_events(source: Source, **options: Any) -> Iterator[Event]:
    """Return the events of `aparse` as a blocking iterator, so that the same test covers both."""
    events = aparse(source.asynchronous(), **options)

    async def next_event() -> Event:
        return await anext(events)

    with asyncio.Runner() as runner:
        while True:
            try:
                event = runner.run(next_event())
            except StopAsyncIteration:
                return
            yield event


Opener = Callable[..., Iterator[Event]]
parse_and_aparse = pytest.mark.parametrize(
    "events_of", [blocking_events, asynchronous_events], ids=["parse", "aparse"]
)


@parse_and_aparse
def test_each_event_is_yielded_when_it_is_complete(events_of: Opener) -> None:
    source = Source(b"data: a\n\ndata: b\n\nda", b"ta: c\n", b"", b"\n", b": never read")
    events = events_of(source)
    assert source.read == 0
    assert (next(events), source.read) == (Event("a"), 1)
    assert (next(events), source.read) == (Event("b"), 1)
    assert (next(events), source.read) == (Event("c"), 4)


@parse_and_aparse
def test_iteration_ends_after_the_last_chunk(events_of: Opener) -> None:
    source = Source(b"id: 1\ndata: a\n\n", b"data: b\r\r", b": a comment\n", b"unknown")
    assert list(events_of(source)) == [Event("a", id="1"), Event("b", id="1")]
    assert source.closed


@parse_and_aparse
def test_no_chunks_give_no_events(events_of: Opener) -> None:
    assert list(events_of(Source())) == []
    assert list(events_of(Source(b"", b""))) == []


@parse_and_aparse
def test_events_come_before_an_event_too_large_error(events_of: Opener) -> None:
    source = Source(b"data: a\n\n", b"data: b\n\ndata: c\n\ndata: 0123456789", b"data: never read\n\n")
    events = events_of(source, max_event_size=12)
    assert [next(events) for _ in range(3)] == [Event("a"), Event("b"), Event("c")]
    with pytest.raises(EventTooLarge) as caught:
        next(events)
    assert caught.value.limit == 12
    assert caught.value.events == (), "they were yielded already"
    assert source.read == 2
    assert list(events) == []


@parse_and_aparse
def test_events_come_before_an_incomplete_stream_error(events_of: Opener) -> None:
    events = events_of(Source(b"id: 7\ndata: a\n\n", b"id: 8\ndata: b\n", b"data"))
    assert next(events) == Event("a", id="7")
    with pytest.raises(IncompleteStream) as caught:
        next(events)
    assert caught.value.pending == len(b"id: 8\ndata: b\ndata")
    assert caught.value.last_event_id == "7"
    assert list(events) == []


@parse_and_aparse
def test_an_unfinished_first_event_raises(events_of: Opener) -> None:
    with pytest.raises(IncompleteStream) as caught:
        next(events_of(Source(b"d")))
    assert (caught.value.pending, caught.value.last_event_id) == (1, "")


@parse_and_aparse
def test_events_come_before_a_chunk_of_another_type(events_of: Opener) -> None:
    source = Source(b"data: a\n\n", "data: b\n\n")  # type: ignore[arg-type]
    events = events_of(source)
    assert next(events) == Event("a")
    with pytest.raises(InvalidArgument, match="data: expected bytes, not str"):
        next(events)


@parse_and_aparse
def test_an_event_of_many_chunks(events_of: Opener) -> None:
    chunks = [b"data: ", *[b"x" * 1000] * 1000, b"\n\n"]
    assert list(events_of(Source(*chunks))) == [Event("x" * 1_000_000)]


@MODERATE
@given(cut_streams())
def test_any_stream_parses_like_the_reference(chunks: list[bytes]) -> None:
    expected = interpret(b"".join(chunks)).without_comments()
    for events_of in (blocking_events, asynchronous_events):
        events: list[Event] = []
        dropped = None
        try:
            # Not `list(...)`, which would lose the events before the error.
            for event in events_of(Source(*chunks)):
                events.append(event)  # noqa: PERF402
        except IncompleteStream as error:
            dropped = (error.pending, error.last_event_id)
        assert events == expected.items
        assert dropped == ((expected.pending, expected.last_event_id) if expected.pending else None)


def test_events_come_before_an_error_of_the_chunks() -> None:
    def broken() -> Iterator[bytes]:
        yield b"data: a\n\ndata: b"
        raise ConnectionResetError("gone")

    async def broken_async() -> AsyncIterator[bytes]:
        for chunk in broken():
            yield chunk

    async def read() -> None:
        async for event in aparse(broken_async()):
            events.append(event)  # noqa: PERF401  # keeps the events before the error

    events: list[Event] = []
    with pytest.raises(ConnectionResetError, match="gone"):
        events.extend(parse(broken()))
    assert events == [Event("a")]
    with pytest.raises(ConnectionResetError, match="gone"):
        asyncio.run(read())
    assert events == [Event("a"), Event("a")]


def test_breaking_out_of_parse_closes_the_chunks() -> None:
    source = Source(b"data: a\n\ndata: b\n\n", b"data: c\n\n")
    for event in parse(source.blocking()):
        assert event == Event("a")
        break
    gc.collect()
    assert (source.read, source.closed) == (1, True)


def test_closed_parse_reads_and_yields_no_more() -> None:
    source = Source(b"data: a\n\ndata: b\n\n", b"data: c\n\n")
    events = parse(source.blocking())
    assert next(events) == Event("a")
    assert isinstance(events, Generator)
    events.close()
    assert list(events) == []
    assert source.read == 1


def test_parse_closed_before_an_error_does_not_raise_it() -> None:
    events = parse([b"data: a\n\ndata: 0123456789"], max_event_size=10)
    assert next(events) == Event("a")
    assert isinstance(events, Generator)
    events.close()
    assert list(events) == []


def test_breaking_out_of_aparse_closes_the_chunks() -> None:
    source = Source(b"data: a\n\ndata: b\n\n", b"data: c\n\n")

    async def read_one() -> None:
        async for event in aparse(source.asynchronous()):
            assert event == Event("a")
            break

    asyncio.run(read_one())
    assert (source.read, source.closed) == (1, True)


def test_closed_aparse_reads_and_yields_no_more() -> None:
    source = Source(b"data: a\n\ndata: b\n\n", b"data: c\n\n")

    async def read_one() -> list[Event]:
        events = aparse(source.asynchronous())
        assert await anext(events) == Event("a")
        assert isinstance(events, AsyncGenerator)
        await events.aclose()
        return [event async for event in events]

    assert asyncio.run(read_one()) == []
    assert (source.read, source.closed) == (1, True)


def test_aparse_is_cancelled_while_it_waits_for_a_chunk() -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield b"data: a\n\n"
        await asyncio.Event().wait()

    async def read() -> None:
        events = aparse(silent())
        assert await anext(events) == Event("a")
        waiting = asyncio.ensure_future(anext(events))
        # One iteration of the event loop, so that the task waits for a chunk.
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(read())


def items_before_error(events: Iterator[Event | Comment]) -> list[Event | Comment]:
    """Return what comes before the stream ends or its connection is reset."""
    items: list[Event | Comment] = []
    with contextlib.suppress(ConnectionResetError):
        # Not `list(...)`, which would lose the events before the error.
        for item in events:
            items.append(item)  # noqa: PERF402
    return items


def chunk_then_reset(chunk: bytes) -> Iterator[bytes]:
    yield chunk
    raise ConnectionResetError


def test_a_given_parser_keeps_its_state_after_an_error() -> None:
    parser = Parser(comments=True)
    assert items_before_error(
        parse(chunk_then_reset(b": hi\nretry: 5\nid: 7\ndata: a\n\ndata: b\n"), parser=parser)
    ) == [
        Comment("hi"),
        Event("a", id="7", retry=5),
    ]
    assert (parser.last_event_id, parser.retry, parser.pending) == ("7", 5, 8)
    # The next stream begins with that last event ID, and without the unfinished event.
    assert list(parse([b"data: c\n\n"], parser=parser)) == [Event("c", id="7")]
    assert list(parse([b"id: 8\ndata: d\n\n"], parser=parser)) == [Event("d", id="8")]
    assert (parser.last_event_id, parser.retry, parser.pending) == ("8", 5, 0)


@parse_and_aparse
def test_the_limit_of_a_given_parser_applies(events_of: Opener) -> None:
    events = events_of(Source(b"data: a\n\ndata: 0123456789"), parser=Parser(max_event_size=10))
    assert next(events) == Event("a")
    with pytest.raises(EventTooLarge, match="10 bytes"):
        next(events)


@parse_and_aparse
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("max_event_size", {"parser": Parser(), "max_event_size": 10}),
        ("max_event_size", {"max_event_size": 0}),
        ("parser", {"parser": Parser}),
        ("parser", {"parser": "utf-8"}),
    ],
)
def test_invalid_arguments_are_rejected_by_name(
    events_of: Opener, name: str, arguments: dict[str, object]
) -> None:
    source = Source(b"data: a\n\n")
    with pytest.raises(InvalidArgument) as caught:
        next(events_of(source, **arguments))
    assert (caught.value.name, source.read) == (name, 0)


@pytest.mark.parametrize("body", [b"data: one\n\n", bytearray(b""), memoryview(b"data"), "data: one\n\n"])
def test_a_body_in_place_of_chunks_is_rejected(body: Any) -> None:
    with pytest.raises(
        InvalidArgument, match=rf"chunks: expected .* such as \[data\], not {type(body).__name__}"
    ):
        list(parse(body))


def test_parse_takes_any_iterable_of_bytes() -> None:
    assert list(parse([b"data: a\n\n"])) == [Event("a")]
    assert list(parse((b"data: a\n", b"\n"))) == [Event("a")]
    assert list(parse(io.BytesIO(b"data: a\n\ndata: b\n\n"))) == [Event("a"), Event("b")]


def test_options_are_keyword_only() -> None:
    for function in (parse, aparse):
        _, *options = inspect.signature(function).parameters.values()
        assert [option.kind for option in options] == [inspect.Parameter.KEYWORD_ONLY] * 2
