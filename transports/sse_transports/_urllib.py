"""The blocking transport on the standard library: `urllib.request` for proxies and TLS, read as it comes."""

from __future__ import annotations

import contextlib
import errno
import functools
import http.client
import io
import os
import re
import selectors
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, cast

import sse_core
from sse_core import ConnectError, IdleTimeout, ReadError, Request, Response

from ._content_coding import Decoder, decoder
from ._exchanges import DecodedExchange, closed, reason
from ._grip import Grip

READ_SIZE = 2**16
"""Bytes taken from the socket at a time, at most. What has arrived is returned without waiting for more."""

CHUNK_SIZE = re.compile(rb"\r\n([0-9A-Fa-f]{1,8})\r\n").match
"""The end of one chunk, and the size of the next (RFC 9112, 7.1), without an extension."""


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
        self._opener.addheaders = []
        self._opener.add_handler(_ProxyHandler(None if proxies is None else dict(proxies)))
        self._opener.add_handler(_Handler(context))

    def exchange(self, request: Request, *, timeout: float | None) -> UrllibExchange:
        """Return an exchange for `request`, without any I/O yet. See `Transport`."""
        return UrllibExchange(self._opener, request, timeout)

    def close(self) -> None:
        """Nothing is kept between exchanges."""


class UrllibExchange(DecodedExchange):
    """One request and its response on a connection of its own. See `Exchange`."""

    def __init__(
        self, opener: urllib.request.OpenerDirector, request: Request, timeout: float | None
    ) -> None:
        super().__init__(request, timeout)
        self._opener = opener
        self._grip = Grip(self._release)
        self._response: http.client.HTTPResponse | None = None
        # For `_Source`: the limit of its next read; from it: whether there is anything left to read.
        self.read_timeout: float | None = None
        self.ended = False
        # For `_Source` too: whether only what is held already may be looked at.
        self.at_rest: bool = False

    def open(self) -> Response:
        """Send the request and return the response's head. See `Exchange.open`."""
        # One deadline over all: connecting, a proxy, TLS, sending, and a head that may come in drips.
        with self._grip:
            with self._grip.deadline(self._timeout):
                try:
                    request = _UrllibRequest(self._request, self)
                    self._response = cast("http.client.HTTPResponse", self._opener.open(request))
                    if self.ended:
                        # http.client takes the end of the connection for the end of the head.
                        raise ConnectionError("the connection ended inside the response's head")
                except (OSError, http.client.HTTPException, ValueError) as error:
                    timed_out = isinstance(getattr(error, "reason", error), TimeoutError)
                    # Without a limit of ours, the time was up by the system's own.
                    if self._grip.expired or (timed_out and self._timeout is not None):
                        raise self._no_response() from error
                    raise self._not_connected(reason(error)) from error
                head = Response(self._response.status, self._response.headers.items(), self._request.url)
            if self._grip.expired:
                # Just when the head had come: the connection is gone with it.
                raise self._no_response()
        return self._opened(head, _decoder(head))

    def close(self) -> None:
        """Drop the connection, at any moment, from any thread. See `Exchange.close`."""
        self._grip.close()

    def _read_raw(self, timeout: float | None) -> bytes:
        response = self._response
        if response is None:
            raise closed()
        with self._grip:
            self.read_timeout = timeout
            try:
                data = response.read1(READ_SIZE)
            except TimeoutError as error:
                # With an errno, it is the network's verdict on a peer that no longer answers.
                if error.errno is not None or timeout is None:
                    raise ReadError(reason(error)) from error
                raise IdleTimeout(timeout) from error
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise ReadError(reason(error)) from error
            if not data and self._grip.closed:
                raise closed()
            # `read1` takes the end of the connection for the end of the body.
            missing = response.length
            if not data and missing:
                raise ReadError(f"the connection ended {missing} bytes before the body did")
            # http.client reads the size of a chunk with `int`, which knows negative ones.
            if response.chunked:
                left = response.chunk_left
                if left is not None and left < 0:
                    raise ReadError("a chunk of the body has a negative size")
                if data and left == 0:
                    data += self._whole_chunks(response.fp)
        return data

    def _whole_chunks(self, source: io.BufferedReader) -> bytes:
        """Return the chunks that have arrived together with the last one.

        http.client hands over one chunk a call, at a price; a busy stream has hundreds of small ones in
        what was read at once. What is not plainly a whole chunk is left to http.client.
        """
        self.at_rest = True
        try:
            held = source.peek()
        finally:
            self.at_rest = False
        pieces = []
        end = 0
        while (size := CHUNK_SIZE(held, end)) is not None:
            begin = size.end()
            length = int(size[1], 16)
            # The last chunk has no bytes, and trailers behind it.
            if not length or begin + length > len(held):
                break
            end = begin + length
            pieces.append(held[begin:end])
        if end:
            source.read(end)
        return b"".join(pieces)

    def _release(self) -> None:
        if self._response is not None:
            self._response.close()

    def connect(
        self, address: tuple[str, int], _timeout: object = None, _source: object = None
    ) -> socket.socket:
        """Return a connected socket. In place of `socket.create_connection`, which nothing can stop.

        Each of the host's addresses gets its share of the time, so that one that never answers does
        not hide the others.
        """
        failure: OSError = OSError(f"{address[0]} has no address")
        addresses = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        for number, (family, kind, protocol, _, place) in enumerate(addresses):
            share = None
            if deadline is not None:
                share = max(0.0, deadline - time.monotonic()) / (len(addresses) - number)
            try:
                return self._connected(socket.socket(family, kind, protocol), place, share)
            except OSError as error:
                # Also where this machine has no such family of addresses.
                failure = error
            if self._grip.closed or self._grip.expired:
                break
        raise failure

    def _connected(self, connection: socket.socket, place: Any, seconds: float | None) -> socket.socket:
        try:
            self._grip.hold(connection)
            self._reach(connection, place, seconds)
            # From here on, the deadline's and the reader's own limits hold.
            connection.setblocking(True)
            # A peer that vanished is found out some day even where no idle timeout is set.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except BaseException:
            connection.close()
            raise
        return connection

    def _reach(self, connection: socket.socket, place: Any, seconds: float | None) -> None:
        """Connect, so that it can be ended at any moment: before it begins, and while it is under way."""
        connection.setblocking(False)
        code = connection.connect_ex(place)
        # A socket can be shut down only from here on; who came before that, left the word.
        self._grip.check()
        if code in {errno.EINPROGRESS, errno.EWOULDBLOCK}:
            with selectors.DefaultSelector() as selector:
                selector.register(connection, selectors.EVENT_WRITE)
                if not selector.select(seconds):
                    raise TimeoutError(f"no answer from {place[0]}")
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._grip.check()
        if code:
            raise OSError(code, os.strerror(code))


class _Source(io.RawIOBase):
    """The socket's bytes; each read may take as long as the exchange says."""

    def __init__(self, raw: socket.SocketIO, connection: socket.socket, exchange: UrllibExchange) -> None:
        super().__init__()
        self._raw = raw
        self._connection = connection
        self._exchange = exchange
        self._timeout: float | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._exchange.at_rest:
            return None
        timeout = self._exchange.read_timeout
        # Setting it costs as much as a small read, and while a stream flows it never changes.
        if timeout != self._timeout:
            self._connection.settimeout(timeout)
            self._timeout = timeout
        count = self._raw.readinto(buffer)
        self._exchange.ended = count == 0
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _HTTPResponse(http.client.HTTPResponse):
    """A response that reads as its exchange says."""

    def __init__(
        self, connection: socket.socket, *args: Any, exchange: UrllibExchange, **options: Any
    ) -> None:
        super().__init__(connection, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_Source(cast("socket.SocketIO", raw), connection, exchange), READ_SIZE)

    def _read_status(self) -> tuple[str, int, str]:
        # `begin` skips 100 and takes any other interim response (103, 102) for the final one.
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, 100 if 100 < status < 200 and status != 101 else status, reason


class _EarlyAnswer:
    """A connection on which the server may answer, and close, before it has read the request to its end.

    A large body that is refused (401, 413) is an everyday case, and the answer says why. If there is no
    answer after all, reading it fails.
    """

    def send(self, data: Any) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().send(data)  # type: ignore[misc]


class _HTTPConnection(_EarlyAnswer, http.client.HTTPConnection):
    pass


class _HTTPSConnection(_EarlyAnswer, http.client.HTTPSConnection):
    pass


class _UrllibRequest(urllib.request.Request):
    """A `Request` in urllib's words, with the exchange it belongs to."""

    def __init__(self, request: Request, exchange: UrllibExchange) -> None:
        super().__init__(request.url, data=request.body, method=request.method)
        self.exchange = exchange
        for name, value in request.raw_headers:
            # http.client writes a str as ISO-8859-1, which turns this back into bytes.
            self.add_header(name.decode(), value.decode("latin-1"))
        if not self.has_header("User-agent") and "user-agent" not in request.withheld:
            self.add_header("User-Agent", f"sse-core/{sse_core.__version__}")

    def connection(self, kind: type[http.client.HTTPConnection]) -> Callable[..., Any]:
        """Return what urllib calls to make the connection of this request."""

        def make(host: str, **options: Any) -> http.client.HTTPConnection:
            connection: Any = kind(host, **options)
            connection._create_connection = self.exchange.connect  # noqa: SLF001  # the one hook there is
            connection.response_class = functools.partial(_HTTPResponse, exchange=self.exchange)
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
        return self.do_open(request.connection(_HTTPConnection), request)

    def https_open(self, request: _UrllibRequest) -> http.client.HTTPResponse:
        if self._context is None:
            # Made when first needed, and once: loading the authorities takes longer than a request.
            self._context = ssl.create_default_context()
            self._context.set_alpn_protocols(["http/1.1"])
        return self.do_open(request.connection(_HTTPSConnection), request, context=self._context)


def _decoder(head: Response) -> Decoder | None:
    """Return what undoes the body's codings, or None if nothing here can."""
    # http.client knows the transfer coding "chunked" alone, and takes any other for none.
    if (head.joined("Transfer-Encoding") or "chunked").strip(" \t").lower() != "chunked":
        return None
    return decoder(head.joined("Content-Encoding"))
