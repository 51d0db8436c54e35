"""The transports on httpx2: blocking, and async for trio as well as asyncio.

Both use the caller's client or one of their own (`_httpx2_client.py`), and share how a request is built and a
response is read. They differ in how a connection is interrupted: the blocking exchange has a `SocketGuard`,
the async one cancels. In a forked process, both close only a descriptor (`_fork.py`).
"""

from __future__ import annotations

import contextlib
import os
import socket
import weakref
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import anyio
import httpcore2
import httpx2

from sse_core import ConnectError, IdleTimeout, ReadError, Request, Response

from ._exchanges import (
    AsyncDecodedExchange,
    DecodedExchange,
    _ExchangeBase,
    body_decoder,
    causes,
    closed,
    invalid_header,
    reason,
)
from ._extras import check_client
from ._fork import ProcessOwner, close_descriptor, shut_down
from ._http2 import reset_stream
from ._httpx2_client import ATTACH, make_async_client, make_client, proxy_of
from ._orphaned_connections import close_of_orphan
from ._socket_guard import SocketGuard

FAILURES = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    OSError,
    ValueError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
)
"""What httpx2, and httpcore2 inside it, raise if the network or the server fails."""

CONNECTED = frozenset({"connection.connect_tcp.complete", "connection.connect_unix_socket.complete"})
"""The trace events of httpx2 that bring a new connection."""

START_TLS = frozenset({"connection.start_tls.complete", "proxy.start_tls.complete"})
"""Those that bring another object for the same connection, with TLS."""

NOT_IMPLEMENTED = 501
"""What h11 would answer to a transfer coding that it does not know (RFC 9112, 6.1); its only use of it."""

CLIENT_LIMITS: dict[type[Exception], tuple[str, str]] = {
    httpx2.ConnectTimeout: ("connect", "no connection"),
    httpx2.PoolTimeout: ("pool", "no free connection in the pool"),
    httpx2.WriteTimeout: ("write", "the request was not sent"),
}
"""Which of a client's limits has passed, and what that means."""


class Httpx2Transport(ProcessOwner):
    """Carries event streams over httpx2, for the blocking `EventSource`.

    Redirects are left to the event source. A client of the caller's is used as it is, with its proxy,
    TLS settings, HTTP/2, cookies, headers, authentication and pool, but without its limit on the time
    between reads, and it is never closed. The transport's own has no cookies and no limit on the number of
    connections, takes proxies from the environment, keeps no connection for later, and turns TCP keep-alive
    on. It tries the next address of a host while the first does not answer. A client of the caller's tries
    one after another: to each, connecting may take half of `timeout`.

    Over HTTP/2, streams share a connection: a `close` in another thread while one is read, and an idle
    timeout, end that connection, and the other streams reconnect.

    Args:
        client: the caller's client, if there is one.

    Raises:
        sse_core.InvalidArgument: `client` is no `httpx2.Client`.
    """

    def __init__(self, client: httpx2.Client | None = None) -> None:
        super().__init__()
        check_client("client", client, httpx2.Client)
        self._owns_client = client is None
        self._client = client

    def exchange(self, request: Request, *, timeout: float | None) -> Httpx2Exchange:
        """Return an exchange for `request`, without any I/O yet. See `Transport`."""
        # A client of the caller's tries one address after another: the first must leave time for the next.
        share = 1.0 if self._owns_client else 0.5
        return Httpx2Exchange(self._get_client, request, timeout, share)

    def _get_client(self) -> httpx2.Client:
        if self._client is None or (self._owns_client and self.is_foreign()):
            self._client = make_client()
            self.adopt()
        return self._client

    def close(self) -> None:
        """Close the transport's own client; the caller's stays open."""
        if self._owns_client and self._client is not None:
            client, self._client = self._client, None
            # In a forked process, its locks may be held for ever. It keeps no connection.
            if not self.is_foreign():
                client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class _Httpx2ExchangeBase(_ExchangeBase):
    """The part that does no I/O: the same for both exchanges."""

    # The share of `timeout` that the client may use to connect to one address.
    _connect_share = 1.0

    def _build_request(self, client: httpx2.Client | httpx2.AsyncClient) -> httpx2.Request:
        """Return the request as httpx2 wants it.

        Raises:
            sse_core.ConnectError: it cannot be sent, because of the caller's client. Final.
        """
        try:
            return _build_request(client, self._request, self._timeout, self._connect_share)
        except (httpx2.InvalidURL, ValueError) as error:
            message = f"httpx2 cannot send this request: {reason(error)}"
            raise self._not_connected(message, final=True) from error

    def _send_failed(
        self, error: BaseException, request: httpx2.Request, client: httpx2.Client | httpx2.AsyncClient
    ) -> ConnectError:
        """Return the error for what the client raised when it sent `request`."""
        proxy = proxy_of(client, request.url)
        if isinstance(error, httpx2.TimeoutException):
            name, fault = CLIENT_LIMITS.get(type(error), ("", ""))
            limit = request.extensions["timeout"].get(name)
            if limit is None or limit == self._timeout:
                return self._no_response(proxy)
            message = f"{fault} within {limit:g} seconds (the client's {name} timeout)"
            return self._not_connected(message, proxy=proxy)
        if isinstance(error, (httpx2.LocalProtocolError, ValueError)):
            header = invalid_header(request.headers.raw)
            if header is not None:
                return self._invalid_header(header)
        if isinstance(error, httpx2.ProxyError) and str(error).startswith("407"):
            # The credentials for the proxy are wrong, and would be again.
            return self._not_connected(reason(error), True, proxy)
        if any(getattr(cause, "error_status_hint", None) == NOT_IMPLEMENTED for cause in causes(error)):
            # h11 refuses the response before its headers are known: this cannot be a ContentEncodingError.
            message = "the body's transfer coding is not supported, only chunked is"
            return self._not_connected(message, True, proxy)
        return self._connect_failed(error, proxy)


class Httpx2Exchange(_Httpx2ExchangeBase, DecodedExchange):
    """One request and its response. See `Exchange`."""

    def __init__(
        self,
        get_client: Callable[[], httpx2.Client],
        request: Request,
        timeout: float | None,
        connect_share: float,
    ) -> None:
        super().__init__(request, timeout)
        self._connect_share = connect_share
        self._get_client = get_client
        self._guard = SocketGuard(self._release)
        # httpx2's own dict of the request's timeouts: it is looked up at each read.
        self._timeouts: dict[str, float | None] = {}
        self._response: httpx2.Response | None = None
        # httpx2's connection, where it belongs to this exchange alone.
        self._network_stream: Any = None
        self._body: Iterator[bytes] = iter(())
        # Whether the body was read to its end: then the client may use the connection again.
        self._ended = False
        self._reading = False

    def open(self) -> Response:
        """Send the request and return the response headers. See `Exchange.open`."""
        with self._guard:
            with self._guard.deadline(self._timeout):
                client = self._get_client()
                request = self._build_request(client)
                self._timeouts = request.extensions["timeout"]
                # Also set httpx2's own timeout: the deadline cannot end a pooled connection before that is
                # attached.
                self._timeouts["read"] = self._timeout
                request.extensions["trace"] = self._trace
                request.extensions[ATTACH] = self._guard.attach
                try:
                    response = self._response = self._send(client, request)
                    # httpx2 sends no trace event for a pooled connection, so attach it here.
                    self._network_stream = _own_network_stream(response)
                    self._attach(response.extensions.get("network_stream"))
                except FAILURES as error:
                    if self._guard.expired:
                        # Not `from error`: the deadline has shut the socket down, and to httpx2 that looks
                        # as if the server had.
                        raise self._no_response(proxy_of(client, request.url)) from None
                    raise self._send_failed(error, request, client) from error
            if self._guard.expired:
                # The headers arrived just as time ran out, and the socket is shut down.
                raise self._no_response()
            # `iter_raw` would do no more than the stream itself, at twice the cost.
            self._body = iter(_stream(response))
        head = _head(response, self._request)
        return self._opened(head, body_decoder(head))

    def close(self) -> None:
        """Drop the connection, at any moment, from any thread. See `Exchange.close`."""
        self._guard.close()

    def _read_raw(self, timeout: float | None) -> bytes:
        if not self._reading:
            # Over HTTP/1.1, httpx2 looks the timeout up at the first read and keeps it for all.
            self._reading = True
            self._timeouts["read"] = timeout
        if timeout != self._timeouts["read"]:
            with self._guard.deadline(timeout):
                return self._read_body(timeout)
        return self._read_body(timeout)

    def _read_body(self, timeout: float | None) -> bytes:
        with self._guard:
            try:
                data = next(self._body, b"")
            except httpx2.ReadTimeout as error:
                raise (ReadError(reason(error)) if timeout is None else IdleTimeout(timeout)) from error
            except FAILURES as error:
                if self._guard.expired and timeout is not None:
                    raise IdleTimeout(timeout) from error
                raise ReadError(reason(error)) from error
            if not data and self._guard.expired and timeout is not None:
                raise IdleTimeout(timeout)
            if not data:
                # A socket that was shut down may look like a clean end.
                if self._guard.closed:
                    raise closed()
                self._ended = True
                self._release()
        return data

    def _send(self, client: httpx2.Client, request: httpx2.Request) -> httpx2.Response:
        try:
            return client.send(request, stream=True, follow_redirects=False, **_auth(self._request))
        except httpx2.HTTPStatusError as error:
            return _without_body(error.response)

    def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Attach a connection to the guard as soon as httpx2 reports it."""
        if name in START_TLS:
            self._network_stream = info["return_value"]
        elif name.startswith("http2."):
            # From now on, other requests may share it.
            self._network_stream = None
        elif name in CONNECTED:
            self._network_stream = info["return_value"]
            try:
                self._attach(info["return_value"])
            except OSError:
                # The exchange was closed meanwhile, and httpx2 would leave the connection open.
                info["return_value"].close()
                raise

    def _attach(self, stream: Any) -> None:
        connection = None if stream is None else stream.get_extra_info("socket")
        if connection is not None:
            self._guard.attach(connection)

    def _release(self) -> None:
        if self.is_foreign():
            _close_descriptor(self._network_stream)
            return
        if self._network_stream is not None and not self._ended:
            self._guard.shut_down()
        response, self._response = self._response, None
        if response is None:
            return
        send_reset = reset_stream(response)
        if send_reset is not None:
            # Ignore errors: the connection may be lost.
            with contextlib.suppress(Exception):
                send_reset()
        response.close()
        close = close_of_orphan(response)
        if close is not None:
            close()


class AsyncHttpx2Transport(ProcessOwner):
    """Carries event streams over httpx2, for `AsyncEventSource`: for a client of yours, or for HTTP/2.

    Redirects are left to the event source. A client of the caller's is used as it is, with its proxy,
    TLS settings, HTTP/2, cookies, headers, authentication and pool, but without its limit on the time
    between reads, and it is never closed. The transport's own has no cookies and no limit on the number of
    connections, takes proxies from the environment, keeps no connection for later, and turns TCP keep-alive
    on.

    Args:
        client: the caller's client, if there is one.

    Raises:
        sse_core.InvalidArgument: `client` is no `httpx2.AsyncClient`.
    """

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        super().__init__()
        check_client("client", client, httpx2.AsyncClient)
        self._owns_client = client is None
        self._client = client

    def exchange(self, request: Request, *, timeout: float | None) -> AsyncHttpx2Exchange:
        """Return an exchange for `request`, without any I/O yet. See `AsyncTransport`."""
        return AsyncHttpx2Exchange(self._get_client, request, timeout)

    def _get_client(self) -> httpx2.AsyncClient:
        if self._client is None or (self._owns_client and self.is_foreign()):
            self._client = make_async_client()
            self.adopt()
        return self._client

    async def close(self) -> None:
        """Close the transport's own client; the caller's stays open."""
        if self._owns_client and self._client is not None:
            client, self._client = self._client, None
            # In a forked process it would reach the event loop of the other. It keeps no connection.
            if not self.is_foreign():
                await client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class AsyncHttpx2Exchange(_Httpx2ExchangeBase, AsyncDecodedExchange):
    """One request and its response. See `AsyncExchange`.

    `close` in another task interrupts a waiting `open` or `read`, and that call then releases the
    connection. There are two ways to interrupt: `open`, and a read that cannot do otherwise, run in a cancel
    scope. A read without a timeout over HTTP/1.1 runs without one, which would cost half as much as the
    read; it is interrupted by shutting the connection down.
    """

    def __init__(
        self, get_client: Callable[[], httpx2.AsyncClient], request: Request, timeout: float | None
    ) -> None:
        super().__init__(request, timeout)
        self._get_client = get_client
        self._closed = False
        # Whether the body was read to its end.
        self._ended = False
        self._response: httpx2.Response | None = None
        self._body: AsyncGenerator[bytes] | None = None
        # Around `open` or `read` while they run.
        self._cancel_scope: anyio.CancelScope | None = None
        # httpx2's connection, where it belongs to this exchange alone.
        self._network_stream: Any = None
        # Whether a read is waiting without a cancel scope.
        self._reading = False

    async def open(self) -> Response:
        """Send the request and return the response headers. See `AsyncExchange.open`."""
        self._check_open()
        client = self._get_client()
        request = self._build_request(client)
        request.extensions["trace"] = self._trace
        with anyio.move_on_after(self._timeout) as self._cancel_scope:
            try:
                self._response = await self._send(client, request)
            except FAILURES as error:
                raise self._send_failed(error, request, client) from error
            finally:
                self._cancel_scope = None
                if self._response is None and self._network_stream is not None:
                    # httpx2 leaves a connection open that is interrupted in its TLS handshake.
                    with anyio.CancelScope(shield=True), contextlib.suppress(Exception):
                        await self._network_stream.aclose()
                self._network_stream = None
        if self._closed:
            # By another task, perhaps just after the response had arrived.
            await self._release()
            raise closed()
        if self._response is None:
            raise self._no_response(proxy_of(client, request.url))
        head = _head(self._response, self._request)
        self._body = aiter(_inner_stream(self._response))
        self._network_stream = _own_network_stream(self._response)
        _shut_down_before_close(self._network_stream)
        return self._opened(head, body_decoder(head))

    async def close(self) -> None:
        """Drop the connection, at any moment, from any task. See `AsyncExchange.close`."""
        self._closed = True
        if self.is_foreign():
            _close_descriptor(self._network_stream)
            return
        # An `open` or `read` that is interrupted releases what there is.
        if self._cancel_scope is not None:
            self._cancel_scope.cancel()
        elif self._reading:
            await self._interrupt_read()
        else:
            await self._release()

    async def _interrupt_read(self) -> None:
        """End the connection while another task reads from it.

        With a shutdown, not a close: the end of the body may already have been read. Then httpx2 takes the
        connection for an idle one, and asks its socket whether the server has closed it. On trio that fails
        for a closed socket, now and at every later request of the client.
        """
        connection = self._network_stream.get_extra_info("socket")
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except (AttributeError, TypeError):
            # A caller's network backend may have no socket, or a socket of uvloop, which has no `shutdown`.
            with contextlib.suppress(*FAILURES):
                await self._network_stream.aclose()
        except OSError:
            # Not connected any more: the read ends without this.
            pass

    async def _send(self, client: httpx2.AsyncClient, request: httpx2.Request) -> httpx2.Response:
        try:
            return await client.send(request, stream=True, follow_redirects=False, **_auth(self._request))
        except httpx2.HTTPStatusError as error:
            return _without_body(error.response)

    async def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Remember a connection when httpx2 reports it, so that `close` can shut it down."""
        if name in CONNECTED:
            self._network_stream = info["return_value"]
            _shut_down_before_close(self._network_stream)
        elif name.startswith("http2."):
            # From now on, other requests may share it.
            self._network_stream = None

    def _check_open(self) -> None:
        if self._closed:
            raise closed()

    async def _read_raw(self, timeout: float | None) -> bytes:
        body = self._body
        if body is None:
            if self._ended and not self._closed:
                return b""
            raise closed()
        data: bytes | None = None
        try:
            if timeout is None and self._network_stream is not None:
                self._reading = True
                data = await anext(body)
            else:
                with anyio.move_on_after(timeout) as self._cancel_scope:
                    data = await anext(body)
        except StopAsyncIteration:
            data = b""
        except GeneratorExit:
            # The event loop has ended: nothing can be awaited.
            raise
        except BaseException as error:
            await self._release()
            if isinstance(error, FAILURES):
                raise (closed() if self._closed else ReadError(reason(error))) from error
            raise
        finally:
            self._reading = False
            self._cancel_scope = None
        if data and not self._closed:
            return data
        await self._release()
        if data:
            return data
        self._check_open()
        if data is None:
            raise IdleTimeout(timeout or 0.0)
        self._ended = True
        return b""

    async def _release(self) -> None:
        response, self._response = self._response, None
        body, self._body = self._body, None
        if response is None:
            return
        with anyio.CancelScope(shield=True):
            send_reset = reset_stream(response)
            if send_reset is not None:
                # Ignore errors: the connection may be lost.
                with contextlib.suppress(Exception):
                    await send_reset()
        with anyio.CancelScope(shield=True):
            if isinstance(body, AsyncGenerator):
                with contextlib.suppress(*FAILURES):
                    await body.aclose()
            await response.aclose()
            close = close_of_orphan(response)
            if close is not None:
                await close()


def _close_descriptor(network_stream: Any) -> None:
    if network_stream is not None:
        close_descriptor(network_stream.get_extra_info("socket"))


def _own_network_stream(response: httpx2.Response) -> Any:
    """Return httpx2's connection of this response, or None if other requests may use it.

    They may over HTTP/2, and if a hook of the client has read the body.
    """
    if response.http_version == "HTTP/2" or response.is_closed:
        return None
    return response.extensions.get("network_stream")


def _shut_down_before_close(network_stream: Any) -> None:
    """Let a close of this async connection shut it down first, because a forked process may have it too.

    httpx2 closes it in many places: at a cancellation inside its own read, for instance. One that goes back
    to a pool is not closed.
    """
    if network_stream is None or "aclose" in getattr(network_stream, "__dict__", {"aclose": None}):
        # There is none, or this was done for an earlier request; or it is a caller's, with fixed attributes.
        return
    # A cycle would delay the garbage collector.
    weak, process = weakref.ref(network_stream), os.getpid()

    async def aclose() -> None:
        stream = weak()
        if stream is not None:
            if os.getpid() == process:
                shut_down(stream.get_extra_info("socket"))
            await type(stream).aclose(stream)

    network_stream.aclose = aclose


def _without_body(response: httpx2.Response) -> httpx2.Response:
    """Return a response that a hook of the client rejected with HTTPStatusError.

    httpx2 has closed its connection. What the status means is decided by the event source.
    """
    response.stream = httpx2.ByteStream(b"")
    response.extensions.pop("network_stream", None)
    return response


def _stream(response: httpx2.Response) -> Any:
    """Return what `iter_raw` iterates."""
    return response.stream


def _inner_stream(response: httpx2.Response) -> Any:
    """Return the stream of httpx2's pool, or of a caller's transport, without what httpx2 wraps around it.

    It closes what it iterates when it is closed itself, and the wrappers do not: they leave that to the
    garbage collector, about which trio warns. What they add, `aiter_raw` too, costs as much as the read.
    """
    stream: Any = response.stream
    for attribute in ("_stream", "_httpcore_stream"):
        inner = getattr(stream, attribute, None)
        if hasattr(inner, "__aiter__"):
            stream = inner
    return stream


def _build_request(
    client: httpx2.Client | httpx2.AsyncClient, request: Request, timeout: float | None, connect_share: float
) -> httpx2.Request:
    """Return the request as httpx2 wants it, with what the client adds to it."""

    def bounded(limit: float | None, share: float = 1.0) -> float | None:
        # A blocking client may wait before there is a connection: only these limits can end that.
        ours = None if timeout is None else timeout * share
        return min((each for each in (limit, ours) if each is not None), default=None)

    limits = client.timeout
    built = client.build_request(
        request.method,
        request.url,
        headers=request.raw_headers,
        content=request.body,
        timeout=httpx2.Timeout(
            connect=bounded(limits.connect, connect_share),
            read=None,
            write=bounded(limits.write),
            pool=bounded(limits.pool),
        ),
    )
    given = {name.lower() for name, _ in request.headers}
    # Accept-Encoding, which httpx2 adds, makes servers compress, and so delay, the stream.
    for name in {"accept-encoding", *request.withheld} - given:
        built.headers.pop(name, None)
    # Keep the URL unchanged: httpx2 would replace its query by the client's parameters.
    url = request.url
    if client.params and not request.withheld:
        url += f"{'&' if '?' in url else '?'}{client.params}"
    built.url = httpx2.URL(url)
    if request.withheld:
        # Every request needs one.
        built.headers["Host"] = request.header("Host") or built.url.netloc.decode("ascii")
    return built


def _auth(request: Request) -> dict[str, None]:
    """Return the argument that turns the client's own authentication off, where it must not be used.

    It must not be sent to another origin, and the request's own Authorization wins.
    """
    turned_off = "authorization" in request.withheld or request.header("Authorization") is not None
    return {"auth": None} if turned_off else {}


def _head(response: httpx2.Response, request: Request) -> Response:
    return Response(response.status_code, response.headers.raw, request.url)
