"""Every way to read a stream: the blocking client and the async one, over each HTTP client and event loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import anyio

from sse_core import StateChange
from sse_transports import (
    AiohttpTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
    UrllibTransport,
)
from sse_transports._async_event_source import AsyncOptions
from sse_transports._interface import AsyncTransport, Transport
from tests.sse_transports.scenario import Client, Scenario, Stage


def blocking(make: Callable[[], Transport]) -> Client:
    """Play with `EventSource`."""

    def play(scenario: Scenario, stage: Stage) -> None:
        options = scenario.arguments()
        options["on_state"] = stage.changes.append
        transport = options["transport"] = make()
        with EventSource(scenario.url(stage), **options) as source:
            for event in source:
                stage.receive(event)
        transport.close()

    return play


def on(backend: str, make: Callable[[], AsyncTransport]) -> Client:
    """Play with `AsyncEventSource`; hooks are async, as they may be there."""

    async def play(scenario: Scenario, stage: Stage) -> None:
        async def on_state(change: StateChange) -> None:
            stage.changes.append(change)

        options = cast("AsyncOptions", scenario.arguments())
        options["on_state"] = on_state
        transport = options["transport"] = make()
        try:
            async with AsyncEventSource(scenario.url(stage), **options) as source:
                async for event in source:
                    stage.receive(event)
        finally:
            await transport.close()

    return lambda scenario, stage: anyio.run(play, scenario, stage, backend=backend)


@dataclass(frozen=True)
class Way:
    """One way to read a stream, by its name."""

    name: str
    play: Client


WAYS = (
    Way("urllib", blocking(UrllibTransport)),
    Way("httpx2", blocking(Httpx2Transport)),
    Way("aiohttp on asyncio", on("asyncio", AiohttpTransport)),
    Way("httpx2 on asyncio", on("asyncio", AsyncHttpx2Transport)),
    Way("httpx2 on trio", on("trio", AsyncHttpx2Transport)),
)
