"""The clients that are probed: each reads a URL as its documentation shows, until it ends.

Clients that reconnect are set to wait for 10 ms and to try a few times, if they have such options. All other
options keep their defaults.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import anthropic
import httpx
import httpx2
import httpx_sse
import openai
import requests
import requests_sse
import sseclient as sseclient_py
from aiohttp_sse_client2.client import EventSource as AiohttpEventSource
from aiosseclient import aiosseclient
from ld_eventsource import SSEClient as LaunchDarklyClient
from ld_eventsource.config import ConnectStrategy, ErrorStrategy

from benchmarks.comparison.requests_parsers import sseclient_module
from benchmarks.this_library import THIS_LIBRARY
from sse_core import RetryPolicy
from sse_transports import EventSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

INITIAL_DELAY = 0.01
"""The seconds that clients are set to wait before they reconnect."""

MAX_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Client:
    """A client.

    Attributes:
        read: reads a URL with a method, and calls the function for each event.
        methods: the methods that it can use; the first is its default.
        reads_chunked: whether it understands a body with `Transfer-Encoding: chunked`.
    """

    name: str
    read: Callable[[str, str, Callable[[], None]], None]
    methods: tuple[str, ...]
    reads_chunked: bool = True

    @property
    def posts(self) -> bool:
        """Whether it can use POST."""
        return "POST" in self.methods


def read_this_library(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read with `EventSource`."""
    policy = RetryPolicy(initial_delay=INITIAL_DELAY, min_delay=0.0, factor=1.0, max_attempts=MAX_ATTEMPTS)
    with EventSource(url, method=method, retry=policy) as source:
        for _ in source:
            on_event()


def read_launchdarkly(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read with `SSEClient`, set to continue after errors."""
    with LaunchDarklyClient(
        ConnectStrategy.http(url),
        initial_retry_delay=INITIAL_DELAY,
        error_strategy=ErrorStrategy.continue_with_max_attempts(MAX_ATTEMPTS),
    ) as client:
        for _ in client.events:
            on_event()


def read_httpx_sse(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read with `connect_sse`."""
    with httpx.Client() as client, httpx_sse.connect_sse(client, method, url) as source:
        for _ in source.iter_sse():
            on_event()


def read_httpx2(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read with the client's `sse`."""
    with httpx2.Client() as client, client.sse(url, method=method) as source:
        for _ in source:
            on_event()


def read_openai(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read a streamed chat completion."""
    with (
        openai.OpenAI(base_url=url, api_key="none") as client,
        client.chat.completions.create(
            model="some-model", messages=[{"role": "user", "content": "Hello"}], stream=True
        ) as stream,
    ):
        for _ in stream:
            on_event()


def read_anthropic(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read a streamed message."""
    with (
        anthropic.Anthropic(base_url=url, api_key="none") as client,
        client.messages.create(
            model="some-model", max_tokens=9, messages=[{"role": "user", "content": "Hello"}], stream=True
        ) as stream,
    ):
        for _ in stream:
            on_event()


def read_requests_sse(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read with `EventSource`."""
    wait = timedelta(seconds=INITIAL_DELAY)
    with requests_sse.EventSource(
        url, method=method, reconnection_time=wait, max_connect_retry=MAX_ATTEMPTS
    ) as source:
        for _ in source:
            on_event()


def read_sseclient_py(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read a response of requests."""
    with requests.request(method, url, stream=True, headers={"Accept": "text/event-stream"}) as response:
        client: Any = sseclient_py.SSEClient(response)  # type: ignore[arg-type]
        for _ in client.events():
            on_event()


def read_sseclient(module: ModuleType, url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read with `SSEClient`."""
    with requests.Session() as session:
        for _ in module.SSEClient(url, retry=1000 * INITIAL_DELAY, session=session):
            on_event()


def read_aiohttp_sse_client2(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read with `EventSource`."""

    async def read() -> None:
        wait = timedelta(seconds=INITIAL_DELAY)
        async with (
            aiohttp.ClientSession() as session,
            AiohttpEventSource(
                url, option={"method": method}, reconnection_time=wait, session=session
            ) as source,
        ):
            async for _ in source:
                on_event()

    asyncio.run(read())


def read_aiosseclient(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read with its function."""

    async def read() -> None:
        async for _ in aiosseclient(url):
            on_event()

    asyncio.run(read())


def clients() -> list[Client]:
    """Return this library, then the other packages that have a client."""
    both = ("GET", "POST")
    return [
        Client(THIS_LIBRARY, read_this_library, both),
        Client("launchdarkly-eventsource", read_launchdarkly, ("GET",)),
        Client("httpx-sse", read_httpx_sse, both),
        Client("httpx2", read_httpx2, both),
        Client("openai", read_openai, ("POST",)),
        Client("anthropic", read_anthropic, ("POST",)),
        Client("requests-sse", read_requests_sse, both),
        Client("sseclient-py", read_sseclient_py, both),
        # It reads from the socket below requests, and takes the chunk sizes of a chunked body for lines.
        Client("sseclient", partial(read_sseclient, sseclient_module()), ("GET",), reads_chunked=False),
        Client("aiohttp-sse-client2", read_aiohttp_sse_client2, both),
        Client("aiosseclient", read_aiosseclient, ("GET",)),
    ]
