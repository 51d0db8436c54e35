"""The transports on httpx2: blocking, and async for trio as well as asyncio."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self, TypedDict, cast

import anyio
import httpx2

import sse_core
from sse_core import ConnectError, IdleTimeout, InvalidArgument, ReadError, Request, Response

from ._content_coding import Decoder, Identity, codings, decoder
from ._exchanges import AsyncDecodedExchange, DecodedExchange, closed, reason
from ._forsaken import forsaken
from ._grip import Grip
from ._http2 import leave

FAILURES = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    OSError,
    ValueError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
)
"""What httpx2 raises where the network or the server fails it."""

NO_TIMEOUTS = httpx2.Timeout(None)

CONNECTED = frozenset({"connection.connect_tcp.complete", "connection.connect_unix_socket.complete"})
"""What httpx2's tracing calls the moment from which there is a connection."""


class _OwnClient(TypedDict):
    """The settings of a client of our own."""

    cookies: CookieJar
    headers: dict[str, str]
    limits: httpx2.Limits
    timeout: httpx2.Timeout
    verify: ssl.SSLContext


def _own_client() -> _OwnClient:
    return {
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        "headers": {"User-Agent": f"sse-core/{sse_core.__version__}"},
        # Each stream has a connection of its own, which is not kept for later.
        "limits": httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        "timeout": NO_TIMEOUTS,
        "verify": _authorities(),
    }


@functools.cache
def _authorities() -> ssl.SSLContext:
    """Return httpx2's own TLS settings; loading them for each client takes longer than a request."""
    return httpx2.create_ssl_context()


@contextlib.contextmanager
def _settings_of_the_environment() -> Iterator[None]:
    """Say that it is these that a client cannot be made of: proxies, and files of certificates."""
    try:
        yield
    except (ImportError, OSError) as error:
        raise ConnectError(f"the environment's settings cannot be used: {reason(error)}") from error
    except (httpx2.InvalidURL, ValueError):
        # Without what was found wrong: it may be part of a password.
        raise ConnectError("a proxy set in the environment has no usable address") from None


class Httpx2Transport:
    """Carries event streams over httpx2, for the blocking `EventSource`.

    Redirects are left to the event source. A client of the caller's is used as it is, with its proxy,
    TLS settings, HTTP/2, cookies, headers, authentication and pool, but without its limit on the time
    between reads, and it is never closed. Our own has no cookies and no limit on the number of
    connections, takes proxies from the environment, and keeps no connection for later.

    Over HTTP/2, streams share a connection: a `close` in another thread while one is read, and an idle
    timeout, end that connection, and the others reconnect.

    Args:
        client: the caller's client, if there is one.

    Raises:
        sse_core.InvalidArgument: `client` is no `httpx2.Client`.
    """

    def __init__(self, client: httpx2.Client | None = None) -> None:
        if client is not None and not isinstance(client, httpx2.Client):
            raise InvalidArgument("client", f"expected httpx2.Client, not {type(client).__name__}")
        self._is_own = client is None
        self._client = client

    def exchange(self, request: Request, *, timeout: float | None) -> Httpx2Exchange:
        """Return an exchange for `request`, without any I/O yet. See `Transport`."""
        return Httpx2Exchange(self._the_client, request, timeout)

    def _the_client(self) -> httpx2.Client:
        """Return the caller's client, or our own.

        Raises:
            sse_core.ConnectError: the environment has settings that ours cannot use.
        """
        if self._client is None:
            with _settings_of_the_environment():
                self._client = httpx2.Client(**_own_client())
        return self._client

    def close(self) -> None:
        """Close our own client; the caller's stays open."""
        if self._is_own and self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Httpx2Exchange(DecodedExchange):
    """One request and its response. See `Exchange`."""

    def __init__(self, client: Callable[[], httpx2.Client], request: Request, timeout: float | None) -> None:
        super().__init__(request, timeout)
        self._client = client
        self._grip = Grip(self._release)
        self._timeouts: dict[str, float | None] = {}
        self._response: httpx2.Response | None = None
        self._body: Iterator[bytes] = iter(())
        self._reading = False

    def open(self) -> Response:
        """Send the request and return the response's head. See `Exchange.open`."""
        with self._grip:
            with self._grip.deadline(self._timeout):
                client = self._client()
                request = _built(client, self._request, self._timeout)
                self._timeouts = request.extensions["timeout"]
                # For a connection that is used again, which nothing else ends.
                self._timeouts["read"] = self._timeout
                request.extensions["trace"] = self._trace
                try:
                    response = self._response = self._sent(client, request)
                    # Also where it was there before, and nobody told of it.
                    self._hold(response.extensions.get("network_stream"))
                except FAILURES as error:
                    if self._grip.expired or isinstance(error, httpx2.TimeoutException):
                        raise self._no_response() from error
                    raise self._not_connected(reason(error)) from error
            if self._grip.expired:
                # Just when the head had come: the connection is gone with it.
                raise self._no_response()
            head = _head(response, self._request)
            undone = _undone_by_client(head, client)
            # `iter_raw` would do no more than the stream itself, at twice the cost.
            self._body = response.iter_bytes() if undone else iter(_stream(response))
        return self._opened(head, _decoder(head, undone))

    def close(self) -> None:
        """Drop the connection, at any moment, from any thread. See `Exchange.close`."""
        self._grip.close()

    def _read_raw(self, timeout: float | None) -> bytes:
        if not self._reading:
            # Over HTTP/1.1 it is heard at the first read, and holds for all.
            self._reading = True
            self._timeouts["read"] = timeout
        if timeout != self._timeouts["read"]:
            with self._grip.deadline(timeout):
                return self._read_body(timeout)
        return self._read_body(timeout)

    def _read_body(self, timeout: float | None) -> bytes:
        with self._grip:
            try:
                data = next(self._body, b"")
            except httpx2.ReadTimeout as error:
                raise (ReadError(reason(error)) if timeout is None else IdleTimeout(timeout)) from error
            except FAILURES as error:
                if self._grip.expired and timeout is not None:
                    raise IdleTimeout(timeout) from error
                raise ReadError(reason(error)) from error
            if not data and self._grip.expired and timeout is not None:
                raise IdleTimeout(timeout)
            if not data:
                # A connection that was shut down may look like one that ended.
                if self._grip.closed:
                    raise closed()
                self._release()
        return data

    def _sent(self, client: httpx2.Client, request: httpx2.Request) -> httpx2.Response:
        try:
            return client.send(request, stream=True, follow_redirects=False, **_auth(self._request))
        except httpx2.HTTPStatusError as error:
            return _without_body(error.response)

    def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        """httpx2 tells of each step: take hold of a connection as soon as there is one."""
        if name in CONNECTED:
            try:
                self._hold(info["return_value"])
            except OSError:
                # It was closed meanwhile, and httpx2 does not close what its caller does not want.
                info["return_value"].close()
                raise

    def _hold(self, stream: Any) -> None:
        connection = None if stream is None else stream.get_extra_info("socket")
        if connection is not None:
            self._grip.hold(connection)

    def _release(self) -> None:
        response, self._response = self._response, None
        if response is None:
            return
        tell = leave(response)
        if tell is not None:
            # A lost connection needs no such word.
            with contextlib.suppress(Exception):
                tell()
        response.close()
        close = forsaken(response)
        if close is not None:
            close()


class AsyncHttpx2Transport:
    """Carries event streams over httpx2, for `AsyncEventSource` on trio and on asyncio.

    Redirects are left to the event source. A client of the caller's is used as it is, with its proxy,
    TLS settings, HTTP/2, cookies, headers, authentication and pool, but without its limit on the time
    between reads, and it is never closed. Our own has no cookies and no limit on the number of
    connections, takes proxies from the environment, and keeps no connection for later.

    Args:
        client: the caller's client, if there is one.

    Raises:
        sse_core.InvalidArgument: `client` is no `httpx2.AsyncClient`.
    """

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        if client is not None and not isinstance(client, httpx2.AsyncClient):
            raise InvalidArgument("client", f"expected httpx2.AsyncClient, not {type(client).__name__}")
        self._is_own = client is None
        self._client = client

    def exchange(self, request: Request, *, timeout: float | None) -> AsyncHttpx2Exchange:
        """Return an exchange for `request`, without any I/O yet. See `AsyncTransport`."""
        return AsyncHttpx2Exchange(self._the_client, request, timeout)

    def _the_client(self) -> httpx2.AsyncClient:
        """Return the caller's client, or our own.

        Raises:
            sse_core.ConnectError: the environment has settings that ours cannot use.
        """
        if self._client is None:
            with _settings_of_the_environment():
                self._client = httpx2.AsyncClient(**_own_client())
        return self._client

    async def close(self) -> None:
        """Close our own client; the caller's stays open."""
        if self._is_own and self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class AsyncHttpx2Exchange(AsyncDecodedExchange):
    """One request and its response. See `AsyncExchange`."""

    def __init__(
        self, client: Callable[[], httpx2.AsyncClient], request: Request, timeout: float | None
    ) -> None:
        super().__init__(request, timeout)
        self._client = client
        self._closed = False
        self._ended = False
        self._response: httpx2.Response | None = None
        self._body: AsyncGenerator[bytes] | None = None
        # What ends `open` or `read` while they are at work: a scope, or the end of the connection. A scope
        # for each read would cost half as much as the read.
        self._work: anyio.CancelScope | None = None
        self._wire: Any = None
        self._reading = False

    async def open(self) -> Response:
        """Send the request and return the response's head. See `AsyncExchange.open`."""
        self._check()
        with anyio.move_on_after(self._timeout) as self._work:
            client = self._client()
            request = _built(client, self._request, self._timeout)
            request.extensions["trace"] = self._trace
            try:
                self._response = await self._sent(client, request)
            except httpx2.TimeoutException as error:
                raise self._no_response() from error
            except FAILURES as error:
                raise self._not_connected(reason(error)) from error
            finally:
                self._work = None
                if self._response is None and self._wire is not None:
                    # httpx2 forgets a connection that is interrupted in its TLS handshake.
                    with anyio.CancelScope(shield=True), contextlib.suppress(Exception):
                        await self._wire.aclose()
                self._wire = None
        if self._closed:
            # By another task, perhaps just when the response had come.
            await self._give_back()
            raise closed()
        if self._response is None:
            raise self._no_response()
        head = _head(self._response, self._request)
        undone = _undone_by_client(head, client)
        # `aiter_raw` would do no more than the stream itself, at twice the cost.
        body = self._response.aiter_bytes() if undone else aiter(_stream(self._response))
        self._body = cast("AsyncGenerator[bytes]", body)
        if self._response.http_version != "HTTP/2":
            self._wire = self._response.extensions.get("network_stream")
        return self._opened(head, _decoder(head, undone))

    async def close(self) -> None:
        """Drop the connection, at any moment, from any task. See `AsyncExchange.close`."""
        self._closed = True
        # Whoever is at work gives back what there is.
        if self._work is not None:
            self._work.cancel()
        elif self._reading:
            await self._wake()
        else:
            await self._give_back()

    async def _wake(self) -> None:
        """End the connection under the reader's hands.

        Shut down, not closed: the end of the body may have been read already. Then httpx2 takes the
        connection for one that is at rest, and asks its socket whether the server has closed it. On
        trio that fails for a closed socket, now and at every further request of the client.
        """
        connection = self._wire.get_extra_info("socket")
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except (AttributeError, TypeError):
            # A network of the caller's without sockets, or with those of uvloop, which refuse.
            with contextlib.suppress(*FAILURES):
                await self._wire.aclose()
        except OSError:
            # It is not connected any more, and the reader finds that out.
            pass

    async def _sent(self, client: httpx2.AsyncClient, request: httpx2.Request) -> httpx2.Response:
        try:
            return await client.send(request, stream=True, follow_redirects=False, **_auth(self._request))
        except httpx2.HTTPStatusError as error:
            return _without_body(error.response)

    async def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        """httpx2 tells of each step: take hold of a connection as soon as there is one."""
        if name in CONNECTED:
            self._wire = info["return_value"]
        elif name.startswith("http2."):
            # From here on it is no longer ours alone.
            self._wire = None

    def _check(self) -> None:
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
            if timeout is None and self._wire is not None:
                self._reading = True
                data = await anext(body)
            else:
                with anyio.move_on_after(timeout) as self._work:
                    data = await anext(body)
        except StopAsyncIteration:
            data = b""
        except GeneratorExit:
            # The event loop is gone, and nothing can be waited for.
            raise
        except BaseException as error:
            await self._give_back()
            if isinstance(error, FAILURES):
                raise (closed() if self._closed else ReadError(reason(error))) from error
            raise
        finally:
            self._reading = False
            self._work = None
        if data and not self._closed:
            return data
        await self._give_back()
        if data:
            return data
        self._check()
        if data is None:
            raise IdleTimeout(timeout or 0.0)
        self._ended = True
        return b""

    async def _give_back(self) -> None:
        response, self._response = self._response, None
        body, self._body = self._body, None
        if response is None:
            return
        with anyio.CancelScope(shield=True):
            tell = leave(response)
            if tell is not None:
                # A lost connection needs no such word.
                with contextlib.suppress(Exception):
                    await tell()
        if body is not None:
            # It is made of generators inside of generators. Ending the outermost leaves the others to the
            # garbage collector, of which trio complains; a cancellation goes through all of them.
            with anyio.CancelScope() as scope, contextlib.suppress(*FAILURES):
                scope.cancel()
                async for _ in body:
                    pass
        with anyio.CancelScope(shield=True):
            await response.aclose()
            close = forsaken(response)
            if close is not None:
                await close()


def _without_body(response: httpx2.Response) -> httpx2.Response:
    """Return a response that a hook of the client's refused: httpx2 has dropped its connection.

    The verdict is ours, and is made of the same head.
    """
    response.stream = httpx2.ByteStream(b"")
    response.extensions.pop("network_stream", None)
    return response


def _stream(response: httpx2.Response) -> Any:
    """Return what `iter_raw` iterates."""
    return response.stream


def _built(
    client: httpx2.Client | httpx2.AsyncClient, request: Request, timeout: float | None
) -> httpx2.Request:
    """Return the request in httpx2's words, with what the client adds to it."""

    def bounded(limit: float | None) -> float | None:
        # What waits in a blocking client, before there is a connection, only this can end.
        return min((one for one in (limit, timeout) if one is not None), default=None)

    limits = client.timeout
    built = client.build_request(
        request.method,
        request.url,
        headers=request.raw_headers,
        content=request.body,
        timeout=httpx2.Timeout(
            connect=bounded(limits.connect),
            read=None,
            write=bounded(limits.write),
            pool=bounded(limits.pool),
        ),
    )
    given = {name.lower() for name, _ in request.headers}
    # A coding that nobody asked for makes servers hold back what they compress.
    for name in {"accept-encoding", *request.withheld} - given:
        built.headers.pop(name, None)
    # As it stands: httpx2 would put the client's own parameters in the place of the URL's.
    url = request.url
    if client.params and not request.withheld:
        url += f"{'&' if '?' in url else '?'}{client.params}"
    built.url = httpx2.URL(url)
    if request.withheld:
        # Every request needs one.
        built.headers["Host"] = request.header("Host") or built.url.netloc.decode("ascii")
    return built


def _auth(request: Request) -> dict[str, None]:
    """Return the argument that keeps the client's own authentication back.

    It must not go to another origin, and what the request brings itself wins.
    """
    held_back = "authorization" in request.withheld or request.header("Authorization") is not None
    return {"auth": None} if held_back else {}


def _head(response: httpx2.Response, request: Request) -> Response:
    return Response(response.status_code, response.headers.raw, request.url)


def _undone_by_client(head: Response, client: httpx2.Client | httpx2.AsyncClient) -> bool:
    """Return whether the body has codings that the client knows, and we do not."""
    coding = head.joined("Content-Encoding")
    known = codings(client.headers.get("Accept-Encoding"))
    return decoder(coding) is None and set(codings(coding)) <= set(known)


def _decoder(head: Response, undone_by_client: bool) -> Decoder | None:
    return Identity() if undone_by_client else decoder(head.joined("Content-Encoding"))
