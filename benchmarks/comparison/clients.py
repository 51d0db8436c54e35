"""The clients whose behaviour is probed: each reads a URL as its documentation shows, until it is done.

Those that reconnect are told to wait 10 ms, and to try few times, where they can be told; all else is as it
comes.
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

from benchmarks.comparison.over_requests import sseclient_module
from benchmarks.ours import OURS
from sse_core import RetryPolicy
from sse_transports import EventSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

FIRST_WAIT = 0.01
"""Seconds before a client reconnects, as it is told."""

ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Client:
    """A client.

    Attributes:
        read: read this URL with this method, and call the function for each event.
        methods: the methods it can be told to use; the first is what it is made for.
        in_chunks: whether it understands a body with `Transfer-Encoding: chunked`.
    """

    name: str
    read: Callable[[str, str, Callable[[], None]], None]
    methods: tuple[str, ...]
    in_chunks: bool = True

    @property
    def posts(self) -> bool:
        """Whether it can be told to use POST."""
        return "POST" in self.methods


def ours(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read with `EventSource`."""
    policy = RetryPolicy(initial_delay=FIRST_WAIT, min_delay=0.0, factor=1.0, max_attempts=ATTEMPTS)
    with EventSource(url, method=method, retry=policy) as source:
        for _ in source:
            heard()


def launchdarkly(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read with `SSEClient`, which is to go on after errors."""
    with LaunchDarklyClient(
        ConnectStrategy.http(url),
        initial_retry_delay=FIRST_WAIT,
        error_strategy=ErrorStrategy.continue_with_max_attempts(ATTEMPTS),
    ) as client:
        for _ in client.events:
            heard()


def of_httpx_sse(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read with `connect_sse`."""
    with httpx.Client() as client, httpx_sse.connect_sse(client, method, url) as source:
        for _ in source.iter_sse():
            heard()


def of_httpx2(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read with the client's `sse`."""
    with httpx2.Client() as client, client.sse(url, method=method) as source:
        for _ in source:
            heard()


def of_openai(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read a streamed chat completion."""
    with (
        openai.OpenAI(base_url=url, api_key="none") as client,
        client.chat.completions.create(
            model="some-model", messages=[{"role": "user", "content": "Hello"}], stream=True
        ) as stream,
    ):
        for _ in stream:
            heard()


def of_anthropic(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read a streamed message."""
    with (
        anthropic.Anthropic(base_url=url, api_key="none") as client,
        client.messages.create(
            model="some-model", max_tokens=9, messages=[{"role": "user", "content": "Hello"}], stream=True
        ) as stream,
    ):
        for _ in stream:
            heard()


def of_requests_sse(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read with `EventSource`."""
    wait = timedelta(seconds=FIRST_WAIT)
    with requests_sse.EventSource(
        url, method=method, reconnection_time=wait, max_connect_retry=ATTEMPTS
    ) as source:
        for _ in source:
            heard()


def of_sseclient_py(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read a response of requests."""
    with requests.request(method, url, stream=True, headers={"Accept": "text/event-stream"}) as response:
        client: Any = sseclient_py.SSEClient(response)  # type: ignore[arg-type]
        for _ in client.events():
            heard()


def of_sseclient(module: ModuleType, url: str, method: str, heard: Callable[[], None]) -> None:
    """Read with `SSEClient`."""
    with requests.Session() as session:
        for _ in module.SSEClient(url, retry=1000 * FIRST_WAIT, session=session):
            heard()


def of_aiohttp_sse_client2(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read with `EventSource`."""

    async def read() -> None:
        wait = timedelta(seconds=FIRST_WAIT)
        async with (
            aiohttp.ClientSession() as session,
            AiohttpEventSource(
                url, option={"method": method}, reconnection_time=wait, session=session
            ) as source,
        ):
            async for _ in source:
                heard()

    asyncio.run(read())


def of_aiosseclient(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read with its function."""

    async def read() -> None:
        async for _ in aiosseclient(url):
            heard()

    asyncio.run(read())


def clients() -> list[Client]:
    """Return ours, then the others that are more than a parser."""
    both = ("GET", "POST")
    return [
        Client(OURS, ours, both),
        Client("launchdarkly-eventsource", launchdarkly, ("GET",)),
        Client("httpx-sse", of_httpx_sse, both),
        Client("httpx2", of_httpx2, both),
        Client("openai", of_openai, ("POST",)),
        Client("anthropic", of_anthropic, ("POST",)),
        Client("requests-sse", of_requests_sse, both),
        Client("sseclient-py", of_sseclient_py, both),
        # It reads behind the back of requests, and so takes the lengths of chunks for lines.
        Client("sseclient", partial(of_sseclient, sseclient_module()), ("GET",), in_chunks=False),
        Client("aiohttp-sse-client2", of_aiohttp_sse_client2, both),
        Client("aiosseclient", of_aiosseclient, ("GET",)),
    ]
