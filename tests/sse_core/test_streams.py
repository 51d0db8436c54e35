"""Whole streams in one call: `parse`, and `aparse` for asynchronous iterables."""

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
    """Chunks that count how far they were read, and note when they were let go."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.read = 0
        self.let_go = False

    def blocking(self) -> Generator[bytes]:
        try:
            for chunk in self.chunks:
                self.read += 1
                yield chunk
        finally:
            self.let_go = True

    async def asynchronous(self) -> AsyncGenerator[bytes]:
        try:
            for chunk in self.chunks:
                self.read += 1
                # Gives way to the loop, as reading from a socket would.
                await asyncio.sleep(0)
                yield chunk
        finally:
            self.let_go = True


def blocking_events(source: Source, **options: Any) -> Iterator[Event]:
    return parse(source.blocking(), **options)


def asynchronous_events(source: Source, **options: Any) -> Iterator[Event]:
    """`aparse`, driven step by step, so that one test can ask both."""
    events = aparse(source.asynchronous(), **options)

    async def following() -> Event:
        return await anext(events)

    with asyncio.Runner() as runner:
        while True:
            try:
                event = runner.run(following())
            except StopAsyncIteration:
                return
            yield event


Opener = Callable[..., Iterator[Event]]
both_ways = pytest.mark.parametrize(
    "events_of", [blocking_events, asynchronous_events], ids=["parse", "aparse"]
)


@both_ways
def test_each_event_comes_as_soon_as_it_is_complete(events_of: Opener) -> None:
    source = Source(b"data: a\n\ndata: b\n\nda", b"ta: c\n", b"", b"\n", b": never read")
    events = events_of(source)
    assert source.read == 0
    assert (next(events), source.read) == (Event("a"), 1)
    assert (next(events), source.read) == (Event("b"), 1)
    assert (next(events), source.read) == (Event("c"), 4)


@both_ways
def test_a_stream_ends_when_its_chunks_do(events_of: Opener) -> None:
    source = Source(b"id: 1\ndata: a\n\n", b"data: b\r\r", b": a comment\n", b"unknown")
    assert list(events_of(source)) == [Event("a", id="1"), Event("b", id="1")]
    assert source.let_go


@both_ways
def test_no_chunks_are_no_events(events_of: Opener) -> None:
    assert list(events_of(Source())) == []
    assert list(events_of(Source(b"", b""))) == []


@both_ways
def test_an_event_too_large_is_told_after_the_events_before_it(events_of: Opener) -> None:
    source = Source(b"data: a\n\n", b"data: b\n\ndata: c\n\ndata: 0123456789", b"data: never read\n\n")
    events = events_of(source, max_event_size=12)
    assert [next(events) for _ in range(3)] == [Event("a"), Event("b"), Event("c")]
    with pytest.raises(EventTooLarge) as caught:
        next(events)
    assert caught.value.limit == 12
    assert caught.value.events == (), "they were yielded, and must not be found twice"
    assert source.read == 2
    assert list(events) == []


@both_ways
def test_an_unfinished_event_at_the_end_is_told_after_the_last_event(events_of: Opener) -> None:
    events = events_of(Source(b"id: 7\ndata: a\n\n", b"id: 8\ndata: b\n", b"data"))
    assert next(events) == Event("a", id="7")
    with pytest.raises(IncompleteStream) as caught:
        next(events)
    assert caught.value.pending == len(b"id: 8\ndata: b\ndata")
    assert caught.value.last_event_id == "7"
    assert caught.value.text == "id: 8\ndata: b\ndata"
    assert list(events) == []


@both_ways
@pytest.mark.parametrize("rest", [b"id: 8\ndata: b\n", b"id: 8\ndata: b", b"id: 8\r\ndata: b\r\n"])
def test_an_unfinished_event_can_be_dropped_or_dispatched(events_of: Opener, rest: bytes) -> None:
    first = Event("a", id="7")
    chunks = (b"id: 7\ndata: a\n\n", rest)
    assert list(events_of(Source(*chunks), at_end="drop")) == [first]
    assert list(events_of(Source(*chunks), at_end="dispatch")) == [first, Event("b", id="8")]
    parser = Parser()
    assert list(events_of(Source(*chunks), at_end="drop", parser=parser)) == [first]
    assert parser.last_event_id == "7"
    assert list(events_of(Source(*chunks), at_end="dispatch", parser=parser)) == [first, Event("b", id="8")]
    assert parser.last_event_id == "8"


@both_ways
@pytest.mark.parametrize("at_end", ["raise", "drop", "dispatch"])
def test_a_whole_stream_ends_well_in_each_way(events_of: Opener, at_end: str) -> None:
    assert list(events_of(Source(b"data: a\n\n", b": bye"), at_end=at_end)) == [Event("a")]


@both_ways
def test_a_type_for_events_without_one_comes_through_the_parser(events_of: Opener) -> None:
    source = Source(b"data: a\n\nevent: message\ndata: b\n\n")
    assert list(events_of(source, parser=Parser(default_type=""))) == [Event("a", ""), Event("b", "message")]


@both_ways
def test_an_unfinished_first_event_is_told_too(events_of: Opener) -> None:
    with pytest.raises(IncompleteStream) as caught:
        next(events_of(Source(b"d")))
    assert (caught.value.pending, caught.value.last_event_id) == (1, "")


@both_ways
def test_what_is_not_bytes_is_refused_after_the_events_before_it(events_of: Opener) -> None:
    source = Source(b"data: a\n\n", "data: b\n\n")  # type: ignore[arg-type]
    events = events_of(source)
    assert next(events) == Event("a")
    with pytest.raises(InvalidArgument, match="data: expected bytes, not str"):
        next(events)


@both_ways
def test_an_event_far_larger_than_a_chunk_comes_whole(events_of: Opener) -> None:
    chunks = [b"data: ", *[b"x" * 1000] * 1000, b"\n\n"]
    assert list(events_of(Source(*chunks))) == [Event("x" * 1_000_000)]


@MODERATE
@given(cut_streams())
def test_any_stream_gives_what_the_reference_gives(chunks: list[bytes]) -> None:
    expected = interpret(b"".join(chunks)).without_comments()
    for events_of in (blocking_events, asynchronous_events):
        events: list[Event] = []
        dropped = None
        try:
            # Not `list(...)`: what came before the error counts.
            for event in events_of(Source(*chunks)):
                events.append(event)  # noqa: PERF402
        except IncompleteStream as error:
            dropped = (error.pending, error.last_event_id)
        assert events == expected.items
        assert dropped == ((expected.pending, expected.last_event_id) if expected.pending else None)


def test_an_error_of_the_source_passes_through_after_the_events_before_it() -> None:
    def broken() -> Iterator[bytes]:
        yield b"data: a\n\ndata: b"
        raise ConnectionResetError("gone")

    async def asynchronously_broken() -> AsyncIterator[bytes]:
        for chunk in broken():
            yield chunk

    async def read() -> None:
        async for event in aparse(asynchronously_broken()):
            events.append(event)  # noqa: PERF401  # what came before the error counts

    events: list[Event] = []
    with pytest.raises(ConnectionResetError, match="gone"):
        events.extend(parse(broken()))
    assert events == [Event("a")]
    with pytest.raises(ConnectionResetError, match="gone"):
        asyncio.run(read())
    assert events == [Event("a"), Event("a")]


def test_an_abandoned_stream_lets_its_source_go() -> None:
    source = Source(b"data: a\n\ndata: b\n\n", b"data: c\n\n")
    for event in parse(source.blocking()):
        assert event == Event("a")
        break
    gc.collect()
    assert (source.read, source.let_go) == (1, True)


def test_a_closed_stream_reads_no_further_and_gives_nothing_more() -> None:
    source = Source(b"data: a\n\ndata: b\n\n", b"data: c\n\n")
    events = parse(source.blocking())
    assert next(events) == Event("a")
    assert isinstance(events, Generator)
    events.close()
    assert list(events) == []
    assert source.read == 1


def test_a_stream_closed_among_the_events_before_an_error_closes_without_it() -> None:
    events = parse([b"data: a\n\ndata: 0123456789"], max_event_size=10)
    assert next(events) == Event("a")
    assert isinstance(events, Generator)
    events.close()
    assert list(events) == []


def test_an_abandoned_asynchronous_stream_lets_its_source_go() -> None:
    source = Source(b"data: a\n\ndata: b\n\n", b"data: c\n\n")

    async def read_one() -> None:
        async for event in aparse(source.asynchronous()):
            assert event == Event("a")
            break

    asyncio.run(read_one())
    assert (source.read, source.let_go) == (1, True)


def test_a_closed_asynchronous_stream_reads_no_further_and_gives_nothing_more() -> None:
    source = Source(b"data: a\n\ndata: b\n\n", b"data: c\n\n")

    async def read_one() -> list[Event]:
        events = aparse(source.asynchronous())
        assert await anext(events) == Event("a")
        assert isinstance(events, AsyncGenerator)
        await events.aclose()
        return [event async for event in events]

    assert asyncio.run(read_one()) == []
    assert (source.read, source.let_go) == (1, True)


def test_a_cancelled_asynchronous_stream_is_cancelled_where_it_waits() -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield b"data: a\n\n"
        await asyncio.Event().wait()

    async def read() -> None:
        events = aparse(silent())
        assert await anext(events) == Event("a")
        waiting = asyncio.ensure_future(anext(events))
        # One turn of the loop, so that it waits.
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(read())


def drained(events: Iterator[Event | Comment]) -> list[Event | Comment]:
    """What comes before the stream ends or breaks."""
    items: list[Event | Comment] = []
    with contextlib.suppress(ConnectionResetError):
        # Not `list(...)`: what came before the error counts.
        for item in events:
            items.append(item)  # noqa: PERF402
    return items


def cut(chunk: bytes) -> Iterator[bytes]:
    yield chunk
    raise ConnectionResetError


def test_a_parser_of_the_callers_own_still_knows_where_a_broken_stream_was() -> None:
    parser = Parser(comments=True)
    assert drained(parse(cut(b": hi\nretry: 5\nid: 7\ndata: a\n\ndata: b\n"), parser=parser)) == [
        Comment("hi"),
        Event("a", id="7", retry=5),
    ]
    assert (parser.last_event_id, parser.retry, parser.pending) == ("7", 5, 8)
    # The next stream begins where that one was, without what it left behind.
    assert list(parse([b"data: c\n\n"], parser=parser)) == [Event("c", id="7")]
    assert list(parse([b"id: 8\ndata: d\n\n"], parser=parser)) == [Event("d", id="8")]
    assert (parser.last_event_id, parser.retry, parser.pending) == ("8", 5, 0)


@both_ways
def test_the_limit_is_that_of_the_callers_parser(events_of: Opener) -> None:
    events = events_of(Source(b"data: a\n\ndata: 0123456789"), parser=Parser(max_event_size=10))
    assert next(events) == Event("a")
    with pytest.raises(EventTooLarge, match="10 bytes"):
        next(events)


@both_ways
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("max_event_size", {"parser": Parser(), "max_event_size": 10}),
        ("max_event_size", {"max_event_size": 0}),
        ("at_end", {"at_end": "ignore"}),
        ("at_end", {"at_end": None}),
        ("parser", {"parser": Parser}),
        ("parser", {"parser": "utf-8"}),
    ],
)
def test_what_is_no_way_to_read_is_refused_by_name(
    events_of: Opener, name: str, arguments: dict[str, object]
) -> None:
    source = Source(b"data: a\n\n")
    with pytest.raises(InvalidArgument) as caught:
        next(events_of(source, **arguments))
    assert (caught.value.name, source.read) == (name, 0)


@pytest.mark.parametrize("body", [b"data: one\n\n", bytearray(b""), memoryview(b"data"), "data: one\n\n"])
def test_a_body_that_is_no_list_of_chunks_is_refused_with_what_to_give(body: Any) -> None:
    with pytest.raises(
        InvalidArgument, match=rf"chunks: expected .* such as \[data\], not {type(body).__name__}"
    ):
        list(parse(body))


def test_any_iterable_of_bytes_will_do() -> None:
    assert list(parse([b"data: a\n\n"])) == [Event("a")]
    assert list(parse((b"data: a\n", b"\n"))) == [Event("a")]
    assert list(parse(io.BytesIO(b"data: a\n\ndata: b\n\n"))) == [Event("a"), Event("b")]


def test_all_but_the_chunks_is_named() -> None:
    for function in (parse, aparse):
        _, *options = inspect.signature(function).parameters.values()
        assert [option.kind for option in options] == [inspect.Parameter.KEYWORD_ONLY] * 3
