"""A loop over a source can be left, continued and mixed with `next` at any event, and no event is lost."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice

import anyio
import pytest

import sse_transports._event_source
from sse_core import (
    Closed,
    Comment,
    Event,
    IllegalState,
    Opened,
    Paused,
    ReadyState,
    Request,
    Response,
    StateChange,
)
from sse_transports import AsyncEventSource, EventSource

URL = "http://example.com/"

on_both = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def response() -> Response:
    return Response(200, [("Content-Type", "text/event-stream")], URL)


def stream(*sizes: int) -> list[bytes]:
    """Return chunks with as many events as the sizes say; the data of the events are their numbers."""
    numbers = iter(range(sum(sizes)))
    return [b"".join(b"id: %d\ndata: %d\n\n" % (n, n) for n in islice(numbers, size)) for size in sizes]


class Chunks:
    """A transport, and its exchange, whose reads return these chunks."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = iter(chunks)

    def exchange(self, _request: Request, *, timeout: float | None) -> Chunks:
        return self

    def open(self) -> Response:
        return response()

    def read(self, timeout: float | None) -> bytes:
        return next(self.chunks, b"")

    def close(self) -> None:
        pass


class AsyncChunks:
    """The async twin of `Chunks`."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = iter(chunks)

    def exchange(self, _request: Request, *, timeout: float | None) -> AsyncChunks:
        return self

    async def open(self) -> Response:
        return response()

    async def read(self, timeout: float | None) -> bytes:
        return next(self.chunks, b"")

    async def close(self) -> None:
        pass


SIZES = [(1, 1, 1, 1, 1, 1), (2, 2, 2), (1, 1, 1, 2, 1), (6,)]

in_sizes = pytest.mark.parametrize("sizes", SIZES, ids=str)


@in_sizes
@pytest.mark.parametrize("left_after", range(1, 6))
def test_a_second_loop_continues_the_first(sizes: tuple[int, ...], left_after: int) -> None:
    with EventSource(URL, transport=Chunks(stream(*sizes)), retry=None) as source:
        seen = [event.data for event in islice(source, left_after)]
        assert source.last_event_id == seen[-1]
        seen += [event.data for event in source]
    assert seen == list("012345")


@on_both
@in_sizes
@pytest.mark.parametrize("left_after", range(1, 6))
def test_a_second_async_loop_continues_the_first(
    sizes: tuple[int, ...], left_after: int, backend: str
) -> None:
    async def main() -> list[str]:
        seen: list[str] = []
        async with AsyncEventSource(URL, transport=AsyncChunks(stream(*sizes)), retry=None) as source:
            async for event in source:
                seen.append(event.data)
                if len(seen) == left_after:
                    break
            # A loop that was left must not wait to be closed: trio would warn, and warnings are errors.
            gc.collect()
            assert source.last_event_id == seen[-1]
            assert source.ready_state is ReadyState.OPEN
            return seen + [event.data async for event in source]

    assert anyio.run(main, backend=backend) == list("012345")


def taken(source: EventSource, how: str) -> Iterator[str]:
    """Yield the next data, taken inside of another loop."""
    if how == "next":
        yield next(source, Event("end")).data
    elif how == "a loop":
        for event in source:
            yield event.data
            break
    else:
        for events in source.batches():
            yield from (event.data for event in events)
            break


@in_sizes
@pytest.mark.parametrize("how", ["next", "a loop", "batches"])
def test_events_taken_inside_a_loop_are_not_lost(sizes: tuple[int, ...], how: str) -> None:
    seen: list[str] = []
    with EventSource(URL, transport=Chunks(stream(*sizes)), retry=None) as source:
        for event in source:
            seen.append(event.data)
            assert source.last_event_id == event.data
            seen += taken(source, how)
    assert [data for data in seen if data != "end"] == list("012345")


async def async_taken(source: AsyncEventSource, how: str) -> AsyncIterator[str]:
    """Do what `taken` does."""
    if how == "next":
        yield (await anext(source, Event("end"))).data
    elif how == "a loop":
        async for event in source:
            yield event.data
            break
    else:
        async for events in source.batches():
            for event in events:
                yield event.data
            break


@on_both
@in_sizes
@pytest.mark.parametrize("how", ["next", "a loop", "batches"])
def test_events_taken_inside_an_async_loop_are_not_lost(
    sizes: tuple[int, ...], how: str, backend: str
) -> None:
    async def main() -> list[str]:
        seen: list[str] = []
        async with AsyncEventSource(URL, transport=AsyncChunks(stream(*sizes)), retry=None) as source:
            async for event in source:
                seen.append(event.data)
                assert source.last_event_id == event.data
                seen.extend([data async for data in async_taken(source, how)])
        return seen

    assert [data for data in anyio.run(main, backend=backend) if data != "end"] == list("012345")


@in_sizes
def test_events_of_a_batch_loop_are_not_lost_to_next(sizes: tuple[int, ...]) -> None:
    seen: list[str] = []
    with EventSource(URL, transport=Chunks(stream(*sizes)), retry=None) as source:
        for events in source.batches():
            seen += [event.data for event in events]
            seen += taken(source, "next")
    assert [data for data in seen if data != "end"] == list("012345")


@in_sizes
def test_reading_without_a_gil_yields_the_same(
    sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse_transports._event_source, "HAS_GIL", False)
    with EventSource(URL, transport=Chunks(stream(*sizes)), retry=None) as source:
        assert [event.data for event in source] == list("012345")


def test_comments_have_no_id() -> None:
    chunks = [b"id: 1\ndata: a\n\n: one\n", b": two\n", b"data: b\n\n: three\nid: 2\n\n", b"data: c\n\n"]
    with EventSource(URL, transport=Chunks(chunks), comments=True, retry=None) as source:
        seen = [
            (item.text if isinstance(item, Comment) else item.data, source.last_event_id) for item in source
        ]
    assert seen == [("a", "1"), ("one", "1"), ("two", "1"), ("b", "1"), ("three", "1"), ("c", "2")]


def test_an_id_without_data_counts_when_the_next_event_is_asked_for() -> None:
    chunks = [b"id: 1\ndata: a\n\n", b"id: 2\ndata: b\n\nid: 3\n\n", b"id: 4\n\n", b"data: c\n\n"]
    ids: list[str] = []

    class Noting(Chunks):
        def read(self, timeout: float | None) -> bytes:
            ids.append(source.last_event_id)
            return super().read(timeout)

    with EventSource(URL, transport=Noting(chunks), retry=None) as source:
        seen = [(event.data, event.id, source.last_event_id) for event in source]
    assert seen == [("a", "1", "1"), ("b", "2", "2"), ("c", "4", "4")]
    # As of each read.
    assert ids == ["", "1", "3", "4", "4"]


def test_open_reports_before_it_returns() -> None:
    changes: list[type[StateChange]] = []
    with EventSource(
        URL, transport=Chunks(stream(1)), retry=None, on_state=lambda change: changes.append(type(change))
    ) as source:
        source.open()
        assert changes[-1] is Opened


@pytest.mark.parametrize("call", [lambda source: next(iter(source)), lambda source: next(source.batches())])
def test_a_loop_that_was_begun_during_a_read_is_refused(call: Callable[[EventSource], object]) -> None:
    errors: list[str] = []

    class Calling(Chunks):
        def read(self, timeout: float | None) -> bytes:
            with pytest.raises(IllegalState) as caught:
                call(source)
            errors.append(str(caught.value))
            return super().read(timeout)

    with EventSource(URL, transport=Calling(stream(1, 1)), retry=None) as source:
        assert [event.data for event in source] == ["0", "1"]
    assert set(errors) == {"another iteration of this EventSource is running"}


@pytest.mark.parametrize("command", ["close", "pause"])
def test_a_hook_of_a_command_cannot_iterate(command: str) -> None:
    """It is called while the state changes, so waiting for an event would never end."""
    errors: list[str] = []

    def on_state(change: StateChange) -> None:
        if isinstance(change, (Closed, Paused)):
            with pytest.raises(IllegalState) as caught:
                next(source)
            errors.append(str(caught.value))

    with EventSource(URL, transport=Chunks(stream(1, 1)), on_state=on_state) as source:
        next(source)
        getattr(source, command)()
    assert errors[0] == "a hook cannot iterate the source that called it"


@on_both
@pytest.mark.parametrize("command", ["close", "pause"])
def test_a_hook_of_an_async_command_cannot_iterate(command: str, backend: str) -> None:
    errors: list[str] = []

    async def main() -> None:
        async def on_state(change: StateChange) -> None:
            if isinstance(change, (Closed, Paused)):
                with pytest.raises(IllegalState) as caught:
                    await anext(source)
                errors.append(str(caught.value))

        async with AsyncEventSource(URL, transport=AsyncChunks(stream(1, 1)), on_state=on_state) as source:
            await anext(source)
            await getattr(source, command)()

    anyio.run(main, backend=backend)
    assert errors[0] == "a hook cannot iterate the source that called it"


def test_close_in_a_loop_drops_what_is_buffered() -> None:
    with EventSource(URL, transport=Chunks(stream(2, 4))) as source:
        seen = []
        for event in source:
            seen.append(event.data)
            if event.data == "3":
                source.close()
        assert (seen, source.last_event_id) == (list("0123"), "3")


@on_both
def test_close_in_an_async_loop_drops_what_is_buffered(backend: str) -> None:
    async def main() -> None:
        async with AsyncEventSource(URL, transport=AsyncChunks(stream(2, 4))) as source:
            seen = []
            async for event in source:
                seen.append(event.data)
                if event.data == "3":
                    await source.close()
            assert (seen, source.last_event_id) == (list("0123"), "3")

    anyio.run(main, backend=backend)
