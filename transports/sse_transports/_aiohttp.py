"""The transport on aiohttp: asyncio's quickest, because it hands over all that has arrived at once."""

from __future__ import annotations

import asyncio
import copy
import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import anyio
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

import sse_core
from sse_core import ConnectError, IdleTimeout, IllegalState, InvalidArgument, ReadError, Request, Response

from ._content_coding import Decoder, Identity, codings, decoder
from ._default_transport import on_trio
from ._exchanges import AsyncDecodedExchange, closed, reason

FAILURES = (aiohttp.ClientError, OSError)
"""What aiohttp raises where the network or the server fails it."""

READ_FAILURES = (*FAILURES, RuntimeError)
"""The same for a body; one that is no error of its own says "Connection closed"."""

DECODED = frozenset({"gzip", "deflate", "br", "zstd"})
"""Codings that a session undoes by itself, or refuses."""

READ_SIZE = 2**16
"""Bytes taken at a time, at most: aiohttp may hold ten times that, and nothing runs while it is parsed."""

MAX_HEAD = 2**16
"""Bytes that a response's head may have, by itself or in one field."""


class AiohttpTransport:
    """Carries event streams over aiohttp, on asyncio.

    Redirects are left to the event source. A session of the caller's is used as it is, with its
    connector, proxy, TLS settings, cookies, headers and middlewares, but without its limits on a
    response's time (`total`, `sock_read`), and it is never closed. Our own has no cookies and no limit
    on the number of connections, takes proxies from the environment, and keeps no connection for later.

    Args:
        session: the caller's session, if there is one.

    Raises:
        sse_core.InvalidArgument: `session` is no `aiohttp.ClientSession`.
    """

    def __init__(self, session: aiohttp.ClientSession | None = None) -> None:
        if session is not None and not isinstance(session, aiohttp.ClientSession):
            raise InvalidArgument("session", f"expected aiohttp.ClientSession, not {type(session).__name__}")
        self._session = session
        self.is_callers: bool = session is not None
        self._own: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def exchange(self, request: Request, *, timeout: float | None) -> AiohttpExchange:
        """Return an exchange for `request`, without any I/O yet. See `AsyncTransport`."""
        if on_trio():
            raise IllegalState("AiohttpTransport runs on asyncio; on trio use AsyncHttpx2Transport")
        return AiohttpExchange(self, request, timeout)

    def session(self) -> aiohttp.ClientSession:
        """Return the caller's session, or our own."""
        if self._session is not None:
            return self._session
        # It belongs to the running event loop: there was none when this was made, and there may be others.
        loop = asyncio.get_running_loop()
        if self._own is not None and self._loop is not loop:
            if self._loop is None or self._loop.is_closed():
                # Nobody can close it any more, and it keeps no connection.
                self._own.detach()
            self._own = None
        if self._own is None or self._own.closed:
            self._loop = loop
            self._own = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                headers={"User-Agent": f"sse-core/{sse_core.__version__}"},
                # Ours tells a body that was cut from a whole one.
                auto_decompress=False,
                max_line_size=MAX_HEAD,
                max_field_size=MAX_HEAD,
            )
            # Not public. Else it sends a request again by itself, at once, when the server hangs up.
            self._own._retry_connection = False  # noqa: SLF001
        return self._own

    async def close(self) -> None:
        """Close our own session; the caller's stays open."""
        own, self._own = self._own, None
        if own is not None:
            await own.close()

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
        # While `open` is at work: what ends that.
        self._opening: anyio.CancelScope | None = None
        self._response: aiohttp.ClientResponse | None = None
        self._protocol: ResponseHandler | None = None
        self._lost: asyncio.Future[None] | None = None

    async def open(self) -> Response:
        """Send the request and return the response's head. See `AsyncExchange.open`."""
        self._check()
        session = self._transport.session()
        with anyio.move_on_after(self._timeout) as self._opening:
            try:
                with _allowed(session, self._request) as allowed:
                    self._response = await self._send(allowed)
            except aiohttp.ClientHttpProxyError as error:
                # Not as its cause: it names the proxy with its password, and so does the next one.
                raise self._not_connected(f"the proxy answered {error.status} {error.message}") from None
            except aiohttp.InvalidURL:
                # Of a session of the caller's. The request's own was looked at before.
                raise self._not_connected("the proxy has no usable address") from None
            except FAILURES as error:
                if isinstance(error, aiohttp.ClientResponseError) and not _is_no_http(error):
                    # A middleware's own verdict on a status: the caller's, and nothing to try again.
                    raise
                raise self._not_connected(reason(error)) from error
            finally:
                self._opening = None
        if self._closed:
            # By another task, perhaps just when the response had come.
            await self.close()
            raise closed()
        if self._response is None:
            raise self._no_response()
        head = Response(self._response.status, self._response.raw_headers, self._request.url)
        if self._response.connection is not None:
            self._watch(self._response.connection.protocol)
        return self._opened(head, _decoder(head, session))

    async def close(self) -> None:
        """Drop the connection, at any moment, from any task. See `AsyncExchange.close`."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
        self._unwatch()
        if self._response is not None:
            connection = self._response.connection
            if connection is not None and connection.transport is not None:
                # At once: over TLS, a close would wait for the peer to agree.
                connection.transport.abort()
            # Not left to the connector to keep, and whoever waits for it is woken.
            self._response.close()

    async def _send(self, session: aiohttp.ClientSession) -> aiohttp.ClientResponse:
        request = self._request
        limits = session.timeout
        proxy = None if self._transport.is_callers else environment_proxy(request.url)
        return await session.request(
            request.method,
            # As it stands: it is encoded already.
            URL(request.url, encoded=True),
            headers=request.headers,
            # Not as bytes, about which aiohttp warns when they are many.
            data=None if request.body is None else io.BytesIO(request.body),
            # What nobody asked for: a coding, which makes servers hold back what they compress.
            skip_auto_headers=("Accept-Encoding", "Content-Type", *request.withheld),
            allow_redirects=False,
            raise_for_status=False,
            proxy=proxy,
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_read=None,
                connect=limits.connect,
                sock_connect=limits.sock_connect,
                ceil_threshold=limits.ceil_threshold,
            ),
        )

    def _watch(self, protocol: ResponseHandler | None) -> None:
        """End the body when the connection ends: after nonsense in it, aiohttp lets one wait for ever."""
        if protocol is not None and protocol.closed is not None:
            self._protocol = protocol
            self._lost = protocol.closed
            self._lost.add_done_callback(self._end)

    def _end(self, lost: asyncio.Future[None]) -> None:
        # Looked at, or asyncio warns that nobody did.
        why = None if lost.cancelled() else lost.exception()
        content = None if self._response is None else self._response.content
        if content is None or content.is_eof() or content.exception() is not None:
            return
        if self._protocol is not None:
            why = self._protocol.exception() or why
        message = "the connection ended before the body did" if why is None else reason(why)
        content.set_exception(aiohttp.ClientPayloadError(message))

    def _unwatch(self) -> None:
        """The connection may be used again, for hours."""
        if self._lost is not None:
            self._lost.remove_done_callback(self._end)
            # One of these is enough, whoever used the connection before.
            self._lost.remove_done_callback(_look_at)
            self._lost.add_done_callback(_look_at)
            self._lost = None

    def _check(self) -> None:
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
                # aiohttp raises at once, though there may be bytes from before the failure.
                data = content._read_nowait(-1)  # noqa: SLF001  # else they were lost
            if data:
                return data
            await self.close()
            # Not any other error that comes with it: a cancellation at the same moment is one.
            if isinstance(error, TimeoutError) and timeout is not None and limit.expired():
                raise IdleTimeout(timeout) from error
            if isinstance(error, READ_FAILURES):
                raise ReadError(reason(error)) from error
            raise
        if not data:
            if self._closed:
                raise closed()
            # A connection that was reset counts for aiohttp as one that ended.
            broken = None if self._protocol is None else self._protocol.exception()
            if isinstance(broken, OSError):
                raise ReadError(reason(broken)) from broken
            self._unwatch()
        return data


@contextmanager
def _allowed(session: aiohttp.ClientSession, request: Request) -> Iterator[aiohttp.ClientSession]:
    """Give a session that adds nothing it must not: the same, or one that is like it in all else.

    aiohttp adds a session's headers, authentication and cookies to every request, and cannot be told not
    to. Its cookies may be for any host. Its authentication is refused beside that of a request.
    """
    clash = session.auth is not None and request.header("Authorization") is not None
    if not request.withheld and not clash:
        yield session
        return
    substitute = copy.copy(session)
    # Not public, but there is no other way to have all the rest as it is.
    substitute._default_auth = None  # noqa: SLF001
    if request.withheld:
        substitute._cookie_jar = aiohttp.DummyCookieJar()  # noqa: SLF001
        substitute._default_headers = session.headers.copy()  # noqa: SLF001
        for name in request.withheld:
            substitute.headers.popall(name, None)
    try:
        yield substitute
    finally:
        # Else it would warn that nobody closed it; the connections are the session's.
        substitute.detach()


def _look_at(lost: asyncio.Future[None]) -> None:
    """Look at how a connection ended, or asyncio warns that nobody did."""
    if not lost.cancelled():
        lost.exception()


def _is_no_http(error: aiohttp.ClientResponseError) -> bool:
    """Return whether the answer could not be read at all, which aiohttp reports as a status of 400."""
    return isinstance(error.__cause__, HttpProcessingError)


def environment_proxy(url: str) -> str | None:
    """Return the proxy that the environment names for `url`, if any.

    aiohttp would look for it by itself, but then also for passwords in ~/.netrc, which nobody asked for.
    """
    place = urlsplit(url)
    proxy = getproxies().get(place.scheme)
    if not proxy or proxy_bypass(place.netloc):
        return None
    kind, mark, _ = proxy.partition("://")
    if mark and kind.lower() not in {"http", "https"}:
        raise ConnectError(
            f"the proxy set for {place.scheme} is of kind {kind!r}, and only 'http' is supported"
        )
    address = proxy if mark else f"http://{proxy}"
    try:
        usable = bool(URL(address).host)
    except ValueError:
        usable = False
    if not usable:
        # Without it: it may hold a password.
        raise ConnectError(f"the proxy set for {place.scheme} has no usable address")
    return address


def _decoder(head: Response, session: aiohttp.ClientSession) -> Decoder | None:
    coding = head.joined("Content-Encoding")
    names = codings(coding)
    if session.auto_decompress and len(names) == 1 and names[0] in DECODED:
        return Identity()
    return decoder(coding)
