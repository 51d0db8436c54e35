"""The servers, each started once, when the first test asks for it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from tests.real_servers.client_matrix import (
    AIOHTTP,
    COMBINATIONS,
    NGINX,
    NGINX_HTTP2,
    NGINX_TLS,
    UVICORN,
    Combination,
    Reader,
    Server,
)
from tests.real_servers.clients import Tls
from tests.real_servers.holds import Hold, hold
from tests.real_servers.nginx import Nginx, nginx_proxy
from tests.real_servers.servers_in_threads import aiohttp_server, uvicorn_server
from tests.sse_transports.conftest import (
    authority,
    fast_garbage_collection,
    no_leaks,
    no_proxy_settings,
)

__all__ = ["authority", "fast_garbage_collection", "no_leaks", "no_proxy_settings"]


@pytest.fixture(scope="session")
def uvicorn_port() -> Iterator[int]:
    with uvicorn_server() as number:
        yield number


@pytest.fixture(scope="session")
def aiohttp_port() -> Iterator[int]:
    with aiohttp_server() as number:
        yield number


@pytest.fixture(scope="session")
def nginx(
    uvicorn_port: int, tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA
) -> Iterator[Nginx]:
    with nginx_proxy(uvicorn_port, tmp_path_factory.mktemp("nginx"), authority) as running:
        yield running


@pytest.fixture
def own_nginx(uvicorn_port: int, tmp_path: Path, authority: trustme.CA) -> Iterator[Nginx]:
    """An nginx that the test may kill; its upstream server stays."""
    with nginx_proxy(uvicorn_port, tmp_path, authority) as running:
        yield running


@pytest.fixture
def trusting(authority: trustme.CA) -> Callable[[], ssl.SSLContext]:
    """Return a function that makes TLS settings, for one client, that trust the servers of these tests."""

    def make() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority.configure_trust(context)
        return context

    return make


@pytest.fixture(scope="session")
def urls(uvicorn_port: int, aiohttp_port: int, nginx: Nginx) -> dict[Server, str]:
    """The URL of each server. They start before any test, so that no test is blamed for their threads."""
    return {
        UVICORN: f"http://127.0.0.1:{uvicorn_port}",
        AIOHTTP: f"http://127.0.0.1:{aiohttp_port}",
        NGINX: nginx.url,
        NGINX_TLS: nginx.tls_url,
        NGINX_HTTP2: nginx.tls_url,
    }


@pytest.fixture(params=COMBINATIONS, ids=str)
def reader(
    request: pytest.FixtureRequest, urls: dict[Server, str], trusting: Callable[[], ssl.SSLContext]
) -> Reader:
    """Each client with each server."""
    combination: Combination = request.param
    tls = Tls(trusting(), combination.server.http2) if combination.server.tls else None
    return Reader(combination, urls[combination.server], tls)


@pytest.fixture
def held() -> Iterator[Hold]:
    """A point where streams are held until the test releases them."""
    with hold() as point:
        yield point
