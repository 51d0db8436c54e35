"""The recipes of the guide for other HTTP clients, and the ways that it warns of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any, cast

import aiohttp
import anyio
import httpx
import httpx2
import requests
import urllib3

from sse_core import Event, aparse, parse

OnEvent = Callable[[Event], None]
Recipe = Callable[[str, OnEvent], None]
"""Reads a URL, and calls the function for each event."""

TIMEOUT = 30
"""Seconds between two reads. Only a failing test reaches it."""


def read_requests(url: str, on_event: OnEvent) -> None:
    with requests.get(url, stream=True, timeout=(TIMEOUT, TIMEOUT)) as response:
        for event in parse(iter(lambda: response.raw.read1(decode_content=True), b"")):
            on_event(event)


def read_requests_iter_content(url: str, on_event: OnEvent) -> None:
    with requests.get(url, stream=True, timeout=(TIMEOUT, TIMEOUT)) as response:
        for event in parse(response.iter_content(chunk_size=None)):
            on_event(event)


def read_urllib3(url: str, on_event: OnEvent) -> None:
    _read_urllib3(url, on_event, lambda response: iter(lambda: response.read1(decode_content=True), b""))


def read_urllib3_stream(url: str, on_event: OnEvent) -> None:
    _read_urllib3(url, on_event, lambda response: response.stream())


def _read_urllib3(url: str, on_event: OnEvent, chunks: Callable[[Any], Any]) -> None:
    timeout = urllib3.Timeout(connect=TIMEOUT, read=TIMEOUT)
    # Request gzip, as requests, httpx and aiohttp do by default.
    headers = {"Accept-Encoding": "gzip"}
    with urllib3.PoolManager() as pool:
        response = pool.request("GET", url, preload_content=False, timeout=timeout, headers=headers)
        try:
            for event in parse(chunks(response)):
                on_event(event)
        finally:
            response.close()


def read_httpx(url: str, on_event: OnEvent) -> None:
    _read_httpx(httpx, url, on_event)


def read_httpx2(url: str, on_event: OnEvent) -> None:
    _read_httpx(httpx2, url, on_event)


def _read_httpx(module: ModuleType, url: str, on_event: OnEvent) -> None:
    # `module` is httpx or httpx2. No TLS is used, so do not load certificates, which takes long.
    client_of = cast("type[httpx2.Client]", module.Client)
    with client_of(timeout=TIMEOUT, verify=False) as client, client.stream("GET", url) as response:
        for event in parse(response.iter_bytes()):
            on_event(event)


def _async_httpx(module: ModuleType) -> Callable[[str, OnEvent], Awaitable[None]]:
    client_of = cast("type[httpx2.AsyncClient]", module.AsyncClient)

    async def read(url: str, on_event: OnEvent) -> None:
        async with client_of(timeout=TIMEOUT, verify=False) as client, client.stream("GET", url) as response:
            async for event in aparse(response.aiter_bytes()):
                on_event(event)

    return read


def read_async_httpx(url: str, on_event: OnEvent) -> None:
    anyio.run(_async_httpx(httpx), url, on_event)


def read_async_httpx2(url: str, on_event: OnEvent) -> None:
    anyio.run(_async_httpx(httpx2), url, on_event)


async def _aiohttp(url: str, on_event: OnEvent) -> None:
    timeout = aiohttp.ClientTimeout(sock_connect=TIMEOUT, sock_read=TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
        async for event in aparse(response.content.iter_any()):
            on_event(event)


def read_aiohttp(url: str, on_event: OnEvent) -> None:
    asyncio.run(_aiohttp(url, on_event))


RECIPES = [
    read_requests,
    read_urllib3,
    read_httpx,
    read_httpx2,
    read_async_httpx,
    read_async_httpx2,
    read_aiohttp,
]
