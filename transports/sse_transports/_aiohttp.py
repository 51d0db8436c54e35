"""The transport on aiohttp, for callers who have a session with settings of their own.

aiohttp is written for whole responses. What this file adds: a session that sends nothing to another origin
that it must not, one deadline until the response headers, a body that fails when its connection does, and a
close that drops the connection at once. In a forked process, a close does nothing but that (`_fork.py`).
"""

from __future__ import annotations

import asyncio
import copy
import functools
import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, cast

import aiohttp
import anyio
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

import sse_core
from sse_core import IdleTimeout, IllegalState, ReadError, Request, Response

from ._default_transport import in_trio_task
from ._exchanges import AsyncDecodedExchange, body_decoder, closed, invalid_header, reason
from ._extras import check_client
from ._fork import ProcessOwner, close_descriptor, shut_down
from ._proxies import environment_proxy
from ._sockets import AddressInfo, set_keep_alive

FAILURES = (aiohttp.ClientError, OSError)
"""What aiohttp raises if the network or the server fails."""

READ_FAILURES = (*FAILURES, RuntimeError, ValueError)
"""The same for a body: aiohttp raises a plain RuntimeError for "Connection closed"."""

READ_SIZE = 2**16
"""The largest number of bytes read at a time. aiohttp may buffer ten times that: parsing it in one go would
block the event loop."""

MAX_HEAD = 2**16
"""The largest size of the response headers: of a line, and of a field."""


MAX_FAULT = 200
"""The largest length, in characters, of what an error shows of aiohttp's message about malformed HTTP."""


class AiohttpTransport(ProcessOwner):
    """Carries event streams over aiohttp, on asyncio: for a session of yours. On trio use `AnyioTransport`.

    Redirects are left to the event source. A session of the caller's is used as it is, with its
    connector, proxy, TLS settings, cookies, headers and middlewares, but without its limits on a
    response's time (`total`, `sock_read`), and it is never closed. The transport's own has no cookies and
    no limit on the number of connections, takes proxies from the environment, keeps no connection for
    later, and turns TCP keep-alive on.

    Args:
        session: the caller's session, if there is one. Its `auto_decompress` is not used: a body is decoded
            by this library, which notices if it is truncated.

    Raises:
        sse_core.InvalidArgument: `session` is no `aiohttp.ClientSession`.
    """

    def __init__(self, session: aiohttp.ClientSession | None = None) -> None:
        super().__init__()
        check_client("session", session, aiohttp.ClientSession)
        self._callers_session = session
        self.owns_session: bool = session is None
        self._own_session: aiohttp.ClientSession | None = None
        # The event loop that the own session belongs to.
        self._loop: asyncio.AbstractEventLoop | None = None

    def exchange(self, request: Request, *, timeout: float | None) -> AiohttpExchange:
        """Return an exchange for `request`, without any I/O yet. See `AsyncTransport`."""
        if in_trio_task():
            raise IllegalState("AiohttpTransport runs on asyncio; on trio use AnyioTransport")
        return AiohttpExchange(self, request, timeout)

    def session(self) -> aiohttp.ClientSession:
        """Return the caller's session, or the transport's own."""
        if self._callers_session is not None:
            return self._callers_session
        # A session belongs to one event loop, and a transport may be used in several, one after the other.
        loop = asyncio.get_running_loop()
        if self._own_session is not None and self._loop is not loop:
            if self._loop is None or self._loop.is_closed() or self.is_foreign():
                # It can no longer be closed, and it keeps no connection. Without this, it would warn.
                self._own_session.detach()
            self._own_session = None
        if self._own_session is None or self._own_session.closed:
            self._loop = loop
            self.adopt()
            connector = aiohttp.TCPConnector(limit=0, force_close=True, socket_factory=_make_socket)
            # Private, but there is no other way to be asked before aiohttp parses what arrives.
            cast("Any", connector)._factory = functools.partial(_HeadFirst, loop=loop)  # noqa: SLF001
            self._own_session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                headers={"User-Agent": f"sse-core/{sse_core.__version__}"},
                max_line_size=MAX_HEAD,
                max_field_size=MAX_HEAD,
            )
            # Private. Otherwise aiohttp sends a request again when the server closes the connection.
            self._own_session._retry_connection = False  # noqa: SLF001
        return self._own_session

    async def close(self) -> None:
        """Close the transport's own session; the caller's stays open."""
        session, self._own_session = self._own_session, None
        if session is None:
            return
        if self.is_foreign():
            # Closing it would remove its connections from the event loop of the other process.
            session.detach()
        else:
            await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class AiohttpExchange(AsyncDecodedExchange):
    """One request and its response. See `AsyncExchange`."""

    def __init__(self, transport: AiohttpTransport, request: Request, timeout: float | None) -> None:
        super().__init__(request, timeout)
        self._transport = transport
        self._closed = False
        # Around `open` while it runs.
        self._open_scope: anyio.CancelScope | None = None
        self._response: aiohttp.ClientResponse | None = None
        self._protocol: ResponseHandler | None = None
        # Done when the connection is lost. Set while its callback is `_on_connection_lost`.
        self._connection_lost: asyncio.Future[None] | None = None

    async def open(self) -> Response:
        """Send the request and return the response headers. See `AsyncExchange.open`."""
        self._check_open()
        session = self._transport.session()
        with anyio.move_on_after(self._timeout) as self._open_scope:
            try:
                with _filtered_session(session, self._request) as filtered:
                    self._response = await self._send(filtered)
            except aiohttp.ClientHttpProxyError as error:
                # Raise without the cause, here and in the next case: it contains the proxy's password.
                message = f"the proxy answered {error.status} {error.message}"
                raise self._not_connected(message, error.status == 407, self._proxy(session)) from None
            except aiohttp.InvalidURL:
                # The proxy of a caller's session. The URL of the request was checked before.
                raise self._not_connected("the proxy has no usable address", final=True) from None
            except aiohttp.ServerFingerprintMismatch as error:
                raise self._not_connected("the certificate has another fingerprint", final=True) from error
            except FAILURES as error:
                if isinstance(error, aiohttp.ClientResponseError):
                    fault = error.__cause__
                    if not isinstance(fault, HttpProcessingError):
                        # A middleware of the caller's rejected the status: not to be retried.
                        raise
                    # Not HTTP, which aiohttp reports as a status 400, with the URL and all that is in it.
                    message = " ".join(fault.message.split())[:MAX_FAULT].rstrip(" ^")
                    raise self._not_connected(message, proxy=self._proxy(session)) from fault
                raise self._connect_failed(error, self._proxy(session, error)) from error
            except ValueError as error:
                header = invalid_header(
                    (name.encode(), value.encode("utf-8", "surrogateescape"))
                    for name, value in (*session.headers.items(), *self._request.headers)
                )
                if header is not None:
                    raise self._invalid_header(header) from error
                message = f"aiohttp cannot send this request: {reason(error)}"
                raise self._not_connected(message, final=True) from error
            finally:
                self._open_scope = None
        if self._closed:
            # By another task, perhaps just after the response had arrived.
            await self.close()
            raise closed()
        if self._response is None:
            raise self._no_response(self._proxy(session))
        head = Response(self._response.status, self._response.raw_headers, self._request.url)
        if self._response.connection is not None:
            self._watch(self._response.connection.protocol)
        return self._opened(head, body_decoder(head))

    async def close(self) -> None:
        """Drop the connection, at any moment, from any task. See `AsyncExchange.close`."""
        self._closed = True
        if self.is_foreign():
            self._close_descriptor()
            return
        if self._open_scope is not None:
            self._open_scope.cancel()
        self._unwatch()
        if self._response is not None:
            connection = self._response.connection
            if connection is not None and connection.transport is not None:
                shut_down(connection.transport.get_extra_info("socket"))
                # Not `close`, which waits for the peer over TLS.
                connection.transport.abort()
            # Takes the connection from the connector, and wakes a waiting read.
            self._response.close()

    def _close_descriptor(self) -> None:
        connection = None if self._response is None else self._response.connection
        if connection is not None and connection.transport is not None:
            close_descriptor(connection.transport.get_extra_info("socket"))

    def _proxy(self, session: aiohttp.ClientSession, error: BaseException | None = None) -> str | None:
        """Return the URL of the proxy, for the message of an error; None if there is none that is known."""
        if isinstance(error, aiohttp.ClientConnectorError):
            server = URL(self._request.url, encoded=True)
            if (error.host, error.port) != (server.host, server.port):
                # Also if only aiohttp knows the proxy, because of `trust_env`.
                return str(URL.build(scheme="http", host=error.host, port=error.port))
        if self._transport.owns_session:
            return environment_proxy(self._request.url)
        # Private, and only for a message.
        proxy = getattr(session, "_default_proxy", None)
        return None if proxy is None else str(proxy)

    async def _send(self, session: aiohttp.ClientSession) -> aiohttp.ClientResponse:
        request = self._request
        limits = session.timeout
        return await session.request(
            request.method,
            # Unchanged: it is encoded already.
            URL(request.url, encoded=True),
            headers=request.headers,
            # aiohttp warns about many bytes that are not in a file.
            data=None if request.body is None else io.BytesIO(request.body),
            # Accept-Encoding makes servers compress, and so delay, the stream.
            skip_auto_headers=("Accept-Encoding", "Content-Type", *request.withheld),
            # aiohttp takes truncated gzip for whole, and decodes 256 kB without a pause.
            auto_decompress=False,
            allow_redirects=False,
            raise_for_status=False,
            proxy=environment_proxy(request.url) if self._transport.owns_session else None,
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_read=None,
                connect=limits.connect,
                sock_connect=limits.sock_connect,
                ceil_threshold=limits.ceil_threshold,
            ),
        )

    def _watch(self, protocol: ResponseHandler | None) -> None:
        """End the body when the connection is lost: after a malformed chunk, aiohttp never does."""
        if protocol is not None and protocol.closed is not None:
            self._protocol = protocol
            self._connection_lost = protocol.closed
            self._connection_lost.add_done_callback(self._on_connection_lost)

    def _on_connection_lost(self, lost: asyncio.Future[None]) -> None:
        cause = _retrieve_exception(lost)
        content = None if self._response is None else self._response.content
        if content is None or content.is_eof() or content.exception() is not None:
            return
        if self._protocol is not None:
            cause = self._protocol.exception() or cause
        message = "the connection ended before the body did" if cause is None else reason(cause)
        content.set_exception(aiohttp.ClientPayloadError(message))

    def _unwatch(self) -> None:
        """Stop watching: other requests may use the connection, for hours."""
        if self._connection_lost is not None:
            self._connection_lost.remove_done_callback(self._on_connection_lost)
            # Remove it first, so that a reused connection has only one callback.
            self._connection_lost.remove_done_callback(_retrieve_exception)
            self._connection_lost.add_done_callback(_retrieve_exception)
            self._connection_lost = None

    def _check_open(self) -> None:
        if self._closed:
            raise closed()

    async def _read_raw(self, timeout: float | None) -> bytes:
        if self._closed or self._response is None:
            raise closed()
        content = self._response.content
        try:
            if timeout is None:
                data = await content.read(READ_SIZE)
            else:
                async with asyncio.timeout(timeout) as limit:
                    data = await content.read(READ_SIZE)
        except BaseException as error:
            data = b""
            if isinstance(error, READ_FAILURES) and not self._closed:
                # aiohttp raises at once; there may be bytes in its buffer that arrived before the failure.
                data = content._read_nowait(-1)  # noqa: SLF001  # the only way to read them
            if data:
                return data
            await self.close()
            # `limit.expired()`: a cancellation at the same moment must not become an IdleTimeout.
            if isinstance(error, TimeoutError) and timeout is not None and limit.expired():
                raise IdleTimeout(timeout) from error
            if isinstance(error, READ_FAILURES):
                raise ReadError(reason(error)) from error
            raise
        if not data:
            if self._closed:
                raise closed()
            # aiohttp takes a reset connection for a clean end.
            broken = None if self._protocol is None else self._protocol.exception()
            if isinstance(broken, OSError):
                raise ReadError(reason(broken)) from broken
            self._unwatch()
        return data


class _HeadFirst(ResponseHandler):
    """Delivers the response headers before the bytes after them are parsed.

    aiohttp parses all that arrives in one go. If bytes that are not HTTP follow a complete response, such as
    204 or one with a length, it reports only the error, and the response is lost. So until there is a
    response, its parser gets one line at a time. After that, this class is not asked any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._in_head = True
        # On the instance, so that it can be removed again: then a read costs no call more.
        self.data_received = self._head_received  # type: ignore[method-assign]

    def _head_received(self, data: bytes) -> None:
        rest = io.BytesIO(data)
        while self._in_head and not self.is_eof() and (line := rest.readline()):
            super().data_received(line)
        if body := rest.read():
            # Event loops that keep the method, as uvloop's, go on calling it.
            self.__dict__.pop("data_received", None)
            super().data_received(body)

    def feed_data(self, data: tuple[RawResponseMessage, aiohttp.StreamReader], size: int = 0) -> None:
        """Receive a response from the parser."""
        super().feed_data(data, size)
        # Interim responses (1xx) come before the response.
        self._in_head = data[0].code < 200


def _make_socket(address: AddressInfo) -> socket.socket:
    """Return a socket for this address, with TCP keep-alive."""
    family, kind, protocol, *_ = address
    connection = socket.socket(family, kind, protocol)
    set_keep_alive(connection)
    return connection


@contextmanager
def _filtered_session(session: aiohttp.ClientSession, request: Request) -> Iterator[aiohttp.ClientSession]:
    """Yield a session that adds nothing that the request withholds: this one, or a changed copy.

    aiohttp adds a session's headers, authentication and cookies to every request, and has no option against
    it. Its cookies may be for any host. It raises if both the session and the request have authentication.
    """
    clash = session.auth is not None and request.header("Authorization") is not None
    if not request.withheld and not clash:
        yield session
        return
    filtered = copy.copy(session)
    # Private, but there is no other way to keep all other settings.
    filtered._default_auth = None  # noqa: SLF001
    if request.withheld:
        filtered._cookie_jar = aiohttp.DummyCookieJar()  # noqa: SLF001
        filtered._default_headers = session.headers.copy()  # noqa: SLF001
        for name in request.withheld:
            filtered.headers.popall(name, None)
    try:
        yield filtered
    finally:
        # Otherwise it would warn that it was not closed; its connections belong to the session.
        filtered.detach()


def _retrieve_exception(lost: asyncio.Future[None]) -> BaseException | None:
    """Return why a connection was lost. asyncio warns about exceptions that are never retrieved."""
    return None if lost.cancelled() else lost.exception()
