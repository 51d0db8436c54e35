"""Servers that go away in mid-stream, and come again: fifty clients lose nothing, and get nothing twice."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from tests.real_servers.crowds import ALL, CLIENTS, KINDS, Crowd, over_http2, run_crowd
from tests.real_servers.holds import Hold
from tests.real_servers.nginx import Nginx, nginx_before
from tests.real_servers.ports import port
from tests.real_servers.process import FEED, Server, server_process


@pytest.fixture
def server_port() -> Iterator[int]:
    with port() as number:
        yield number


@pytest.fixture
def server(server_port: int) -> Iterator[Server]:
    with server_process(server_port) as process:
        process.start(held=True)
        yield process


def assert_all_got_all(crowd: Crowd) -> None:
    assert crowd.ids == [ALL] * CLIENTS
    # Once before and once after: nobody was spared, or had to come again for another reason.
    assert crowd.opened == [2] * CLIENTS


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_when_the_server_is_killed_and_started_again(
    kind: str, server_port: int, server: Server
) -> None:
    def restart(_crowd: Crowd) -> None:
        server.kill()
        server.start(held=False)

    crowd = run_crowd(f"http://127.0.0.1:{server_port}{FEED}", *KINDS[kind], restart)
    assert_all_got_all(crowd)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_when_the_server_behind_nginx_is_killed_and_started_again(
    kind: str, server_port: int, server: Server, tmp_path: Path, authority: trustme.CA
) -> None:
    def restart(_crowd: Crowd) -> None:
        server.kill()
        server.start(held=False)

    with nginx_before(server_port, tmp_path, authority) as nginx:
        # While there is no server behind it, nginx answers 502.
        crowd = run_crowd(f"{nginx.url}{FEED}", *KINDS[kind], restart)
    assert_all_got_all(crowd)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_when_nginx_is_killed_and_started_again(
    kind: str, own_nginx: Nginx, held: Hold
) -> None:
    def restart(crowd: Crowd) -> None:
        own_nginx.kill()
        own_nginx.start()
        crowd.until_all_came_again()
        held.let_go()

    crowd = run_crowd(f"{own_nginx.url}/feed/{held.name}", *KINDS[kind], restart)
    assert_all_got_all(crowd)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_when_nginx_is_reloaded(kind: str, own_nginx: Nginx, held: Hold) -> None:
    def reload(crowd: Crowd) -> None:
        own_nginx.reload()
        crowd.until_all_came_again()
        held.let_go()

    crowd = run_crowd(f"{own_nginx.url}/feed/{held.name}", *KINDS[kind], reload)
    assert_all_got_all(crowd)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_nothing_is_lost_with_a_connection_that_all_share(
    backend: str, own_nginx: Nginx, held: Hold, trusting: Callable[[], ssl.SSLContext]
) -> None:
    def restart(crowd: Crowd) -> None:
        own_nginx.kill()
        own_nginx.start()
        crowd.until_all_came_again()
        held.let_go()

    # Of streams that share a connection, httpx2 may hand over what came for one of them only when the next
    # bytes come for any: no stream is silent for long, as from servers that keep connections alive.
    url = f"{own_nginx.tls_url}/feed/{held.name}?ping=0.2"
    crowd = run_crowd(url, over_http2(trusting()), backend, restart)
    assert len(crowd.first_connections) == 1
    assert_all_got_all(crowd)
