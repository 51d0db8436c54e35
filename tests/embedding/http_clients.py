"""The recipes of the guide "Bring your own bytes", and what it warns of; each hands on what comes."""

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

Take = Callable[[Event], None]
Reading = Callable[[str, Take], None]

SECONDS = 30
"""The limit between two reads: only a test that fails meets it."""


def read_requests(url: str, take: Take) -> None:
    with requests.get(url, stream=True, timeout=(SECONDS, SECONDS)) as response:
        for event in parse(iter(lambda: response.raw.read1(decode_content=True), b"")):
            take(event)


def iter_content_of_requests(url: str, take: Take) -> None:
    with requests.get(url, stream=True, timeout=(SECONDS, SECONDS)) as response:
        for event in parse(response.iter_content(chunk_size=None)):
            take(event)


def read_urllib3(url: str, take: Take) -> None:
    _read_urllib3(url, take, lambda response: iter(lambda: response.read1(decode_content=True), b""))


def stream_of_urllib3(url: str, take: Take) -> None:
    _read_urllib3(url, take, lambda response: response.stream())


def _read_urllib3(url: str, take: Take, chunks: Callable[[Any], Any]) -> None:
    timeout = urllib3.Timeout(connect=SECONDS, read=SECONDS)
    # Compression is asked for by requests, httpx and aiohttp anyway.
    headers = {"Accept-Encoding": "gzip"}
    with urllib3.PoolManager() as pool:
        response = pool.request("GET", url, preload_content=False, timeout=timeout, headers=headers)
        try:
            for event in parse(chunks(response)):
                take(event)
        finally:
            response.close()


def read_httpx(url: str, take: Take) -> None:
    _read_httpx(httpx, url, take)


def read_httpx2(url: str, take: Take) -> None:
    _read_httpx(httpx2, url, take)


def _read_httpx(module: ModuleType, url: str, take: Take) -> None:
    # Of httpx and its successor; there is no TLS here, and loading authorities takes long.
    client_of = cast("type[httpx2.Client]", module.Client)
    with client_of(timeout=SECONDS, verify=False) as client, client.stream("GET", url) as response:
        for event in parse(response.iter_bytes()):
            take(event)


def _async_httpx(module: ModuleType) -> Callable[[str, Take], Awaitable[None]]:
    client_of = cast("type[httpx2.AsyncClient]", module.AsyncClient)

    async def read(url: str, take: Take) -> None:
        async with client_of(timeout=SECONDS, verify=False) as client, client.stream("GET", url) as response:
            async for event in aparse(response.aiter_bytes()):
                take(event)

    return read


def read_async_httpx(url: str, take: Take) -> None:
    anyio.run(_async_httpx(httpx), url, take)


def read_async_httpx2(url: str, take: Take) -> None:
    anyio.run(_async_httpx(httpx2), url, take)


async def _aiohttp(url: str, take: Take) -> None:
    timeout = aiohttp.ClientTimeout(sock_connect=SECONDS, sock_read=SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
        async for event in aparse(response.content.iter_any()):
            take(event)


def read_aiohttp(url: str, take: Take) -> None:
    asyncio.run(_aiohttp(url, take))


RECIPES = [
    read_requests,
    read_urllib3,
    read_httpx,
    read_httpx2,
    read_async_httpx,
    read_async_httpx2,
    read_aiohttp,
]
