"""A caller's HTTP client is used unchanged, and stays open."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import aiohttp
import anyio
import httpx2
import pytest

from sse_transports import (
    AiohttpTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    EventSource,
    Httpx2Transport,
)
from tests.real_servers import feeds
from tests.real_servers.client_matrix import QUICK
from tests.real_servers.nginx import Nginx

ALL_NUMBERS = [str(number) for number in range(1, feeds.LAST_NUMBER + 1)]


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
def test_httpx2_client_stays_open(nginx: Nginx, trusting: Callable[[], ssl.SSLContext], http2: bool) -> None:
    with httpx2.Client(verify=trusting(), http2=http2) as client:
        transport = Httpx2Transport(client)
        with EventSource(f"{nginx.tls_url}/numbers", retry=QUICK, transport=transport) as source:
            assert [event.id for event in source] == ALL_NUMBERS
        transport.close()
        assert not client.is_closed
        assert client.get(f"{nginx.tls_url}/hello").text == "hello"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
def test_async_httpx2_client_stays_open(
    nginx: Nginx, trusting: Callable[[], ssl.SSLContext], http2: bool, backend: str
) -> None:
    async def main() -> None:
        async with httpx2.AsyncClient(verify=trusting(), http2=http2) as client:
            transport = AsyncHttpx2Transport(client)
            url = f"{nginx.tls_url}/numbers"
            async with AsyncEventSource(url, retry=QUICK, transport=transport) as source:
                assert [event.id async for event in source] == ALL_NUMBERS
            await transport.close()
            assert not client.is_closed
            assert (await client.get(f"{nginx.tls_url}/hello")).text == "hello"

    anyio.run(main, backend=backend)


def test_aiohttp_session_stays_open(nginx: Nginx, trusting: Callable[[], ssl.SSLContext]) -> None:
    async def main() -> None:
        connector = aiohttp.TCPConnector(ssl=trusting())
        async with aiohttp.ClientSession(connector=connector) as session:
            transport = AiohttpTransport(session)
            url = f"{nginx.tls_url}/numbers"
            async with AsyncEventSource(url, retry=QUICK, transport=transport) as source:
                assert [event.id async for event in source] == ALL_NUMBERS
            await transport.close()
            assert not session.closed
            async with session.get(f"{nginx.tls_url}/hello") as response:
                assert await response.text() == "hello"

    anyio.run(main)
