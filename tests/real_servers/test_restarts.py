"""Servers that restart in mid-stream: fifty clients get every event exactly once."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from tests.real_servers.holds import Hold
from tests.real_servers.many_clients import ALL, CLIENTS, KINDS, ManyClients, over_http2, run_clients
from tests.real_servers.nginx import Nginx, nginx_proxy
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


def assert_each_event_once(clients: ManyClients) -> None:
    assert clients.ids == [ALL] * CLIENTS
    # Once before and once after the restart: each client lost its connection, and only once.
    assert clients.opened == [2] * CLIENTS


def nginx_restart(nginx: Nginx, held: Hold) -> Callable[[ManyClients], None]:
    """Return a function that restarts nginx, and ends the feed when all clients have reconnected."""

    def restart(clients: ManyClients) -> None:
        nginx.kill()
        nginx.start()
        clients.until_all_reconnected()
        held.release()

    return restart


@pytest.mark.parametrize("kind", KINDS)
def test_no_event_is_lost_when_the_server_restarts(kind: str, server_port: int, server: Server) -> None:
    def restart(_clients: ManyClients) -> None:
        server.kill()
        server.start(held=False)

    clients = run_clients(f"http://127.0.0.1:{server_port}{FEED}", *KINDS[kind], restart)
    assert_each_event_once(clients)


@pytest.mark.parametrize("kind", KINDS)
def test_no_event_is_lost_when_nginxs_upstream_restarts(
    kind: str, server_port: int, server: Server, tmp_path: Path, authority: trustme.CA
) -> None:
    def restart(_clients: ManyClients) -> None:
        server.kill()
        server.start(held=False)

    with nginx_proxy(server_port, tmp_path, authority) as nginx:
        # Without its upstream server, nginx responds with 502.
        clients = run_clients(f"{nginx.url}{FEED}", *KINDS[kind], restart)
    assert_each_event_once(clients)


@pytest.mark.parametrize("kind", KINDS)
def test_no_event_is_lost_when_nginx_restarts(kind: str, own_nginx: Nginx, held: Hold) -> None:
    restart = nginx_restart(own_nginx, held)
    clients = run_clients(f"{own_nginx.url}/feed/{held.name}", *KINDS[kind], restart)
    assert_each_event_once(clients)


@pytest.mark.parametrize("kind", KINDS)
def test_no_event_is_lost_when_nginx_is_reloaded(kind: str, own_nginx: Nginx, held: Hold) -> None:
    def reload(clients: ManyClients) -> None:
        own_nginx.reload()
        clients.until_all_reconnected()
        held.release()

    clients = run_clients(f"{own_nginx.url}/feed/{held.name}", *KINDS[kind], reload)
    assert_each_event_once(clients)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_no_event_is_lost_on_a_shared_connection(
    backend: str, own_nginx: Nginx, held: Hold, trusting: Callable[[], ssl.SSLContext]
) -> None:
    # On a shared connection, httpx2 may return what has arrived for one stream only when the next bytes
    # arrive for any stream. So the server sends pings, as servers that keep connections alive do.
    url = f"{own_nginx.tls_url}/feed/{held.name}?ping=0.2"
    clients = run_clients(url, over_http2(trusting()), backend, nginx_restart(own_nginx, held))
    assert len(clients.first_connections) == 1
    assert_each_event_once(clients)
