"""Mistakes with the async client, or with async functions, raise an error at once that says what to do."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest

from sse_core import IllegalState, InvalidArgument, ReadyState
from sse_transports import (
    AiohttpTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    UrllibTransport,
)
from sse_transports.testing import SSEServer
from tests.sse_transports.small_servers import one_and_silence

on_both = pytest.mark.parametrize("backend", ["asyncio", "trio"])


async def async_function(*_arguments: object) -> None:
    return None


@on_both
def test_iterating_without_async_with_is_refused(backend: str) -> None:
    async def main() -> None:
        source = AsyncEventSource(server.url)
        with pytest.raises(IllegalState, match="async with"):
            await anext(source)
        # The source is still usable.
        async with source:
            assert (await anext(source)).data == "a"

    with SSEServer(one_and_silence) as server:
        anyio.run(main, backend=backend)
        assert len(server.calls) == 1


@on_both
def test_a_source_that_was_never_entered_can_be_closed(backend: str) -> None:
    async def main() -> None:
        source = AsyncEventSource("http://127.0.0.1:9")
        await source.pause()
        await source.resume()
        await source.close()
        assert source.ready_state is ReadyState.CLOSED

    anyio.run(main, backend=backend)


def test_a_source_can_be_made_without_an_event_loop() -> None:
    source = AsyncEventSource("http://127.0.0.1:9")
    assert repr(source) == "<AsyncEventSource http://127.0.0.1:9/ CONNECTING>"


@on_both
def test_break_leaves_nothing_that_warns(backend: str) -> None:
    async def main() -> None:
        async with AsyncEventSource(server.url) as source:
            async for _ in source:
                break
        with pytest.raises(StopAsyncIteration):
            await anext(source)

    with SSEServer(one_and_silence) as server:
        anyio.run(main, backend=backend)


@on_both
def test_leaving_ends_the_iteration_of_another_task(backend: str) -> None:
    ended = []

    async def iterate(source: AsyncEventSource[Any]) -> None:
        async for _ in source:
            pass
        ended.append(source.ready_state)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            async with AsyncEventSource(server.url) as source:
                assert (await anext(source)).data == "a"
                tasks.start_soon(iterate, source)
                await anyio.wait_all_tasks_blocked()
            assert source.ready_state is ReadyState.CLOSED

    with SSEServer(one_and_silence) as server:
        anyio.run(main, backend=backend)
    assert ended == [ReadyState.CLOSED]


@pytest.mark.parametrize("name", ["headers", "on_open", "on_error", "on_state", "until"])
def test_the_blocking_client_refuses_async_functions(name: str) -> None:
    options: dict[str, Any] = {name: async_function}
    with pytest.raises(InvalidArgument, match=f"^{name}: expected .*plain function, not an async one"):
        EventSource("http://127.0.0.1:9", **options)


class AsyncCallable:
    """An object that can be called like an async function."""

    async def __call__(self, *_arguments: object) -> None:
        return None


@pytest.mark.parametrize("until", [async_function, AsyncCallable()])
def test_the_async_client_refuses_an_async_until(until: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^until: expected .*plain function"):
        AsyncEventSource("http://127.0.0.1:9", until=until)


@pytest.mark.parametrize("source", [AsyncEventSource, EventSource])
def test_an_async_store_is_refused(source: Any) -> None:
    class Store:
        def load(self) -> str:
            return ""

        async def save(self, last_event_id: str) -> None:
            return None

    with pytest.raises(InvalidArgument, match=r"^store: expected .*plain function"):
        source("http://127.0.0.1:9", store=Store())


@pytest.mark.parametrize("source", [AsyncEventSource, EventSource])
def test_an_until_that_returns_a_coroutine_is_refused(source: Any) -> None:
    async def main() -> None:
        async with AsyncEventSource(server.url, until=lambda _: async_function()) as source:  # type: ignore[arg-type, return-value]
            await anext(source)

    def blocking() -> None:
        with EventSource(server.url, until=lambda _: async_function()) as source:  # type: ignore[arg-type, return-value]
            next(source)

    with SSEServer(one_and_silence) as server, pytest.raises(InvalidArgument, match=r"^until: expected"):
        blocking() if source is EventSource else anyio.run(main)


def test_aiohttp_on_trio_names_the_transport_to_use() -> None:
    async def main() -> None:
        async with AsyncEventSource("http://127.0.0.1:9", transport=AiohttpTransport()) as source:
            await anext(source)

    message = "^AiohttpTransport runs on asyncio; on trio use AnyioTransport$"
    with pytest.raises(IllegalState, match=message):
        anyio.run(main, backend="trio")


def test_an_aiohttp_transport_works_in_several_event_loops() -> None:
    transport = AiohttpTransport()

    async def main(last: bool) -> str:
        async with AsyncEventSource(server.url, transport=transport) as source:
            event = await anext(source)
        if last:
            await transport.close()
        return event.data

    with SSEServer(one_and_silence) as server:
        for last in (False, False, True):
            assert anyio.run(main, last) == "a"


@on_both
def test_an_error_of_an_async_hook_surfaces_and_closes(backend: str) -> None:
    async def on_open(_response: object) -> None:
        await anyio.lowlevel.checkpoint()
        raise LookupError

    async def main() -> None:
        async with AsyncEventSource(server.url, on_open=on_open) as source:
            with pytest.raises(LookupError):
                await anext(source)
            assert source.ready_state is ReadyState.CLOSED

    with SSEServer(one_and_silence) as server:
        anyio.run(main, backend=backend)


class Session:
    """As the session of an HTTP client for which there is no transport."""

    def close(self) -> None:
        return None


class OwnClient(httpx2.Client):
    """A subclass of a client is meant too."""


# Not a real one, which needs an event loop.
AIOHTTP = type("ClientSession", (Session,), {"__module__": "aiohttp.client"})()
# httpx may not be installed.
HTTPX = type("Client", (Session,), {"__module__": "httpx"})()
ASYNC_HTTPX = type("AsyncClient", (Session,), {"__module__": "httpx"})()
HTTPX2 = OwnClient()
ASYNC_HTTPX2 = httpx2.AsyncClient()


@pytest.mark.parametrize(
    ("source", "transport", "message"),
    [
        (AsyncEventSource, UrllibTransport(), "UrllibTransport is a blocking transport, and an async one is"),
        (
            EventSource,
            AsyncHttpx2Transport(),
            "AsyncHttpx2Transport is an async transport, and a",
        ),
        (AsyncEventSource, AiohttpTransport, r"expected an instance: AiohttpTransport\(\)"),
        (EventSource, UrllibTransport, r"expected an instance: UrllibTransport\(\)"),
        (EventSource, HTTPX2, r"expected a transport, .* Httpx2Transport\(client\) .*, for EventSource$"),
        (
            AsyncEventSource,
            HTTPX2,
            r"expected a transport, .* Httpx2Transport\(client\) .*, for EventSource$",
        ),
        (
            AsyncEventSource,
            ASYNC_HTTPX2,
            r"expected .* AsyncHttpx2Transport\(client\) .*, for AsyncEventSource$",
        ),
        (
            AsyncEventSource,
            AIOHTTP,
            r"expected .* AiohttpTransport\(client\) makes one of aiohttp.ClientSession",
        ),
        (
            EventSource,
            HTTPX,
            r".* httpx\.Client is not supported: Httpx2Transport\(client\) makes one of httpx2\.Client, for",
        ),
        (
            AsyncEventSource,
            ASYNC_HTTPX,
            r".* httpx\.AsyncClient is not supported: AsyncHttpx2Transport\(client\) makes one",
        ),
        (
            EventSource,
            Session(),
            ".* Session does not have; there are UrllibTransport and Httpx2",
        ),
        (
            AsyncEventSource,
            Session(),
            ".* Session does not have; there are AnyioTransport, Aioh",
        ),
        (AsyncEventSource, httpx2, r"expected exchange\(\) and close\(\), which module does not have"),
        (EventSource, "urllib", r"expected exchange\(\) and close\(\), which str does not have"),
    ],
)
def test_a_transport_of_the_wrong_kind_is_refused(source: Any, transport: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=rf"^transport: {message}"):
        source("http://127.0.0.1:9", transport=transport)
