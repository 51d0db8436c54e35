"""The default transport of asyncio and trio. It owns its sockets: nothing of a connection is hidden from it.

An event stream needs little of HTTP: one request, one response, one connection. In the order of their use:

    AnyioTransport     the settings of the caller, and the connections that are kept for the next request.
    AnyioExchange      one request: connects, sends, reads the head, then the body, closes.
    HTTPConnection     a socket, with TLS if needed (`_anyio_connections.py`). anyio waits for it.
    request_target     what is sent (`_http1_request.py`).
    ResponseReader     parses what arrives, with httptools (`_http1_response.py`).
    IdleTimer          ends a read that takes longer than its timeout (`_timers.py`).
"""

from __future__ import annotations

import contextlib
import functools
import os
import ssl
from types import TracebackType
from typing import Self

import anyio
from anyio.lowlevel import RunVar

from sse_core import ConnectError, IdleTimeout, InvalidArgument, ReadError, Request, Response, TransportError
from sse_core._retry import SAFE_METHODS
from sse_core._url import origin

from ._anyio_connections import HTTPConnection, IdleConnections, connect_tcp, connect_unix
from ._exchanges import AsyncDecodedExchange, body_decoder, causes, closed, invalid_header, not_open, reason
from ._fork import ProcessOwner
from ._http1_request import PROXY_AUTHORIZATION, Fields, encode_head, proxy_credentials, request_target
from ._http1_response import ResponseReader
from ._proxies import environment_proxy, usable_proxy
from ._timers import IdleTimer

FAILURES = (OSError, ValueError, anyio.BrokenResourceError, anyio.ClosedResourceError)
"""What is raised if the network fails; ValueError, if a host has no valid name."""

CONNECT_LIMIT = 64
"""How many connections of an event loop are made at once, if the caller does not choose."""

LARGE_BODY = 2**16
"""Bytes of a request from which on the response is read while it is sent."""

_gates: RunVar[dict[int, anyio.CapacityLimiter]] = RunVar("sse_transports connections being made")


class AnyioTransport(ProcessOwner):
    """Carries event streams over HTTP/1.1, for `AsyncEventSource` on asyncio and trio. The default of both.

    It verifies TLS certificates, tries the next address of a host when one has not answered for 250 ms (RFC
    8305), and turns TCP keep-alive on. Redirects, cookies and authentication are left to the event source.
    gzip and deflate are decoded, if a server uses them although they were not asked for.

    Share one between the sources of an event loop: it keeps a connection whose response was read to its end,
    for 15 seconds, and uses it for the next request to the same server. If the server closes that connection
    before it answers, a request with a safe method (GET) is sent again on a new one; another raises
    `ConnectError`.

    Args:
        context: the TLS settings, if not the standard library's defaults: a private certificate authority, a
            client certificate, no verification. Used at each handshake, so certificates can be loaded again
            at any time. HTTP/2 must not be among its ALPN protocols.
        proxy: the URL of an HTTP proxy for all requests, `http://` or `https://`, with `user:password@` if it
            needs them; `""` for none. None: what the environment says (`http_proxy`, `https_proxy`,
            `all_proxy`, `no_proxy`).
        uds: the path of a Unix socket to connect to, whatever host the URL names. No proxy is used then.
        local_address: the IP address of this machine to connect from.
        connect_limit: how many connections of an event loop may be made at once by all transports that have
            this limit; None for any number. Others wait, within their `timeout`. It covers name resolution,
            TCP, the proxy and TLS, but not the wait for a response.

    Raises:
        sse_core.InvalidArgument: an argument is of another type, `proxy` is not the URL of an HTTP proxy, or
            both `proxy` and `uds` are given.
    """

    def __init__(
        self,
        *,
        context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        uds: str | os.PathLike[str] | None = None,
        local_address: str | None = None,
        connect_limit: int | None = CONNECT_LIMIT,
    ) -> None:
        super().__init__()
        checks = (
            ("context", context, ssl.SSLContext),
            ("proxy", proxy, str),
            ("uds", uds, (str, os.PathLike)),
        )
        for name, value, kind in (*checks, ("local_address", local_address, str)):
            if value is not None and not isinstance(value, kind):
                raise InvalidArgument(name, f"a value of type {type(value).__name__} cannot be used")
        # A bool is an int to Python, and a mistake here.
        if connect_limit is not None and (type(connect_limit) is not int or connect_limit < 1):
            raise InvalidArgument("connect_limit", f"expected 1 or more, or None, not {connect_limit!r}")
        if proxy and uds is not None:
            raise InvalidArgument("proxy", "cannot be used together with uds")
        self.proxy: str | None = _checked_proxy(proxy)
        self.uds: str | None = None if uds is None else os.fspath(uds)
        self.local_address: str | None = local_address
        self._idle = IdleConnections()
        self._context = context
        self._connect_limit = connect_limit

    def exchange(self, request: Request, *, timeout: float | None) -> AnyioExchange:
        """Return an exchange for `request`, without any I/O yet. See `AsyncTransport`."""
        return AnyioExchange(self, request, timeout)

    @property
    def context(self) -> ssl.SSLContext:
        """What the caller has given as `context`, or the default TLS settings."""
        if self._context is None:
            return _default_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        return self._context

    def gate(self) -> contextlib.AbstractAsyncContextManager[object]:
        """Return what is held while a connection is made."""
        if self._connect_limit is None:
            return contextlib.nullcontext()
        gates = _gates.get({})
        _gates.set(gates)
        if self._connect_limit not in gates:
            gates[self._connect_limit] = anyio.CapacityLimiter(self._connect_limit)
        return gates[self._connect_limit]

    async def close(self) -> None:
        """Close the connections that are kept for another request, and keep no more."""
        self._idle.closed = True
        self._idle.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class AnyioExchange(AsyncDecodedExchange):
    """One request and its response. See `AsyncExchange`.

    Closing is done at once, without a suspension: so a cancellation cannot interrupt it.
    """

    def __init__(self, transport: AnyioTransport, request: Request, timeout: float | None) -> None:
        super().__init__(request, timeout)
        self._transport = transport
        self._origin = origin(request.url)
        # The proxy's URL; None if there is none.
        self._proxy: str | None = None
        self._key: object = None
        self._closed = False
        # Around `open` while it runs.
        self._open_scope: anyio.CancelScope | None = None
        # None before it is made, and after it was closed or given back.
        self._connection: HTTPConnection | None = None
        self._reader = ResponseReader(request.method)
        # Whether all of the request was sent. If not, the connection cannot be used again.
        self._sent = False
        # What came of the body together with the response headers.
        self._body = b""
        self._idle_timer: IdleTimer | None = None

    # Connect, send, head.

    async def open(self) -> Response:
        """Send the request and return the response headers. See `AsyncExchange.open`."""
        if self._closed:
            raise closed()
        opened = False
        try:
            with anyio.move_on_after(self._timeout) as self._open_scope:
                await self._respond()
                opened = not self._closed
        except FAILURES as error:
            raise self._connect_failed(error, self._proxy) from error
        finally:
            self._open_scope = None
            if not opened:
                self._disconnect()
        if self._closed:
            raise closed()
        if not opened:
            raise self._no_response(self._proxy)
        head = Response(self._reader.status, self._reader.headers, self._request.url)
        # Thousands of streams would keep them twice.
        self._reader.headers.clear()
        return self._opened(head, body_decoder(head))

    async def _respond(self) -> None:
        """Send the request and read the response headers, on a connection that was kept or on a new one."""
        transport, method = self._transport, self._request.method
        ask = transport.proxy is None and transport.uds is None
        self._proxy = environment_proxy(self._request.url) if ask else transport.proxy or None
        # What a connection leads to, and as which user of the proxy.
        self._key = self._origin, self._proxy, self._proxy and self._request.header(PROXY_AUTHORIZATION)
        data = self._encode(method, *request_target(self._request, self._proxy)) + (self._request.body or b"")
        kept = transport._idle.take(self._key)  # noqa: SLF001  # of this file
        if kept is not None:
            try:
                await self._converse(kept, data)
                return
            except (ConnectError, *FAILURES):
                self._disconnect()
                # It may have been closed before the request came, or after: only a safe one is sent again.
                if self._reader.started or method not in SAFE_METHODS:
                    raise
                self._reader = ResponseReader(method)
        async with transport.gate():
            connection = await self._connect()
        await self._converse(connection, data)

    async def _connect(self) -> HTTPConnection:
        transport, proxy = self._transport, self._proxy
        scheme, host, _ = self._origin
        if transport.uds is not None:
            base = await connect_unix(transport.uds)
        else:
            _, first_host, first_port = self._origin if proxy is None else origin(proxy)
            base = await connect_tcp(first_host, first_port, transport.local_address)
        connection = HTTPConnection(base)
        try:
            if proxy is not None and proxy.startswith("https:"):
                await connection.start_tls(transport.context, first_host)
            if scheme == "https":
                if proxy is not None:
                    await self._open_tunnel(connection, proxy)
                await connection.start_tls(transport.context, host.rstrip("."))
                self._check_protocol(connection.protocol)
        except BaseException:
            base.close()
            raise
        return connection

    def _check_protocol(self, protocol: str | None) -> None:
        if protocol not in {None, "http/1.1"}:
            message = f"the TLS settings offer {protocol} with ALPN, and only http/1.1 is supported"
            raise self._not_connected(message, final=True)

    async def _open_tunnel(self, connection: HTTPConnection, proxy: str) -> None:
        """Let the proxy connect to the server (RFC 9110, 9.3.6)."""
        _, host, port = self._origin
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        fields = [("Host", target), *proxy_credentials(self._request, proxy)]
        await connection.send(self._encode("CONNECT", target, fields))
        reader = ResponseReader("CONNECT")
        await self._read_head(connection, reader)
        if not 200 <= reader.status < 300:
            message = f"the proxy answered {reader.status} {reader.reason}".rstrip()
            raise self._not_connected(message, reader.status == 407, proxy)

    def _encode(self, method: str, target: str, fields: Fields) -> bytes:
        raw = [(name.encode(), value.encode()) for name, value in fields]
        wrong = invalid_header(raw)
        if wrong is not None:
            raise self._invalid_header(wrong)
        return encode_head(method, target, raw)

    async def _converse(self, connection: HTTPConnection, data: bytes) -> None:
        """Send the request and read the response headers.

        The server may respond, and close, before it has read a large body: with 401 or 413, for instance. So
        errors of writing are ignored, and a large body is sent while the response is read.
        """
        self._connection, self._sent = connection, False

        async def send() -> None:
            with contextlib.suppress(*FAILURES):
                await connection.send(data)
                self._sent = True

        if len(data) < LARGE_BODY:
            await send()
            await self._read_head(connection, self._reader)
            return
        failure: Exception | None = None
        async with anyio.create_task_group() as sending:
            sending.start_soon(send)
            try:
                await self._read_head(connection, self._reader)
            except Exception as error:  # noqa: BLE001  # raised below: the group would wrap it
                failure = error
            sending.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _read_head(self, connection: HTTPConnection, reader: ResponseReader) -> None:
        while not reader.status:
            data = await connection.read()
            if data:
                self._body = reader.feed(data)
            else:
                reader.end()
            if reader.fault and not reader.status:
                raise self._not_connected(reader.fault, proxy=self._proxy)

    # Body.

    async def _read_raw(self, timeout: float | None) -> bytes:
        if self._closed:
            raise closed()
        reader, connection = self._reader, self._connection
        if not reader.status:
            raise not_open()
        if self._body:
            body, self._body = self._body, b""
            return body
        try:
            while connection is not None and not (reader.ended or reader.fault):
                if timeout is None:
                    data = await connection.read()
                else:
                    data = await self._read_within(connection, timeout)
                if not data:
                    reader.end()
                elif body := reader.feed(data):
                    return body
        except BaseException as error:
            self._disconnect()
            # IdleTimeout is an OSError, too.
            if isinstance(error, TransportError) or not isinstance(error, FAILURES):
                raise
            raise closed() if self._closed else ReadError(_read_failure(error)) from error
        self._give_back()
        if reader.fault:
            raise ReadError(reader.fault)
        if not reader.ended:
            # An earlier read has failed.
            raise closed()
        return b""

    async def _read_within(self, connection: HTTPConnection, timeout: float) -> bytes:
        timer = self._idle_timer
        if timer is None or timer.seconds != timeout:
            if timer is not None:
                timer.cancel()
            timer = self._idle_timer = IdleTimer(timeout, connection.base.shut_down)
        with timer:
            try:
                data = await connection.read()
            except FAILURES:
                if not timer.expired:
                    raise
                data = b""
        if timer.expired and not data:
            raise IdleTimeout(timeout)
        return data

    # Close.

    async def close(self) -> None:
        """Drop the connection, at any moment, from any task. See `AsyncExchange.close`."""
        self._closed = True
        if self._open_scope is not None and not self.is_foreign():
            # `open` closes what there is.
            self._open_scope.cancel()
        elif self._reader.ended:
            self._give_back()
        else:
            self._disconnect()

    def _give_back(self) -> None:
        """Keep the connection for another request, if it can be used for one."""
        connection = self._connection
        if connection is not None and self._sent and self._reader.is_reusable and not self.is_foreign():
            self._connection = None
            self._transport._idle.put(self._key, connection)  # noqa: SLF001  # of this file
        self._disconnect()

    def _disconnect(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.base.close()


def _read_failure(error: BaseException) -> str:
    """Return what to say about a connection that failed inside the body."""
    if any(isinstance(cause, ssl.SSLEOFError) for cause in causes(error)):
        return "the connection ended without TLS close_notify: it was lost"
    return reason(error)


@functools.lru_cache(maxsize=1)
def _default_context(_file: str | None, _directory: str | None) -> ssl.SSLContext:
    """Return the default TLS settings. Made once, because it takes longer than a request.

    Args:
        _file: the environment's SSL_CERT_FILE, which OpenSSL reads then.
        _directory: its SSL_CERT_DIR.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _checked_proxy(proxy: str | None) -> str | None:
    if not proxy:
        return proxy
    try:
        return usable_proxy(proxy, "the argument")
    except ConnectError as error:
        # Its message has no credentials.
        raise InvalidArgument("proxy", str(error)) from None
