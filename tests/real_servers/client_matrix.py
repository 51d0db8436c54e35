"""Every combination of a client and a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Unpack

from sse_core import RetryPolicy
from sse_transports._event_source import Options
from tests.real_servers.clients import CLIENTS, Client, Item, Tls

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0, max_delay=0.2, jitter=0.0)
"""The default policy with short waits, and without jitter."""

SECONDS = 20.0
"""The idle timeout, so that a test that fails does not hang."""


@dataclass(frozen=True)
class Server:
    """A server that clients connect to."""

    name: str
    tls: bool = False
    http2: bool = False


UVICORN = Server("uvicorn")
AIOHTTP = Server("aiohttp.web")
NGINX = Server("nginx")
NGINX_TLS = Server("nginx over TLS", tls=True)
NGINX_HTTP2 = Server("nginx over HTTP/2", tls=True, http2=True)


@dataclass(frozen=True)
class Combination:
    """One client with one server."""

    client: Client
    server: Server

    def __str__(self) -> str:
        return f"{self.client.name} from {self.server.name}"


COMBINATIONS = [
    Combination(client, server)
    for server in (UVICORN, AIOHTTP, NGINX, NGINX_TLS, NGINX_HTTP2)
    for client in CLIENTS
    if client.speaks_http2 or not server.http2
]

NGINX_COMBINATIONS = [each for each in COMBINATIONS if each.server in (NGINX, NGINX_TLS, NGINX_HTTP2)]


class Reader:
    """A client, ready to read from a server."""

    def __init__(self, combination: Combination, url: str, tls: Tls | None) -> None:
        self.combination = combination
        self._url = url
        self._tls = tls

    def read(
        self,
        path: str,
        *,
        stop_at: Callable[[Item], bool] = lambda _: False,
        comments: bool = False,
        **options: Unpack[Options],
    ) -> list[Item]:
        """Read to the end of the stream, or to the item for which `stop_at` is true; return what was read.

        There is one attempt, unless the options have a `retry`.
        """
        items: list[Item] = []

        def receive(item: Item) -> bool:
            items.append(item)
            return stop_at(item)

        given: Options = {"retry": None, "idle_timeout": SECONDS, "timeout": SECONDS, **options}
        self.combination.client.read(self._url + path, self._tls, receive, comments=comments, options=given)
        return items
