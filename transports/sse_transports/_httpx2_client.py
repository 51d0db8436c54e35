"""The clients that the httpx2 transports make for themselves: httpx2's own, with other ways to connect.

- The proxy comes from `_proxies.py`, as with all transports, and is looked up for each request.
- Every connection has TCP keep-alive, also one to a proxy, where httpx2 ignores `socket_options`.
- The blocking client tries the next address of a host while the first does not answer, and stops when the
  exchange is closed. The async client does both without help.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Generic, TypeVar, cast

import httpcore2
import httpx2

# Private, but there is no other way to give httpcore2 a socket.
from httpcore2._backends.sync import SyncStream

import sse_core
from sse_core import ConnectError

from ._exchanges import reason
from ._proxies import environment_proxy
from ._sockets import connect, set_keep_alive

ATTACH = "sse_core.attach"
"""The extension of a blocking request: a function that takes a socket, to shut it down when it is closed."""

Pool = TypeVar("Pool")


def make_client() -> httpx2.Client:
    """Create the transport's own client.

    Raises:
        sse_core.ConnectError: the environment's certificate files cannot be used. Final.
    """
    return httpx2.Client(transport=_Transport(), **_client_options())


def make_async_client() -> httpx2.AsyncClient:
    """Return an async client of the transport's own.

    Raises:
        sse_core.ConnectError: the environment's certificate files cannot be used. Final.
    """
    return httpx2.AsyncClient(transport=_AsyncTransport(), **_client_options())


def proxy_of(client: httpx2.Client | httpx2.AsyncClient, url: httpx2.URL) -> str | None:
    """Return the proxy that a client, also a caller's, uses for `url`, without user and password.

    For the message of an error: what it looks at is private, and if it changes, None is returned.
    """
    try:
        transport: Any = client._transport_for_url(url)  # noqa: SLF001
        if isinstance(transport, (_Transport, _AsyncTransport)):
            transport = transport._pools.find(url)  # noqa: SLF001
        proxy = transport._pool._proxy_url  # noqa: SLF001
        port = "" if proxy.port is None else f":{proxy.port}"
        return f"{proxy.scheme.decode()}://{proxy.host.decode()}{port}"
    except (AttributeError, ConnectError):
        return None


def _client_options() -> dict[str, Any]:
    return {
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        "headers": {"User-Agent": f"sse-core/{sse_core.__version__}"},
        "timeout": httpx2.Timeout(None),
    }


class _Pools(Generic[Pool]):
    """One of httpx2's own transports for each proxy, and one for direct connections."""

    def __init__(self, make_pool: Callable[..., Pool], set_backend: Callable[[Any], None]) -> None:
        self._make_pool = make_pool
        self._set_backend = set_backend
        self._ssl_context = _ssl_context()
        self._pools: dict[str | None, Pool] = {}

    def find(self, url: httpx2.URL) -> Pool:
        """Return the one for this URL.

        Raises:
            sse_core.ConnectError: the proxy that the environment names cannot be used. Final.
        """
        proxy = environment_proxy(str(url))
        if proxy not in self._pools:
            # Two threads may make one: both get the same.
            self._pools.setdefault(proxy, self._make(proxy))
        return self._pools[proxy]

    def take_all(self) -> list[Pool]:
        """Return all, and forget them."""
        pools, self._pools = self._pools, {}
        return list(pools.values())

    def _make(self, proxy: str | None) -> Pool:
        try:
            pool: Any = self._make_pool(
                verify=self._ssl_context,
                # Each stream has a connection of its own, which is not kept for later.
                limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
                proxy=None if proxy is None else self._proxy(proxy),
            )
        except (httpx2.InvalidURL, ValueError):
            # Without the cause: its message may contain a part of a password.
            raise ConnectError("the proxy of the environment has no usable address", final=True) from None
        # Private, but httpx2's transports have no argument for it.
        self._set_backend(pool._pool)  # noqa: SLF001
        return cast("Pool", pool)

    def _proxy(self, url: str) -> httpx2.Proxy:
        # httpx2 does not accept TLS settings for an http:// proxy.
        return httpx2.Proxy(url, ssl_context=self._ssl_context if url.startswith("https:") else None)


class _Transport(httpx2.BaseTransport):
    """Sends the requests of the blocking client."""

    def __init__(self) -> None:
        self._backend = _Backend()
        self._pools = _Pools(httpx2.HTTPTransport, self._set_backend)

    def _set_backend(self, pool: Any) -> None:
        pool._network_backend = self._backend  # noqa: SLF001

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self._backend.request.attach = request.extensions[ATTACH]
        return self._pools.find(request.url).handle_request(request)

    def close(self) -> None:
        for pool in self._pools.take_all():
            pool.close()


class _Backend(httpcore2.SyncBackend):
    """Connects to the first address that accepts (RFC 8305)."""

    def __init__(self) -> None:
        # `attach` of the request that this thread sends: httpcore2 does not pass the request on.
        self.request = threading.local()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Return a connection. No timeout: the deadline of the exchange ends it."""
        interrupt, other = socket.socketpair()
        try:
            with interrupt, other:
                self.request.attach(other)
                connection = connect(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), interrupt)
        except OSError as error:
            raise httpcore2.ConnectError(reason(error)) from error
        # The system may refuse it on a connection that has already ended: then reading says so.
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return SyncStream(connection)


class _AsyncTransport(httpx2.AsyncBaseTransport):
    """Sends the requests of the async client."""

    def __init__(self) -> None:
        self._pools = _Pools(httpx2.AsyncHTTPTransport, self._set_backend)

    @staticmethod
    def _set_backend(pool: Any) -> None:
        pool._network_backend = _AsyncBackend(pool._network_backend)  # noqa: SLF001

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._pools.find(request.url).handle_async_request(request)

    async def aclose(self) -> None:
        for pool in self._pools.take_all():
            await pool.aclose()


class _AsyncBackend(httpcore2.AsyncNetworkBackend):
    """Connects as the backend of the event loop does, with TCP keep-alive."""

    def __init__(self, backend: httpcore2.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        stream = await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        connection = stream.get_extra_info("socket")
        # A duplicate: uvloop's sockets have no `setsockopt`. Without a descriptor for it, nothing is set.
        with (
            contextlib.suppress(OSError),
            socket.fromfd(connection.fileno(), connection.family, connection.type) as duplicate,
        ):
            set_keep_alive(duplicate)
        return stream


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """Return httpx2's own TLS settings. Loading them for each client takes longer than a request.

    Raises:
        sse_core.ConnectError: `SSL_CERT_FILE` or `SSL_CERT_DIR` cannot be used. Final.
    """
    try:
        return httpx2.create_ssl_context()
    except OSError as error:
        raise ConnectError(
            f"the environment's certificates cannot be used: {reason(error)}", final=True
        ) from error
