"""A loop over a source can be left, continued and mixed with `next` at any event, and no event is lost."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import Any

import anyio
import anyio.lowlevel
import pytest

import sse_transports._event_source
from sse_core import (
    Closed,
    Comment,
    Event,
    IllegalState,
    IncompleteStream,
    Opened,
    Paused,
    ReadError,
    ReadyState,
    Request,
    Response,
    StateChange,
)
from sse_transports import AsyncEventSource, EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.waiting import DEADLINE, until_set

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


def read_by_loop(**options: Any) -> int:
    """Return how many reads the loop itself has made, and not `_next`: all but the first, if it may."""
    called = 0

    class Counting(Chunks):
        def read(self, timeout: float | None) -> bytes:
            nonlocal called
            caller = sys._getframe(1).f_code
            called += caller is EventSource._iterate.__code__
            return super().read(timeout)

    with EventSource(URL, transport=Counting(stream(1, 1, 1, 1, 1, 1)), retry=None, **options) as source:
        assert [event.data for event in source] == list("012345")
    return called


def test_a_loop_reads_on_without_a_lock_only_if_there_is_a_gil(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_by_loop() == 6
    monkeypatch.setattr(sse_transports._event_source, "HAS_GIL", False)
    assert read_by_loop() == 0


def test_a_loop_with_a_total_timeout_looks_at_the_time_after_each_read() -> None:
    assert read_by_loop(total_timeout=60.0) == 0


def test_comments_have_no_id() -> None:
    chunks = [b"id: 1\ndata: a\n\n: one\n", b": two\n", b"data: b\n\n: three\nid: 2\n\n", b"data: c\n\n"]
    with EventSource(URL, transport=Chunks(chunks), comments=True, retry=None) as source:
        seen = [
            (item.text if isinstance(item, Comment) else item.data, source.last_event_id) for item in source
        ]
    assert seen == [("a", "1"), ("one", "1"), ("two", "1"), ("b", "1"), ("three", "1"), ("c", "2")]


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


class Breaks(Chunks):
    """A transport whose connection is lost after the last chunk."""

    def read(self, timeout: float | None) -> bytes:
        data = super().read(timeout)
        if not data:
            raise ReadError("reset")
        return data


class AsyncBreaks(AsyncChunks):
    """The async twin of `Breaks`."""

    async def read(self, timeout: float | None) -> bytes:
        data = await super().read(timeout)
        if not data:
            raise ReadError("reset")
        return data


@pytest.mark.parametrize("make", [iter, lambda source: iter(source.batches())], ids=["events", "batches"])
def test_an_iterator_raises_its_error_again(make: Callable[[EventSource], Iterator[object]]) -> None:
    """If it ended instead, that would look like the end of the stream."""
    with EventSource(URL, transport=Breaks(stream(1, 1)), retry=None) as source:
        iterator = make(source)
        assert next(iterator)
        assert next(iterator)
        for _ in range(3):
            with pytest.raises(IncompleteStream):
                next(iterator)
        source.close()


@on_both
@pytest.mark.parametrize("make", [aiter, lambda source: aiter(source.batches())], ids=["events", "batches"])
def test_an_async_iterator_raises_its_error_again(
    make: Callable[[AsyncEventSource], AsyncIterator[object]], backend: str
) -> None:
    async def main() -> None:
        async with AsyncEventSource(URL, transport=AsyncBreaks(stream(1, 1)), retry=None) as source:
            iterator = make(source)
            assert await anext(iterator)
            assert await anext(iterator)
            for _ in range(3):
                with pytest.raises(IncompleteStream):
                    await anext(iterator)

    anyio.run(main, backend=backend)


def test_an_iterator_ends_again_after_the_end() -> None:
    with EventSource(URL, transport=Chunks(stream(1)), retry=None) as source:
        iterator = iter(source)
        assert [event.data for event in iterator] == ["0"]
        assert next(iterator, None) is None


def ids_of_reads(chunks: list[bytes]) -> tuple[list[str], list[str]]:
    """Return the last event ID after each event of a loop, and at each read; the second read sets it to x."""
    at_reads: list[str] = []

    class Setting(Chunks):
        def read(self, timeout: float | None) -> bytes:
            at_reads.append(source.last_event_id)
            if len(at_reads) == 2:
                source.last_event_id = "x"
            return super().read(timeout)

    with EventSource(URL, transport=Setting(chunks), retry=None) as source:
        return [source.last_event_id for _ in source], at_reads


async def async_ids_of_reads(chunks: list[bytes]) -> tuple[list[str], list[str]]:
    """Do what `ids_of_reads` does."""
    at_reads: list[str] = []

    class Setting(AsyncChunks):
        async def read(self, timeout: float | None) -> bytes:
            at_reads.append(source.last_event_id)
            if len(at_reads) == 2:
                source.last_event_id = "x"
            return await super().read(timeout)

    async with AsyncEventSource(URL, transport=Setting(chunks), retry=None) as source:
        return [source.last_event_id async for _ in source], at_reads


ID_CHUNKS = [
    (
        [b"id: 1\ndata: a\n\n", b"id: 2\ndata: b\n\nid: 3\n\n", b"id: 4\n\n", b"data: c\n\n"],
        (["1", "2", "4"], ["", "1", "3", "4", "4"]),
    ),
    ([b"id: 1\ndata: a\n\n", b"data: b\n\n", b": hi\n\n"], (["1", "x"], ["", "1", "x", "x"])),
    ([b"id: 1\ndata: a\n\n", b"id: 7\ndata: b\n\n"], (["1", "7"], ["", "1", "7"])),
    ([b"id: 1\ndata: a\n\n", b": hi\n\n", b"data: b\n\n"], (["1", "x"], ["", "1", "x", "x"])),
]


@pytest.mark.parametrize(("chunks", "ids"), ID_CHUNKS)
def test_the_id_moves_with_what_is_yielded(chunks: list[bytes], ids: tuple[list[str], list[str]]) -> None:
    assert ids_of_reads(chunks) == ids


@on_both
@pytest.mark.parametrize(("chunks", "ids"), ID_CHUNKS)
def test_the_id_moves_with_what_an_async_loop_yields(
    chunks: list[bytes], ids: tuple[list[str], list[str]], backend: str
) -> None:
    assert anyio.run(async_ids_of_reads, chunks, backend=backend) == ids


def test_batches_with_max_wait_during_a_loop_are_refused() -> None:
    class Calling(Chunks):
        def read(self, timeout: float | None) -> bytes:
            with pytest.raises(IllegalState, match="another iteration"):
                next(source.batches(DEADLINE))
            return super().read(timeout)

    with EventSource(URL, transport=Calling(stream(1, 1, 1)), retry=None) as source:
        assert [event.data for event in source] == list("012")


@on_both
def test_async_batches_with_max_wait_during_a_loop_are_refused(backend: str) -> None:
    async def main() -> None:
        class Calling(AsyncChunks):
            async def read(self, timeout: float | None) -> bytes:
                with pytest.raises(IllegalState, match="another iteration"):
                    await anext(source.batches(DEADLINE))
                return await super().read(timeout)

        async with AsyncEventSource(URL, transport=Calling(stream(1, 1, 1)), retry=None) as source:
            assert [event.data async for event in source] == list("012")

    anyio.run(main, backend=backend)


def test_a_hook_of_the_filling_thread_cannot_iterate() -> None:
    errors: list[str] = []

    def on_open(_response: Response) -> None:
        with pytest.raises(IllegalState) as caught:
            next(source)
        errors.append(str(caught.value))

    with EventSource(URL, transport=Chunks(stream(2)), retry=None, on_open=on_open) as source:
        assert len(next(source.batches(DEADLINE))) == 2
    assert errors == ["another iteration of this EventSource is running"]


@on_both
def test_a_hook_of_the_filling_task_cannot_iterate(backend: str) -> None:
    errors: list[str] = []

    async def main() -> None:
        async def on_open(_response: Response) -> None:
            with pytest.raises(IllegalState) as caught:
                await anext(source)
            errors.append(str(caught.value))

        async with AsyncEventSource(
            URL, transport=AsyncChunks(stream(2)), retry=None, on_open=on_open
        ) as source:
            assert len(await anext(source.batches(DEADLINE))) == 2

    anyio.run(main, backend=backend)
    assert errors == ["another iteration of this AsyncEventSource is running"]


def test_max_wait_holds_after_next_took_what_had_arrived() -> None:
    asked = threading.Event()

    def answer(call: Call) -> None:
        call.respond(body=b": hello\n")
        until_set(asked, "the test asks for an event")
        call.send(b"data: a\n\n")
        call.wait_until_gone()

    with SSEServer(answer) as server, EventSource(server.url) as source:
        batches = source.batches(0.05)
        assert next(batches) == []
        asked.set()
        assert next(source).data == "a"
        assert next(batches) == []


class Silent(AsyncChunks):
    """An async transport that is silent after its chunks, until it is closed."""

    def __init__(self, chunks: list[bytes]) -> None:
        super().__init__(chunks)
        self.is_silent, self.is_closed = anyio.Event(), anyio.Event()

    async def read(self, timeout: float | None) -> bytes:
        data = await super().read(timeout)
        if not data:
            self.is_silent.set()
            await self.is_closed.wait()
            raise ReadError("closed")
        return data

    async def close(self) -> None:
        self.is_closed.set()


@on_both
def test_leaving_the_context_waits_for_a_loop_that_reads(backend: str) -> None:
    changes: list[type[StateChange]] = []

    async def main() -> None:
        async def loop(source: AsyncEventSource) -> None:
            async for _ in source:
                pass

        transport = Silent(stream(1, 1))
        async with anyio.create_task_group() as tasks:
            async with AsyncEventSource(
                URL, transport=transport, on_state=lambda change: changes.append(type(change))
            ) as source:
                tasks.start_soon(loop, source)
                await transport.is_silent.wait()
            assert changes[-1] is Closed

    anyio.run(main, backend=backend)


class CloseBeforeRead(EventSource[Event]):
    """A source that another thread closes at the moment when a loop is about to read."""

    @property
    def _exchange(self) -> Any:
        if self.is_armed and sys._getframe(1).f_code is EventSource._iterate.__code__:
            self.is_armed = False
            # It does not close the exchange that the loop goes on with.
            found, self.found = self.found, None
            closing = threading.Thread(target=self.close)
            closing.start()
            closing.join()
            return found
        return self.found

    @_exchange.setter
    def _exchange(self, exchange: Any) -> None:
        self.found = exchange

    is_armed = False
    found: Any = None


def test_a_loop_does_not_read_if_it_was_closed_just_before() -> None:
    reads = 0

    class Counting(Chunks):
        def read(self, timeout: float | None) -> bytes:
            nonlocal reads
            reads += 1
            return super().read(timeout)

    with CloseBeforeRead(URL, transport=Counting(stream(1, 1, 1))) as source:
        seen = []
        for event in source:
            seen.append(event.data)
            source.is_armed = event.data == "1"
        assert (seen, reads) == (["0", "1"], 2)
        assert source.ready_state is ReadyState.CLOSED
