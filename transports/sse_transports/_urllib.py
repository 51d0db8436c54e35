"""The blocking transport on the standard library: `urllib.request` and `http.client`, read as bytes arrive.

The standard library's client is made for short responses. This file adds what an event stream needs:

- A read returns what has arrived, without waiting for more, and has its own timeout.
- One deadline covers the whole way to the response headers: connect, proxy, TLS handshake, request, headers.
- `close()` from any thread ends whatever the reading thread is waiting for.
- A truncated body or truncated headers are an error, not an end of stream.

How the parts work together:

    UrllibTransport   keeps the proxy and TLS settings, in an opener of `urllib.request`.
    UrllibExchange    one request. Opens the connection, reads from it, closes it.
    SocketGuard       knows whether the connection is in use, and shuts it down for `close()` and the
                      deadline. `_socket_guard.py` explains the threads and why the socket is duplicated.
    _Connection       connects with `UrllibExchange.connect()` instead of `socket.create_connection()`, which
                      cannot be interrupted: the guard has the socket before the connect begins.
    _HTTPResponse     parses the headers and the chunks. Owns the reader.
    _SocketReader     reads the socket. Owns the state of reading: the timeout, and whether the end was found.

Only the thread that iterates calls `open()` and `read()`, inside `with guard:`. So the response and its
reader need no lock. That thread also closes them, or `close()` does while no thread is inside the guard.
"""

from __future__ import annotations

import contextlib
import errno
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

from ._content_coding import Decoder, decoder_for
from ._exchanges import DecodedExchange, closed, reason
from ._socket_guard import SocketGuard

READ_SIZE = 2**16
"""The largest number of bytes taken from the socket at a time."""

CHUNK_SIZE = re.compile(rb"\r\n([0-9A-Fa-f]{1,8})\r\n").match
"""The end of one chunk and the size of the next (RFC 9112, 7.1), without chunk extensions."""


class UrllibTransport:
    """Carries event streams over the standard library's HTTP client. Needs nothing else.

    Proxies come from the environment (`http_proxy`, `https_proxy`, `no_proxy`). TLS certificates are
    verified. Redirects, cookies and authentication are left to the event source. gzip and deflate are
    decoded, if a server uses them although they were not asked for.

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
        self._opener.add_handler(_HTTPHandler(context))

    def exchange(self, request: Request, *, timeout: float | None) -> UrllibExchange:
        """Return an exchange for `request`, without any I/O yet. See `Transport`."""
        return UrllibExchange(self._opener, request, timeout)

    def close(self) -> None:
        """Do nothing: no connection is kept between exchanges."""


class UrllibExchange(DecodedExchange):
    """One request and its response on a connection of its own. See `Exchange`."""

    def __init__(
        self, opener: urllib.request.OpenerDirector, request: Request, timeout: float | None
    ) -> None:
        super().__init__(request, timeout)
        self._opener = opener
        self._guard = SocketGuard(self._close_response)
        self._response: _HTTPResponse | None = None

    def open(self) -> Response:
        """Send the request and return the response headers. See `Exchange.open`."""
        with self._guard:
            with self._guard.deadline(self._timeout):
                try:
                    request = _UrllibRequest(self._request, self.connect)
                    response = self._response = cast("_HTTPResponse", self._opener.open(request))
                    if response.reader.at_eof:
                        # http.client takes the end of the connection for the end of the headers.
                        raise ConnectionError("the connection ended inside the response headers")
                except (OSError, http.client.HTTPException, ValueError) as error:
                    timed_out = isinstance(getattr(error, "reason", error), TimeoutError)
                    # Without a `timeout`, only the operating system's own limit can have passed.
                    if self._guard.expired or (timed_out and self._timeout is not None):
                        raise self._no_response() from error
                    raise self._not_connected(reason(error)) from error
                head = Response(response.status, response.headers.items(), self._request.url)
            if self._guard.expired:
                # The headers arrived just as time ran out, and the socket is shut down.
                raise self._no_response()
        return self._opened(head, _body_decoder(head))

    def close(self) -> None:
        """Drop the connection, at any moment, from any thread. See `Exchange.close`."""
        self._guard.close()

    def _read_raw(self, timeout: float | None) -> bytes:
        response = self._response
        if response is None:
            raise closed()
        with self._guard:
            response.reader.timeout = timeout
            try:
                data = response.read1(READ_SIZE)
            except TimeoutError as error:
                # ETIMEDOUT, with an errno: the system has given up a peer that no longer acknowledges.
                if error.errno is not None or timeout is None:
                    raise ReadError(reason(error)) from error
                raise IdleTimeout(timeout) from error
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise ReadError(reason(error)) from error
            if not data and self._guard.closed:
                raise closed()
            # `read1` takes the end of the connection for the end of the body.
            missing = response.length
            if not data and missing:
                raise ReadError(f"the connection ended {missing} bytes before the body did")
            # http.client parses the size of a chunk with `int`, which accepts negative numbers.
            if response.chunked:
                left = response.chunk_left
                if left is not None and left < 0:
                    raise ReadError("a chunk of the body has a negative size")
                if data and left == 0:
                    data += response.take_buffered_chunks()
        return data

    def _close_response(self) -> None:
        # At the end of the body, and after an error, http.client has closed it.
        if self._response is not None and self._response.fp is not None:
            self._response.close()

    def connect(
        self, address: tuple[str, int], _timeout: object = None, _source: object = None
    ) -> socket.socket:
        """Return a connected socket. Replaces `socket.create_connection()`, which cannot be interrupted.

        Tries each address of the host. Each gets its share of the time, so that one that never answers
        leaves some for the others.
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
                # Raised too if this machine does not have the address family.
                failure = error
            if self._guard.closed or self._guard.expired:
                break
        raise failure

    def _connected(self, connection: socket.socket, place: Any, seconds: float | None) -> socket.socket:
        try:
            self._guard.attach(connection)
            self._connect_nonblocking(connection, place, seconds)
            # From now on, `deadline()` and the reader's timeout are the limits.
            connection.setblocking(True)
            # Without an idle timeout, this is how a peer that vanished is noticed, after some hours.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_nonblocking(self, connection: socket.socket, place: Any, seconds: float | None) -> None:
        """Connect, in a way that `close()` can end at any moment.

        A socket can be shut down only once its connect has begun. So the guard is asked again right after
        that: it knows of a `close()` that came earlier.
        """
        connection.setblocking(False)
        code = connection.connect_ex(place)
        self._guard.check()
        if code in {errno.EINPROGRESS, errno.EWOULDBLOCK}:
            with selectors.DefaultSelector() as selector:
                selector.register(connection, selectors.EVENT_WRITE)
                if not selector.select(seconds):
                    raise TimeoutError(f"no answer from {place[0]}")
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._guard.check()
        if code:
            raise OSError(code, os.strerror(code))


class _SocketReader(io.RawIOBase):
    """Reads a socket, with a timeout that may differ for each read.

    `http.client` reads through a `BufferedReader` on top of this.

    Attributes:
        timeout: seconds that the next read may wait; None for no limit. Set by the exchange.
        at_eof: whether the last read found the end of the connection.
        peeking: while True, a read returns no data and does not touch the socket.
        connection: the socket, also after it was closed.
    """

    def __init__(self, connection: socket.socket, raw: io.RawIOBase) -> None:
        super().__init__()
        self.timeout: float | None = None
        self.at_eof = False
        self.peeking = False
        self.connection = connection
        # The `SocketIO` that http.client has made: the socket is closed when this is.
        self._raw = raw
        self._socket_timeout: float | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.peeking:
            return None
        # `settimeout` costs as much as a small read, and the timeout of a stream rarely changes.
        if self.timeout != self._socket_timeout:
            self.connection.settimeout(self.timeout)
            self._socket_timeout = self.timeout
        # Directly, not through the `SocketIO`: two calls fewer for each read.
        count = self.connection.recv_into(buffer)
        self.at_eof = count == 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _HTTPResponse(http.client.HTTPResponse):
    """A response whose body can be read as it arrives.

    Attributes:
        reader: the source of all its bytes.
    """

    def __init__(self, connection: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(connection, *args, **options)
        self.reader = _SocketReader(connection, self.fp.detach())
        self.fp = io.BufferedReader(self.reader, READ_SIZE)

    def _read_status(self) -> tuple[str, int, str]:
        # `begin` skips a 100 response, but takes other interim responses (102, 103) for the final one.
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, 100 if 100 < status < 200 and status != 101 else status, reason

    def take_buffered_chunks(self) -> bytes:
        """Return the data of all chunks that are already in the buffer and complete.

        http.client returns one chunk for each `read1`, which is five calls of Python functions. On a busy
        stream, one read of the socket brings hundreds of small chunks. Expected here: chunks without
        extensions, complete in the buffer. All else is left to http.client.
        """
        self.reader.peeking = True
        try:
            # Without `peeking`, this would wait for the socket if the buffer is empty.
            buffered = self.fp.peek()
        finally:
            self.reader.peeking = False
        chunks = []
        end = 0
        while (size := CHUNK_SIZE(buffered, end)) is not None:
            start = size.end()
            length = int(size[1], 16)
            # A chunk of size 0 ends the body, and trailers may follow.
            if not length or start + length > len(buffered):
                break
            end = start + length
            chunks.append(buffered[start:end])
        if end:
            self.fp.read(end)
        return b"".join(chunks)


class _Connection:
    """What the connections for http and https share: how to connect, and how to send.

    The server may respond, and close, before it has read the whole request: with 401 or 413 to a large
    body, for instance. So errors of writing are ignored, and the response is read. If there is none, reading
    it fails.
    """

    def __init__(self, host: str, *, connect: Callable[..., socket.socket], **options: Any) -> None:
        super().__init__(host, **options)  # type: ignore[call-arg]
        self.response_class: type[http.client.HTTPResponse] = _HTTPResponse
        # Private in http.client, but there is no other hook.
        self._create_connection = connect

    def send(self, data: Any) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().send(data)  # type: ignore[misc]


class _HTTPConnection(_Connection, http.client.HTTPConnection):
    pass


class _HTTPSConnection(_Connection, http.client.HTTPSConnection):
    pass


class _UrllibRequest(urllib.request.Request):
    """A `Request` as urllib wants it, with the function that connects its socket."""

    def __init__(self, request: Request, connect: Callable[..., socket.socket]) -> None:
        super().__init__(request.url, data=request.body, method=request.method)
        self.connect = connect
        for name, value in request.raw_headers:
            # http.client encodes a str as ISO-8859-1, which gives the same bytes again.
            self.add_header(name.decode(), value.decode("latin-1"))
        if not self.has_header("User-agent") and "user-agent" not in request.withheld:
            self.add_header("User-Agent", f"sse-core/{sse_core.__version__}")


class _ProxyHandler(urllib.request.ProxyHandler):
    """The proxies of the environment or the caller. Raises for one that cannot be used."""

    def proxy_open(self, request: urllib.request.Request, proxy: str, scheme: str) -> Any:
        kind, separator, _ = proxy.partition("://")
        if separator and kind.lower() != "http" and not urllib.request.proxy_bypass(request.host):
            raise ConnectError(
                f"the proxy set for {scheme} is of kind {kind!r}, and only 'http' is supported"
            )
        return super().proxy_open(request, proxy, scheme)


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


def _body_decoder(head: Response) -> Decoder | None:
    """Return the decoder of the body, or None if its encoding is not supported."""
    # http.client knows the transfer coding "chunked" alone, and ignores any other.
    if (head.joined("Transfer-Encoding") or "chunked").strip(" \t").lower() != "chunked":
        return None
    return decoder_for(head.joined("Content-Encoding"))
