"""The blocking transport on the standard library: `urllib.request` and `http.client`, read as bytes arrive.

The standard library's client is made for short responses. This file adds what an event stream needs:

- A read returns what has arrived, without waiting for more, and has its own timeout.
- One deadline covers the whole way to the response headers: connect, proxy, TLS handshake, request, headers.
- `close()` from any thread ends whatever the reading thread is waiting for.
- A truncated body or truncated headers are an error, not an end of stream. So is malformed framing.

How the parts work together:

    UrllibTransport   keeps the proxy and TLS settings, in an opener of `urllib.request`.
    UrllibExchange    one request. Opens the connection, reads from it, closes it.
    SocketGuard       knows whether the connection is in use, and shuts it down for `close()` and the
                      deadline. `_socket_guard.py` explains the threads and why the socket is duplicated.
    _Connection       connects with `UrllibExchange.connect()` instead of `socket.create_connection()`, which
                      cannot be interrupted and tries one address after the other (`_sockets.py`).
    HTTPResponse      parses the status line and the headers, and refuses what http.client would guess at.
    HeadReader        gives it the lines of the headers, which are limited. Closes the socket. Both are in
                      `_http1_head.py`.
    Body              reads the body, and knows where it ends: `_http1_bodies.py`.

Only the thread that iterates calls `open()` and `read()`, inside `with guard:`. So the response and its
body need no lock. That thread also closes them, or `close()` does while no thread is inside the guard.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import socket
import ssl
import urllib.request
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import unquote

import sse_core
from sse_core import IdleTimeout, InvalidArgument, ReadError, Request, Response

from ._exchanges import DecodedExchange, body_decoder, closed, connect_reason, is_final_tls_error, reason
from ._http1_bodies import Body, Chunked, UntilClose, WithLength
from ._http1_head import HeadReader, HTTPResponse
from ._proxies import environment_proxy, is_bypassed, usable_proxy
from ._socket_guard import SocketGuard
from ._sockets import ATTEMPT_DELAY, connect

PROXY_KEYS = ("http", "https", "all")

CONTENT_LENGTH = re.compile(r"[0-9]{1,18}").fullmatch


class UrllibTransport:
    """Carries event streams over the standard library's HTTP client. Needs nothing else.

    Proxies come from the environment (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`); they must be
    HTTP proxies. TLS certificates are verified. Redirects, cookies and authentication are left to the event
    source. gzip and deflate are decoded, if a server uses them although they were not asked for.

    Of several addresses, each next one is tried after 250 ms (RFC 8305). Connections have TCP keep-alive, so
    that a peer that vanished is noticed after some six minutes.

    A context manager, as other transports are; no connection is kept between exchanges.

    Args:
        context: the TLS settings, if not the standard library's defaults: a private certificate
            authority, a client certificate, no verification.
        proxies: proxy URLs by the scheme of what is requested, instead of the environment's: keys are
            `http`, `https`, and `all` for a scheme that is not given; `{}` for no proxy. `no_proxy` still
            counts.

    Raises:
        sse_core.InvalidArgument: `proxies` has another key, or a value that is no text.
    """

    def __init__(
        self, *, context: ssl.SSLContext | None = None, proxies: Mapping[str, str] | None = None
    ) -> None:
        # Not `build_opener`: its handlers follow redirects, raise on statuses and open file: URLs.
        self._opener = urllib.request.OpenerDirector()
        self._opener.addheaders = []
        self._opener.add_handler(_ProxyHandler(proxies))
        self._opener.add_handler(_HTTPHandler(context))

    def exchange(self, request: Request, *, timeout: float | None) -> UrllibExchange:
        """Return an exchange for `request`, without any I/O yet. See `Transport`."""
        return UrllibExchange(self._opener, request, timeout)

    def close(self) -> None:
        """Do nothing: no connection is kept between exchanges."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class UrllibExchange(DecodedExchange):
    """One request and its response on a connection of its own. See `Exchange`."""

    def __init__(
        self, opener: urllib.request.OpenerDirector, request: Request, timeout: float | None
    ) -> None:
        super().__init__(request, timeout)
        self._opener = opener
        self._guard = SocketGuard(self._close_response)
        # Owns the socket; None before the headers have arrived.
        self._response: HTTPResponse | None = None
        self._body: Body | None = None

    def open(self) -> Response:
        """Send the request and return the response headers. See `Exchange.open`."""
        with self._guard:
            with self._guard.deadline(self._timeout):
                request = None
                try:
                    request = _UrllibRequest(self._request, self.connect)
                    response = self._response = cast("HTTPResponse", self._opener.open(request))
                    head = Response(response.status, response.headers.items(), self._request.url)
                    self._body = _body(self._request.method, head, response.reader)
                except (OSError, http.client.HTTPException, ValueError) as error:
                    if self._guard.expired:
                        # Not `from error`: the deadline has shut the socket down, and to the client that
                        # looks as if the server had.
                        raise self._no_response() from None
                    via = "" if request is None or request.proxy is None else f"proxy {request.proxy}: "
                    raise self._not_connected(via + connect_reason(error), _is_final(error)) from error
            if self._guard.expired:
                # The headers arrived just as time ran out, and the socket is shut down.
                raise self._no_response()
        return self._opened(head, body_decoder(head))

    def close(self) -> None:
        """Drop the connection, at any moment, from any thread. See `Exchange.close`."""
        self._guard.close()

    def _read_raw(self, timeout: float | None) -> bytes:
        body = self._body
        if body is None:
            raise closed()
        with self._guard:
            try:
                data = body.read(timeout)
            except TimeoutError as error:
                # ETIMEDOUT, with an errno: the system has given up a peer that no longer acknowledges.
                if error.errno is not None or timeout is None:
                    raise ReadError(reason(error)) from error
                raise IdleTimeout(timeout) from error
            except ssl.SSLEOFError as error:
                raise ReadError("the connection ended without TLS close_notify: it was lost") from error
            except (OSError, ValueError) as error:
                raise ReadError(reason(error)) from error
            if not data and self._guard.closed:
                raise closed()
        return data

    def _close_response(self) -> None:
        if self._response is not None:
            # A process that was forked meanwhile has the socket too, and the server would see no end.
            self._guard.shut_down()
            self._response.reader.close()

    def connect(
        self, address: tuple[str, int], _timeout: object = None, _source: object = None
    ) -> socket.socket:
        """Return a connected socket. Replaces `socket.create_connection()`, which cannot be interrupted.

        All addresses of the host are started within the timeout, also if it is short.
        """
        addresses = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
        delay = ATTEMPT_DELAY
        if self._timeout is not None and addresses:
            delay = min(delay, self._timeout / len(addresses))
        # A shutdown by the guard makes this socket readable, which ends the wait for all of them.
        interrupt, other_end = socket.socketpair()
        with interrupt, other_end:
            self._guard.attach(interrupt)
            connection = connect(addresses, interrupt, delay)
        try:
            # From now on, `deadline()` and the body's timeout are the limits.
            self._guard.attach(connection)
        except BaseException:
            connection.close()
            raise
        return connection


class _Connection:
    """What the connections for http and https share: how to connect, and how to send.

    The server may respond, and close, before it has read the whole request: with 401 or 413 to a large
    body, for instance. So errors of writing are ignored, and the response is read. If there is none, reading
    it fails.
    """

    def __init__(self, host: str, *, connect: Callable[..., socket.socket], **options: Any) -> None:
        super().__init__(host, **options)  # type: ignore[call-arg]
        self.response_class: type[http.client.HTTPResponse] = HTTPResponse
        # Private in http.client, but there is no other hook.
        self._create_connection = connect

    def send(self, data: Any) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().send(data)  # type: ignore[misc]


class _HTTPConnection(_Connection, http.client.HTTPConnection):
    pass


class _CredentialsRefused(http.client.HTTPException):
    """A proxy does not open a tunnel without other credentials."""


class _TunnelResponse(HTTPResponse):
    """The response of a proxy to CONNECT."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, phrase = super()._read_status()
        if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise _CredentialsRefused(f"Tunnel connection failed: {status} {phrase.strip()}")
        return version, status, phrase


class _HTTPSConnection(_Connection, http.client.HTTPSConnection):
    def connect(self) -> None:
        self.response_class = _TunnelResponse
        super().connect()
        self.response_class = HTTPResponse
        # By default, a connection that ends without close_notify looks like a clean end.
        self.sock.suppress_ragged_eofs = False  # type: ignore[union-attr]


class _UrllibRequest(urllib.request.Request):
    """A `Request` as urllib wants it, with the function that connects its socket.

    Attributes:
        connect: see `UrllibExchange.connect`.
        proxy: host and port of the proxy, or None.
    """

    def __init__(self, request: Request, connect: Callable[..., socket.socket]) -> None:
        super().__init__(request.url, data=request.body, method=request.method)
        self.connect = connect
        self.proxy: str | None = None
        for name, value in request.raw_headers:
            # http.client encodes a str as ISO-8859-1, which gives the same bytes again.
            self.add_header(name.decode(), value.decode("latin-1"))
        if not self.has_header("User-agent") and "user-agent" not in request.withheld:
            self.add_header("User-Agent", f"sse-core/{sse_core.__version__}")


class _ProxyHandler(urllib.request.BaseHandler):
    """Sends requests to the proxy that the caller or the environment names."""

    # Before the handler that connects.
    handler_order = 100

    def __init__(self, proxies: Mapping[str, str] | None) -> None:
        self._proxies = None if proxies is None else _checked_proxies(proxies)

    def http_open(self, request: _UrllibRequest) -> None:
        proxy = self._proxy_for(request.full_url, request.type)
        if proxy is None:
            return
        credentials, separator, address = proxy.removeprefix("http://").rpartition("@")
        # The caller's own header wins.
        if separator and not request.has_header("Proxy-authorization"):
            user, _, password = credentials.partition(":")
            basic = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
            request.add_header("Proxy-authorization", f"Basic {basic}")
        request.proxy = address
        request.set_proxy(address, "http")

    https_open = http_open

    def _proxy_for(self, url: str, scheme: str) -> str | None:
        if self._proxies is None:
            return environment_proxy(url, kinds=("http",))
        key = scheme if scheme in self._proxies else "all"
        proxy = self._proxies.get(key)
        if not proxy or is_bypassed(url):
            return None
        return usable_proxy(proxy, f"proxies[{key!r}]", kinds=("http",))


class _HTTPHandler(urllib.request.AbstractHTTPHandler):
    """What the opener calls for http and https URLs.

    `do_open` passes `connect` on to the connection, which typeshed does not expect.
    """

    http_request = urllib.request.AbstractHTTPHandler.do_request_
    https_request = urllib.request.AbstractHTTPHandler.do_request_

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__()
        self._context = context

    def http_open(self, request: _UrllibRequest) -> http.client.HTTPResponse:
        return self.do_open(_HTTPConnection, request, connect=request.connect)  # type: ignore[arg-type]

    def https_open(self, request: _UrllibRequest) -> http.client.HTTPResponse:
        if self._context is None:
            # Created when first needed, and once: loading the authorities takes longer than a request.
            self._context = ssl.create_default_context()
            self._context.set_alpn_protocols(["http/1.1"])
        options = {"connect": request.connect, "context": self._context}
        return self.do_open(_HTTPSConnection, request, **options)  # type: ignore[arg-type]


def _checked_proxies(proxies: Mapping[str, str]) -> dict[str, str]:
    # The caller may have given anything. A key that is not known would mean a direct connection.
    if not isinstance(cast("object", proxies), Mapping):
        kind = type(proxies).__name__
        raise InvalidArgument("proxies", f"expected a mapping of schemes to URLs, not {kind}")
    for key, value in cast("Mapping[object, object]", proxies).items():
        if key not in PROXY_KEYS:
            raise InvalidArgument("proxies", f"expected the keys {', '.join(PROXY_KEYS)}, not {key!r}")
        # Not shown: it may have a password.
        if not isinstance(value, str):
            raise InvalidArgument("proxies", f"expected a URL for {key!r}, not {type(value).__name__}")
    return dict(proxies)


def _is_final(error: Exception) -> bool:
    """Return whether another attempt would fail in the same way: `ConnectError.final`."""
    # ValueError: a URL, a header or the name of a host that cannot be sent. The codec of such names raises
    # UnicodeError, which is one too.
    invalid = isinstance(error, (ValueError, http.client.InvalidURL))
    return invalid or isinstance(error, _CredentialsRefused) or is_final_tls_error(error)


def _body(method: str, head: Response, reader: HeadReader) -> Body:
    """Return the body of this response (RFC 9112, 6.3).

    Raises:
        http.client.HTTPException: the lengths are malformed, or not all equal.
    """
    connection, buffered = reader.connection, reader.take_buffered()
    if method == "HEAD" or head.status < 200 or head.status in {204, 304}:
        return WithLength(connection, buffered, 0)
    if head.joined("Transfer-Encoding"):
        # One that is not supported is not decoded: see `body_decoder`.
        return Chunked(connection, buffered)
    lengths = head.joined("Content-Length")
    if lengths is None:
        return UntilClose(connection, buffered)
    length, *others = {value.strip(" \t") for value in lengths.split(",")}
    if others or CONTENT_LENGTH(length) is None:
        raise http.client.HTTPException(f"malformed Content-Length: {lengths[:80]!r}")
    return WithLength(connection, buffered, int(length))
