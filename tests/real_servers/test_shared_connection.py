"""Two streams over one HTTP/2 connection: closing one does not affect the other."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio
import httpx2
import pytest

from sse_core import Event, Response
from sse_transports import AsyncEventSource, AsyncHttpx2Transport, EventSource, Httpx2Transport
from sse_transports._async_event_source import AsyncOptions
from tests.real_servers.client_matrix import SECONDS
from tests.real_servers.holds import Hold, hold
from tests.real_servers.nginx import Nginx

Source = AsyncEventSource[Event]
Sources = tuple[Source, Source]
Trusting = Callable[[], ssl.SSLContext]

on_both = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@pytest.fixture
def other_hold() -> Iterator[Hold]:
    """A point for the second stream only."""
    with hold() as point:
        yield point


def is_one_connection(opened: list[Response]) -> bool:
    """Return whether these streams share a connection of HTTP/2, as nginx saw it."""
    assert [response.header("X-Protocol") for response in opened] == ["HTTP/2.0"] * 2
    return len({response.header("X-Connection") for response in opened}) == 1


@asynccontextmanager
async def two_streams(
    nginx: Nginx, context: ssl.SSLContext, holds: tuple[Hold, Hold]
) -> AsyncIterator[Sources]:
    """Provide two sources on one connection, both held after their first event."""
    opened: list[Response] = []
    async with httpx2.AsyncClient(verify=context, http2=True) as client:
        options: AsyncOptions = {
            "transport": AsyncHttpx2Transport(client),
            "on_open": opened.append,
            "until": "[DONE]",
            "retry": None,
            "idle_timeout": SECONDS,
        }
        first, second = (f"{nginx.tls_url}/held/{point.name}" for point in holds)
        async with AsyncEventSource(first, **options) as one, AsyncEventSource(second, **options) as other:
            assert await anext(one) == Event("before")
            assert await anext(other) == Event("before")
            assert is_one_connection(opened)
            yield one, other
        assert not client.is_closed
        answer = await client.get(f"{nginx.tls_url}/hello")
        assert answer.text == "hello"
        # Still the same connection: it has survived all that happened to the streams.
        assert answer.headers["X-Connection"] == opened[0].header("X-Connection")


async def assert_continues(source: Source, point: Hold) -> None:
    """Release a stream, and check that it is complete."""
    assert point.left == 0
    point.release()
    assert [event.data async for event in source] == ["after"]


@on_both
def test_closing_a_stream_keeps_the_other(
    backend: str, nginx: Nginx, trusting: Trusting, held: Hold, other_hold: Hold
) -> None:
    async def main() -> None:
        async with two_streams(nginx, trusting(), (held, other_hold)) as (one, other):
            await one.close()
            await assert_continues(other, other_hold)

    anyio.run(main, backend=backend)


@on_both
def test_closing_a_stream_being_read_keeps_the_other(
    backend: str, nginx: Nginx, trusting: Trusting, held: Hold, other_hold: Hold
) -> None:
    async def main() -> None:
        async with two_streams(nginx, trusting(), (held, other_hold)) as (one, other):
            rest: list[Event] = []

            async def read() -> None:
                rest.extend([event async for event in one])

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await anyio.wait_all_tasks_blocked()
                await one.close()
            assert rest == []
            await assert_continues(other, other_hold)

    anyio.run(main, backend=backend)


@on_both
def test_cancelling_a_stream_keeps_the_other(
    backend: str, nginx: Nginx, trusting: Trusting, held: Hold, other_hold: Hold
) -> None:
    async def main() -> None:
        async with two_streams(nginx, trusting(), (held, other_hold)) as (one, other):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(anext, one)
                await anyio.wait_all_tasks_blocked()
                tasks.cancel_scope.cancel()
            await assert_continues(other, other_hold)

    anyio.run(main, backend=backend)


@on_both
def test_cancelling_one_of_two_concurrent_reads(
    backend: str, nginx: Nginx, trusting: Trusting, held: Hold, other_hold: Hold
) -> None:
    async def main() -> None:
        async with two_streams(nginx, trusting(), (held, other_hold)) as (one, other):
            rest: list[str] = []

            async def read() -> None:
                rest.extend([event.data async for event in other])

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                async with anyio.create_task_group() as cancelled:
                    # Even if it is this task that reads from the connection.
                    cancelled.start_soon(anext, one)
                    await anyio.wait_all_tasks_blocked()
                    cancelled.cancel_scope.cancel()
                other_hold.release()
            assert rest == ["after"]

    anyio.run(main, backend=backend)


@on_both
def test_closing_before_the_headers_keeps_the_other(
    backend: str, nginx: Nginx, trusting: Trusting, held: Hold, other_hold: Hold
) -> None:
    async def main() -> None:
        async with httpx2.AsyncClient(verify=trusting(), http2=True) as client:
            options: AsyncOptions = {
                "transport": AsyncHttpx2Transport(client),
                "until": "[DONE]",
                "retry": None,
            }
            # The request that will be closed establishes the connection.
            late, going = f"{nginx.tls_url}/late/{held.name}", f"{nginx.tls_url}/held/{other_hold.name}"
            async with AsyncEventSource(late, **options) as one, AsyncEventSource(going, **options) as other:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(anext, one, None)
                    await anyio.to_thread.run_sync(held.until_held)
                    assert await anext(other) == Event("before")
                    await one.close()
                await assert_continues(other, other_hold)

    anyio.run(main, backend=backend)


@contextmanager
def two_blocking_streams(
    nginx: Nginx, client: httpx2.Client, holds: tuple[Hold, Hold]
) -> Iterator[tuple[EventSource[Event], EventSource[Event]]]:
    """Provide two sources as `two_streams` does, with `EventSource`."""
    opened: list[Response] = []
    transport = Httpx2Transport(client)
    first, second = (f"{nginx.tls_url}/held/{point.name}" for point in holds)
    with (
        EventSource(first, transport=transport, on_open=opened.append, until="[DONE]", retry=None) as one,
        EventSource(second, transport=transport, on_open=opened.append, until="[DONE]", retry=None) as other,
    ):
        assert next(one) == next(other) == Event("before")
        assert is_one_connection(opened)
        yield one, other


def test_closing_a_blocking_stream_keeps_the_other(
    nginx: Nginx, trusting: Trusting, held: Hold, other_hold: Hold
) -> None:
    with httpx2.Client(verify=trusting(), http2=True) as client:
        with two_blocking_streams(nginx, client, (held, other_hold)) as (one, other):
            one.close()
            assert other_hold.left == 0
            other_hold.release()
            assert [event.data for event in other] == ["after"]
        assert not client.is_closed
