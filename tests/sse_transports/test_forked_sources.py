"""A source belongs to the process that made it: a forked child can only close it, which ends nothing."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from sse_core import Event, IllegalState, Opened, Paused, ReadyState, StateChange
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
    UrllibTransport,
)
from sse_transports._interface import Transport
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.waiting import DEADLINE, eventually, is_blocked_in, until_set

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

on_each_transport = pytest.mark.parametrize("transport", [UrllibTransport, Httpx2Transport])


def in_child(function: Callable[[], object]) -> str:
    """Call a function in a forked child; return what it returned, or its error, as text."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Newer versions of Python warn of what is tested here: a fork while there are threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            text = str(function())
        except BaseException as error:  # noqa: BLE001  # reported to the parent
            text = f"{type(error).__name__}: {error}"
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], DEADLINE)
        assert ready, "the child hangs"
        return os.read(reading, 2**16).decode()
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


class Feed:
    """Sends two events at once, and two more when `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.calls = 0

    def __call__(self, call: Call) -> None:
        self.calls += 1
        call.respond(body=b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n")
        until_set(self.go, "the test lets the feed go on")
        call.send(b"id: 3\ndata: 3\n\n")
        call.send(b"id: 4\ndata: end\n\n")
        call.wait_until_gone()


@pytest.fixture
def feed() -> Iterator[Feed]:
    feed = Feed()
    yield feed
    feed.go.set()


def leave(source: EventSource[Event]) -> None:
    with source:
        pass


def use(call: Callable[[EventSource[Event]], object]) -> Callable[[EventSource[Event]], str]:
    """Return the error that a call raises, after a second one, and that `close` does not change it."""

    def run(source: EventSource[Event]) -> str:
        errors = []
        for _ in range(2):
            with pytest.raises(IllegalState) as caught:
                call(source)
            errors.append(str(caught.value))
            source.close()
        assert errors[0] == errors[1]
        assert source.ready_state is ReadyState.CLOSED
        return errors[0].replace(str(os.getppid()), "PARENT").replace(str(os.getpid()), "CHILD")

    return run


REFUSED = "this source belongs to process PARENT; make a new one in this one (CHILD)"

calls_in_child = pytest.mark.parametrize(
    ("call", "result"),
    [
        pytest.param(EventSource.close, "None", id="close"),
        pytest.param(leave, "None", id="with"),
        pytest.param(use(next), REFUSED, id="next"),
        pytest.param(use(list), REFUSED, id="for"),
        pytest.param(use(EventSource.reconnect), REFUSED, id="reconnect"),
        pytest.param(use(EventSource.pause), REFUSED, id="pause"),
        pytest.param(use(EventSource.resume), REFUSED, id="resume"),
    ],
)


@on_each_transport
@calls_in_child
def test_a_child_leaves_a_stream_with_buffered_events(
    transport: Callable[[], Transport], call: Callable[[object], object], result: str, feed: Feed
) -> None:
    with (
        SSEServer(feed) as server,
        contextlib.closing(transport()) as carrier,
        EventSource(server.url, transport=carrier, until="end") as source,
    ):
        assert next(source).data == "1"
        assert in_child(lambda: call(source)) == result
        feed.go.set()
        assert [event.data for event in source] == ["2", "3"]
        assert feed.calls == 1


@on_each_transport
@calls_in_child
def test_a_child_leaves_a_stream_that_a_thread_reads(
    transport: Callable[[], Transport], call: Callable[[object], object], result: str, feed: Feed
) -> None:
    seen: list[str] = []
    with (
        SSEServer(feed) as server,
        contextlib.closing(transport()) as carrier,
        EventSource(server.url, transport=carrier, until="end") as source,
    ):
        reader = threading.Thread(target=lambda: seen.extend(event.data for event in source))
        reader.start()
        eventually(lambda: len(seen) == 2 and is_blocked_in(reader, EventSource._iterate), "it reads")
        assert in_child(lambda: call(source)) == result
        feed.go.set()
        reader.join(DEADLINE)
        assert seen == ["1", "2", "3"]
        assert feed.calls == 1


@pytest.mark.parametrize("holder", ["an iteration", "a command"])
@calls_in_child
def test_a_child_waits_for_no_lock(
    call: Callable[[object], object], result: str, holder: str, feed: Feed
) -> None:
    """The locks are held by threads of the parent, which do not exist in the child."""
    inside, release = threading.Event(), threading.Event()

    def on_state(change: StateChange) -> None:
        if isinstance(change, Opened if holder == "an iteration" else Paused):
            inside.set()
            until_set(release, "the child has ended")

    def hold_command_lock() -> None:
        with source._command_lock:
            held.set()
            until_set(release, "the child has ended")

    held = threading.Event()
    with SSEServer(feed) as server, EventSource(server.url, on_state=on_state) as source:
        if holder == "a command":
            assert next(source).data == "1"
        # A hook is called with the lock of the loop held.
        in_hook = threading.Thread(target=source.pause if holder == "a command" else lambda: next(source))
        in_hook.start()
        until_set(inside, "a hook runs")
        in_lock = threading.Thread(target=hold_command_lock)
        in_lock.start()
        until_set(held, "the other lock is held")
        try:
            assert in_child(lambda: call(source)) == result
        finally:
            release.set()
            feed.go.set()
            in_lock.join(DEADLINE)
            in_hook.join(DEADLINE)


def test_a_child_collects_a_source_without_a_warning(feed: Feed) -> None:
    def drop() -> int:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sources.clear()
            gc.collect()
        return len(caught)

    with SSEServer(feed) as server:
        sources = [EventSource(server.url, until="end")]
        assert next(sources[0]).data == "1"
        assert in_child(drop) == "0"
        feed.go.set()
        assert [event.data for event in sources[0]] == ["2", "3"]


def test_a_child_closes_its_descriptors(feed: Feed) -> None:
    def descriptors() -> int:
        return sum(1 for _ in Path("/dev/fd").iterdir())

    def close() -> bool:
        before = descriptors()
        source.close()
        return descriptors() < before

    with SSEServer(feed) as server, EventSource(server.url) as source:
        assert next(source).data == "1"
        assert in_child(close) == "True"
        feed.go.set()


def test_a_hook_that_forks_leaves_the_stream_to_the_parent(feed: Feed) -> None:
    results: list[str] = []

    def on_open(_response: object) -> None:
        # As a hook that starts a `multiprocessing.Process`. This child continues the iteration.
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            answer.append(writing)
            return
        os.close(writing)
        with os.fdopen(reading) as pipe:
            results.append(pipe.read())
        os.waitpid(child, 0)

    answer: list[int] = []
    with SSEServer(feed) as server, EventSource(server.url, on_open=on_open, until="end") as source:
        try:
            first = next(source).data
        except BaseException as error:  # noqa: BLE001  # reported to the parent
            first = type(error).__name__
        if answer:
            try:
                source.reconnect()
            except IllegalState as error:
                first = f"{first}, then {error}"
            os.write(answer[0], first.encode())
            os._exit(0)
        feed.go.set()
        (result,) = results
        assert first == "1"
        assert result.startswith(f"IllegalState, then this source belongs to process {os.getpid()};")
        assert [event.data for event in source] == ["2", "3"]


def test_a_child_may_make_a_source_of_its_own(feed: Feed) -> None:
    """As in a worker of gunicorn or Celery, which forks after the modules were imported."""
    feed.go.set()
    with SSEServer(feed) as server, EventSource(server.url, until="end") as source:
        assert next(source).data == "1"

        def own() -> list[str]:
            with EventSource(server.url, until="end") as other:
                return [event.data for event in other]

        assert in_child(own) == "['1', '2', '3']"
        assert [event.data for event in source] == ["2", "3"]


def test_a_child_of_a_child_gets_the_error_too(feed: Feed) -> None:
    with SSEServer(feed) as server:
        source = EventSource(server.url)
        message = f"IllegalState: this source belongs to process {os.getpid()}"
        assert in_child(lambda: in_child(lambda: next(source))).startswith(message)
        source.close()


# The async source. In the child, its event loop cannot be used: what is awaited must not need one.

ASYNC_TRANSPORTS = [
    pytest.param("asyncio", AnyioTransport, id="anyio on asyncio"),
    pytest.param("trio", AnyioTransport, id="anyio on trio"),
    pytest.param("asyncio", AiohttpTransport, id="aiohttp on asyncio"),
    pytest.param("asyncio", AsyncHttpx2Transport, id="httpx2 on asyncio"),
    pytest.param("trio", AsyncHttpx2Transport, id="httpx2 on trio"),
]


def without_loop(coroutine: Coroutine[Any, Any, object]) -> object:
    """Run a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise AssertionError("it waits for the event loop")


async def leave_async(source: AsyncEventSource[Event]) -> None:
    await source.__aexit__(None, None, None)


@pytest.mark.parametrize("blocked", [False, True], ids=["between reads", "during a read"])
@pytest.mark.parametrize(
    ("call", "result"),
    [
        pytest.param(AsyncEventSource.close, "None", id="close"),
        pytest.param(leave_async, "None", id="async with"),
        pytest.param(AsyncEventSource.__anext__, REFUSED, id="anext"),
        pytest.param(AsyncEventSource.reconnect, REFUSED, id="reconnect"),
        pytest.param(AsyncEventSource.pause, REFUSED, id="pause"),
        pytest.param(AsyncEventSource.resume, REFUSED, id="resume"),
    ],
)
@pytest.mark.parametrize(("backend", "transport"), ASYNC_TRANSPORTS)
def test_a_child_leaves_the_stream_of_an_async_source(
    backend: str,
    transport: Callable[[], AnyioTransport | AiohttpTransport | AsyncHttpx2Transport],
    call: Callable[[AsyncEventSource[Event]], Coroutine[Any, Any, object]],
    result: str,
    blocked: bool,
    feed: Feed,
) -> None:
    seen: list[str] = []
    has_both = anyio.Event()

    async def read(source: AsyncEventSource[Event]) -> None:
        async for event in source:
            seen.append(event.data)  # seen while it goes on
            if len(seen) == 2:
                has_both.set()

    async def main() -> None:
        async with (
            transport() as carrier,
            AsyncEventSource(server.url, transport=carrier, until="end") as source,
            anyio.create_task_group() as tasks,
        ):
            if blocked:
                tasks.start_soon(read, source)
                await has_both.wait()
                await anyio.wait_all_tasks_blocked()
            else:
                seen.append((await anext(source)).data)
            shown = in_child(lambda: without_loop(call(source)))
            shown = shown.removeprefix("IllegalState: ").replace(str(os.getpid()), "PARENT")
            assert shown.partition(" (")[0] == result.partition(" (")[0]
            feed.go.set()
            if not blocked:
                await read(source)

    with SSEServer(feed) as server:
        anyio.run(main, backend=backend)
    assert seen == ["1", "2", "3"]
    assert feed.calls == 1
