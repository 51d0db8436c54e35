"""The blocking client and the async one, over each HTTP client and event loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import anyio

from sse_core import StateChange
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
    UrllibTransport,
)
from sse_transports._async_event_source import AsyncOptions
from sse_transports._interface import AsyncTransport, Transport
from tests.sse_transports.scenario import Client, RunState, Scenario


def blocking(make: Callable[[], Transport]) -> Client:
    """Run a scenario with `EventSource`."""

    def run_client(scenario: Scenario, run: RunState) -> None:
        options = scenario.arguments()
        options["on_state"] = run.changes.append
        transport = options["transport"] = make()
        with EventSource(scenario.url(run), **options) as source:
            for event in source:
                run.receive(event)
        transport.close()

    return run_client


def on(backend: str, make: Callable[[], AsyncTransport]) -> Client:
    """Run a scenario with `AsyncEventSource` and async hooks."""

    async def run_client(scenario: Scenario, run: RunState) -> None:
        async def on_state(change: StateChange) -> None:
            run.changes.append(change)

        options = cast("AsyncOptions", scenario.arguments())
        options["on_state"] = on_state
        transport = options["transport"] = make()
        try:
            async with AsyncEventSource(scenario.url(run), **options) as source:
                async for event in source:
                    run.receive(event)
        finally:
            await transport.close()

    return lambda scenario, run: anyio.run(run_client, scenario, run, backend=backend)


@dataclass(frozen=True)
class NamedClient:
    """A client and its name."""

    name: str
    run: Client


CLIENTS = (
    NamedClient("urllib", blocking(UrllibTransport)),
    NamedClient("httpx2", blocking(Httpx2Transport)),
    NamedClient("anyio on asyncio", on("asyncio", AnyioTransport)),
    NamedClient("anyio on trio", on("trio", AnyioTransport)),
    NamedClient("aiohttp on asyncio", on("asyncio", AiohttpTransport)),
    NamedClient("httpx2 on asyncio", on("asyncio", AsyncHttpx2Transport)),
    NamedClient("httpx2 on trio", on("trio", AsyncHttpx2Transport)),
)
