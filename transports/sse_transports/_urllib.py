"""The blocking transport on the standard library: `urllib.request` for proxies and TLS, read as it comes."""

from __future__ import annotations

import contextlib
import errno
import functools
import http.client
import io
import os
import selectors
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, cast

import sse_core
from sse_core import (
    ConnectError,
    ContentEncodingError,
    IdleTimeout,
    IllegalState,
    ReadError,
    Request,
    Response,
    TransportError,
)

from ._content_coding import Decoder, decoder

READ_SIZE = 2**16
"""Bytes taken from the socket at a time, at most. What has arrived is returned without waiting for more."""


class UrllibTransport:
    """Carries event streams over the standard library's HTTP client. Needs nothing else.

    Proxies come from the environment (`http_proxy`, `https_proxy`, `no_proxy`). TLS certificates are
    verified. Redirects, cookies and authentication are left to the event source. gzip and deflate are
    decoded where a server insists on them.

    Args:
        context: the TLS settings, if not the standard library's defaults: a private certificate
            authority, a client certificate, no verification.
        proxies: scheme to proxy URL, instead of the environment's; `{}` for none.
    """

    def __init__(
        self, *, context: ssl.SSLContext | None = None, proxies: Mapping[str, str] | None = None
    ) -> None:
        # Not `build_opener`: its handlers follow redirects, raise on statuses and open file: URLs.
        self._opener = urllib.request.OpenerDirector()
        self._opener.addheaders = [("User-Agent", f"sse-core/{sse_core.__version__}")]
        self._opener.add_handler(_ProxyHandler(None if proxies is None else dict(proxies)))
        self._opener.add_handler(_Handler(context))

    def exchange(self, request: Request, *, timeout: float | None) -> UrllibExchange:
        """Return an exchange for `request`, without any I/O yet. See `Transport`."""
        return UrllibExchange(self._opener, request, timeout)

    def close(self) -> None:
        """Nothing is kept between exchanges."""


class UrllibExchange:
    """One request and its response on a connection of its own. See `Exchange`."""

    def __init__(
        self, opener: urllib.request.OpenerDirector, request: Request, timeout: float | None
    ) -> None:
        self._opener = opener
        self._request = request
        self._timeout = timeout
        self.clock = _Clock()
        self._response: http.client.HTTPResponse | None = None
        self._head: Response | None = None
        self._decoder: Decoder | None = None
        # Guards what `close` may touch while another thread is inside `open` or `read`.
        # Reentrant: an interrupt may leave it held, and the same thread closes then.
        self._lock = threading.RLock()
        self._grip: socket.socket | None = None
        self._busy = False
        self._closed = False

    def open(self) -> Response:
        """Send the request and return the response's head. See `Exchange.open`."""
        self._enter()
        try:
            self.clock.start(self._timeout)
            request = _UrllibRequest(self._request, self)
            response = cast("http.client.HTTPResponse", self._opener.open(request))
            self._response = response
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ConnectError(_reason(error, self._timeout)) from error
        finally:
            self._exit()
        self._head = Response(response.status, response.headers.items(), self._request.url)
        self._decoder = decoder(self._head.header("Content-Encoding"))
        return self._head

    def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes as soon as there are any. See `Exchange.read`."""
        if self._head is None or self._response is None:
            raise IllegalState("read() before open()")
        if self._decoder is None:
            raise ContentEncodingError(self._head.status, self._head.headers, url=self._head.url)
        while True:
            data = self._decoder.take()
            if data:
                return data
            data = self._read_raw(self._response, timeout)
            if not data:
                self._decoder.end()
                return b""
            self._decoder.give(data)

    def close(self) -> None:
        """Drop the connection, at any moment, from any thread. See `Exchange.close`."""
        with self._lock:
            self._closed = True
            if self._grip is not None:
                # Wakes whoever waits for this socket, in connecting, in TLS or in reading.
                _shut_down(self._grip)
            if not self._busy:
                self._release()

    def _read_raw(self, response: http.client.HTTPResponse, timeout: float | None) -> bytes:
        self._enter()
        try:
            self.clock.each(timeout)
            data = response.read1(READ_SIZE)
            # `read1` takes the end of the connection for the end of the body.
            missing = response.length
            if not data and missing:
                raise ReadError(f"the connection ended {missing} bytes before the body did")
        except TimeoutError as error:
            # With an errno, it is the network's verdict on a peer that no longer answers.
            if error.errno is not None or timeout is None:
                raise ReadError(_reason(error, None)) from error
            raise IdleTimeout(timeout) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ReadError(_reason(error, None)) from error
        finally:
            self._exit()
        return data

    def _enter(self) -> None:
        with self._lock:
            if self._closed:
                raise TransportError("the exchange is closed")
            self._busy = True

    def _exit(self) -> None:
        with self._lock:
            self._busy = False
            if self._closed or self._response is None:
                self._release()

    def _release(self) -> None:
        if self._response is not None:
            self._response.close()
        if self._grip is not None:
            self._grip.close()
            self._grip = None

    def connect(
        self, address: tuple[str, int], _timeout: object = None, _source: object = None
    ) -> socket.socket:
        """Return a connected socket, trying each of the host's addresses within one deadline.

        In place of `socket.create_connection`, which gives each address the whole time, and no way
        to stop it.
        """
        failure: OSError = OSError(f"{address[0]} has no address")
        for family, kind, protocol, _, place in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
            try:
                return self._connected(socket.socket(family, kind, protocol), place)
            except OSError as error:
                # Also where this machine has no such family of addresses.
                failure = error
            if self._closed or self.clock.is_over():
                break
        raise failure

    def _connected(self, connection: socket.socket, place: Any) -> socket.socket:
        try:
            self._hold(connection)
            self._reach(connection, place)
            # For TLS, and for sending the request.
            connection.settimeout(self.clock.allowance())
            # A peer that vanished is found out some day even where no idle timeout is set.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except BaseException:
            connection.close()
            raise
        return connection

    def _reach(self, connection: socket.socket, place: Any) -> None:
        """Connect, so that `close` ends it at any moment: before it begins, and while it is under way."""
        connection.setblocking(False)
        code = connection.connect_ex(place)
        # A socket can be shut down only from here on; if `close` came before, it left the word.
        if code in {errno.EINPROGRESS, errno.EWOULDBLOCK} and not self._closed:
            with selectors.DefaultSelector() as selector:
                selector.register(connection, selectors.EVENT_WRITE)
                if not selector.select(self.clock.allowance()):
                    raise TimeoutError
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if self._closed:
            raise ConnectionAbortedError("the exchange is closed")
        if code:
            raise OSError(code, os.strerror(code))

    def _hold(self, connection: socket.socket) -> None:
        """Keep a second handle of the connection, for `close` in another thread.

        TLS takes the first one over, and an SSLSocket must not be touched by two threads.
        """
        with self._lock:
            if self._closed:
                raise ConnectionAbortedError("the exchange is closed")
            if self._grip is not None:
                self._grip.close()
            self._grip = connection.dup()


class _Clock:
    """How long the next operation on the socket may take: up to a deadline, or each so long."""

    def __init__(self) -> None:
        self._deadline: float | None = None
        self._each: float | None = None

    def start(self, seconds: float | None) -> None:
        """From now on, all operations together have so many seconds."""
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def each(self, seconds: float | None) -> None:
        """From now on, each operation has so many seconds."""
        self._deadline = None
        self._each = seconds

    def is_over(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def allowance(self) -> float | None:
        """Return the seconds the next operation may take; raises TimeoutError if there are none left."""
        if self._deadline is None:
            return self._each
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Source(io.RawIOBase):
    """The socket's bytes, each read under the exchange's clock."""

    def __init__(self, raw: socket.SocketIO, connection: socket.socket, clock: _Clock) -> None:
        super().__init__()
        self._raw = raw
        self._connection = connection
        self._clock = clock
        self._allowed: object = ...

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        allowed = self._clock.allowance()
        # Setting it costs as much as a small read, and while a stream flows it never changes.
        if allowed != self._allowed:
            self._connection.settimeout(allowed)
            self._allowed = allowed
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _HTTPResponse(http.client.HTTPResponse):
    """A response that reads under the exchange's clock."""

    def __init__(self, connection: socket.socket, *args: Any, clock: _Clock, **options: Any) -> None:
        super().__init__(connection, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_Source(cast("socket.SocketIO", raw), connection, clock), READ_SIZE)

    def _read_status(self) -> tuple[str, int, str]:
        # `begin` skips 100 and takes any other interim response (103, 102) for the final one.
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, 100 if 100 < status < 200 and status != 101 else status, reason


class _UrllibRequest(urllib.request.Request):
    """A `Request` in urllib's words, with the exchange it belongs to."""

    def __init__(self, request: Request, exchange: UrllibExchange) -> None:
        super().__init__(request.url, data=request.body, method=request.method)
        self.exchange = exchange
        for name, value in request.headers:
            # http.client writes a str as ISO-8859-1, which turns this back into UTF-8.
            self.add_header(name, value.encode().decode("latin-1"))

    def connection(self, kind: type[http.client.HTTPConnection]) -> Callable[..., Any]:
        """Return what urllib calls to make the connection of this request."""

        def make(host: str, **options: Any) -> http.client.HTTPConnection:
            connection: Any = kind(host, **options)
            connection._create_connection = self.exchange.connect  # noqa: SLF001  # the one hook there is
            connection.response_class = functools.partial(_HTTPResponse, clock=self.exchange.clock)
            return cast("http.client.HTTPConnection", connection)

        return make


class _ProxyHandler(urllib.request.ProxyHandler):
    """The proxies of the environment or the caller; one that cannot be used is an error, not passed over."""

    def proxy_open(self, request: urllib.request.Request, proxy: str, scheme: str) -> Any:
        kind, mark, _ = proxy.partition("://")
        if mark and kind.lower() != "http" and not urllib.request.proxy_bypass(request.host):
            raise ConnectError(
                f"the proxy set for {scheme} is of kind {kind!r}, and only 'http' is supported"
            )
        return super().proxy_open(request, proxy, scheme)


class _Handler(urllib.request.AbstractHTTPHandler):
    """What the opener calls for http and https."""

    http_request = urllib.request.AbstractHTTPHandler.do_request_
    https_request = urllib.request.AbstractHTTPHandler.do_request_

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__()
        self._context = context

    def http_open(self, request: _UrllibRequest) -> http.client.HTTPResponse:
        return self.do_open(request.connection(http.client.HTTPConnection), request)

    def https_open(self, request: _UrllibRequest) -> http.client.HTTPResponse:
        if self._context is None:
            # Made when first needed, and once: loading the authorities takes longer than a request.
            self._context = ssl.create_default_context()
            self._context.set_alpn_protocols(["http/1.1"])
        return self.do_open(request.connection(http.client.HTTPSConnection), request, context=self._context)


def _shut_down(connection: socket.socket) -> None:
    # Fails if it is not connected, or not any more.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _reason(error: BaseException, timeout: float | None) -> str:
    """Return a message for people: urllib wraps errors, and a timeout has no text that helps."""
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError) and cause.errno is None and timeout is not None:
        return f"no response within {timeout:g} seconds (timeout)"
    return str(cause) or type(cause).__name__
