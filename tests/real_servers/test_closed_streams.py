"""A stream that the client closes on an HTTP/2 connection that stays open also ends on the server."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import anyio
import httpx2
import pytest

from sse_core import Event
from sse_transports import AsyncEventSource, AsyncHttpx2Transport, EventSource, Httpx2Transport
from tests.real_servers.client_matrix import SECONDS
from tests.real_servers.holds import Hold
from tests.real_servers.nginx import Nginx

MORE_THAN_MAX_STREAMS = 130
"""More streams than nginx allows at a time on a connection: 128."""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_server_notices_a_closed_stream(
    backend: str, nginx: Nginx, trusting: Callable[[], ssl.SSLContext], held: Hold
) -> None:
    async def main() -> None:
        async with httpx2.AsyncClient(verify=trusting(), http2=True) as client:
            url = f"{nginx.tls_url}/held/{held.name}"
            async with AsyncEventSource(url, transport=AsyncHttpx2Transport(client)) as source:
                assert await anext(source) == Event("before")
            held.until_left()

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_closed_streams_do_not_use_the_connection_up(
    backend: str, nginx: Nginx, trusting: Callable[[], ssl.SSLContext], held: Hold
) -> None:
    async def main() -> None:
        async with httpx2.AsyncClient(verify=trusting(), http2=True) as client:
            url = f"{nginx.tls_url}/held/{held.name}"
            for _ in range(MORE_THAN_MAX_STREAMS):
                async with AsyncEventSource(
                    url, retry=None, timeout=SECONDS, transport=AsyncHttpx2Transport(client)
                ) as source:
                    assert await anext(source) == Event("before")
            assert (await client.get(f"{nginx.tls_url}/hello")).text == "hello"

    anyio.run(main, backend=backend)


def test_server_notices_a_closed_blocking_stream(
    nginx: Nginx, trusting: Callable[[], ssl.SSLContext], held: Hold
) -> None:
    with httpx2.Client(verify=trusting(), http2=True) as client:
        url = f"{nginx.tls_url}/held/{held.name}"
        with EventSource(url, transport=Httpx2Transport(client)) as source:
            assert next(source) == Event("before")
        held.until_left()


def test_closed_blocking_streams_free_the_connection(
    nginx: Nginx, trusting: Callable[[], ssl.SSLContext], held: Hold
) -> None:
    with httpx2.Client(verify=trusting(), http2=True) as client:
        url = f"{nginx.tls_url}/held/{held.name}"
        for _ in range(MORE_THAN_MAX_STREAMS):
            with EventSource(url, retry=None, timeout=SECONDS, transport=Httpx2Transport(client)) as source:
                assert next(source) == Event("before")
        assert client.get(f"{nginx.tls_url}/hello").text == "hello"
