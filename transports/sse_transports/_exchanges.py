"""What the exchanges of all HTTP clients share: decoding the body, and the errors they raise."""

from __future__ import annotations

import os
import re
import ssl
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from sse_core import ConnectError, ContentEncodingError, IllegalState, ReadError, Request, Response

from ._content_coding import Decoder, Identity, decoder_for
from ._fork import ProcessOwner

FIELD_VALUE = re.compile(rb"(?:[^\x00-\x20\x7f](?:[^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)?").fullmatch
"""A header's value as HTTP can carry it: no blank at an end, no control character but a tab inside."""

URL_WITH_SECRETS = re.compile(r"\b(https?://)(?:[^/?#\s]*@)?([\w.:\[\]-]*)\S*")
"""Finds URLs in the texts of HTTP clients. A user, password or query may be secret: only the host is kept."""

PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}

CERTIFICATE_REFUSED = re.compile("CERTIFICATE|UNKNOWN_CA").search
"""Finds OpenSSL's names of such errors."""

NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
"""OpenSSL's names of the error of a server that answers without TLS, before and since version 3.2."""


class _ExchangeBase(ProcessOwner):
    """The part of an exchange that does no I/O: the same for blocking and async clients."""

    def __init__(self, request: Request, timeout: float | None) -> None:
        super().__init__()
        self._request = request
        self._timeout = timeout
        # None until the response headers have arrived.
        self._head: Response | None = None
        # None if the body's content encoding is not supported.
        self._decoder: Decoder | None = None
        # Whether the body has no content encoding, as nearly always: then reads skip the decoder.
        self._is_identity = False

    def _opened(self, head: Response, decoder: Decoder | None) -> Response:
        """Keep the response headers and the body's decoder; return the headers."""
        self._head = head
        self._decoder = decoder
        self._is_identity = isinstance(decoder, Identity)
        return head

    def _require_decoder(self) -> Decoder:
        if self._head is None:
            raise not_open()
        if self._decoder is None:
            raise ContentEncodingError(self._head.status, self._head.headers, url=self._head.url)
        return self._decoder

    def _not_connected(self, reason: str, final: bool = False, proxy: str | None = None) -> ConnectError:
        """Return an error that names the server and the proxy, which an error of the network does not.

        Args:
            reason: what failed, without secrets.
            final: whether another attempt would fail in the same way.
            proxy: the URL of the proxy, if there is one.
        """
        server = urlsplit(self._request.url).netloc.rpartition("@")[2]
        via = "" if proxy is None else f"proxy {_address_of_proxy(proxy)}: "
        return ConnectError(f"{server}: {via}{reason}", final)

    def _connect_failed(self, error: BaseException, proxy: str | None = None) -> ConnectError:
        """Return the error for what an HTTP client raised. See `is_final_tls_error`."""
        return self._not_connected(connect_reason(error), is_final_tls_error(error), proxy)

    def _invalid_header(self, name: str) -> ConnectError:
        """Return the error for a header that an HTTP client refuses. Its value may be a secret."""
        fault = "its value has a blank at an end or a control character"
        return self._not_connected(f"the header {name!r} cannot be sent: {fault}", final=True)

    def _no_response(self, proxy: str | None = None) -> ConnectError:
        """Return the error for a `timeout` that has passed."""
        return self._not_connected(f"no response within {self._timeout:g} seconds (timeout)", proxy=proxy)


class DecodedExchange(_ExchangeBase, ABC):
    """A blocking exchange whose HTTP client returns the body's bytes still encoded."""

    def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes as soon as there are any. See `Exchange.read`."""
        if self._is_identity:
            return self._read_raw(timeout)
        decoder = self._require_decoder()
        while True:
            data = decoder.read()
            if data:
                return data
            data = self._read_raw(timeout)
            if not data:
                decoder.end()
                return b""
            decoder.feed(data)

    @abstractmethod
    def _read_raw(self, timeout: float | None) -> bytes:
        """Return the next bytes as they were sent, before decoding."""


class AsyncDecodedExchange(_ExchangeBase, ABC):
    """An async exchange whose HTTP client returns the body's bytes still encoded."""

    async def read(self, timeout: float | None) -> bytes:
        """Return the body's next bytes as soon as there are any. See `AsyncExchange.read`."""
        if self._is_identity:
            return await self._read_raw(timeout)
        from anyio.lowlevel import cancel_shielded_checkpoint  # the blocking transports do not need anyio

        decoder = self._require_decoder()
        data = decoder.read()
        if data:
            return data
        while True:
            data = await self._read_raw(timeout)
            if not data:
                decoder.end()
                return b""
            decoder.feed(data)
            data = decoder.read()
            if data:
                return data
            # A body may have many parts that decode to nothing, and all of it may have arrived: other tasks
            # must have their turn. A cancellation here would leave the exchange open; `_read_raw` raises it.
            await cancel_shielded_checkpoint()

    @abstractmethod
    async def _read_raw(self, timeout: float | None) -> bytes:
        """Return the next bytes as they were sent, before decoding."""


def body_decoder(head: Response) -> Decoder | None:
    """Return the decoder of the body, or None if its encoding is not supported."""
    # Other transfer codings than "chunked", such as "gzip, chunked", are not supported: no client decodes
    # them, and aiohttp delivers the compressed bytes.
    if (head.joined("Transfer-Encoding") or "chunked").strip(" \t").lower() != "chunked":
        return None
    return decoder_for(head.joined("Content-Encoding"))


def closed() -> ReadError:
    """Return the error for using an exchange that was closed."""
    return ReadError("the exchange is closed")


def not_open() -> IllegalState:
    """Return the error for reading from an exchange that was not opened."""
    return IllegalState("read() before open()")


def reason(error: BaseException) -> str:
    """Return a readable message: what the system or TLS says, or else the first text. Without URLs' secrets.

    HTTP clients wrap errors, in some without a text ("ReadError") or the cause ("All attempts failed").
    """
    wrapped = getattr(error, "reason", None)
    chain = list(causes(wrapped if isinstance(wrapped, BaseException) else error))
    for cause in reversed(chain):
        message = getattr(cause, "verify_message", None)
        if message is not None:
            # Without the codes of the library, and its line in a source file.
            return f"certificate verify failed: {message}"
        if isinstance(cause, OSError) and cause.errno:
            # asyncio replaces the system's text by one that does not say what failed.
            if isinstance(cause, ConnectionError):
                return f"[Errno {cause.errno}] {os.strerror(cause.errno)}"
            return str(cause)
    message = next((text for cause in chain if (text := str(cause))), type(error).__name__)
    return URL_WITH_SECRETS.sub(r"\1\2", message)


def connect_reason(error: BaseException) -> str:
    """Return a readable message for a connection that could not be made: see `reason`."""
    if any(name in NO_TLS for name in _tls_errors(error)):
        return "the server does not speak TLS; is it http://?"
    return reason(error)


def _address_of_proxy(url: str) -> str:
    """Return host and port, without user and password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return host if parts.port is not None else f"{host}:{PROXY_PORTS.get(parts.scheme, 80)}"


def invalid_header(fields: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the name of the first header that is not valid (RFC 9110, 5.5), or None."""
    return next((name.decode("latin-1") for name, value in fields if not FIELD_VALUE(value)), None)


def is_final_tls_error(error: BaseException) -> bool:
    """Return whether TLS failed at a certificate that one side does not accept, or at a server without TLS.

    Another attempt would fail in the same way: `ConnectError.final`.
    """
    # For instance CERTIFICATE_VERIFY_FAILED here, or TLSV13_ALERT_CERTIFICATE_REQUIRED by the server.
    return any(name in NO_TLS or CERTIFICATE_REFUSED(name) for name in _tls_errors(error))


def _tls_errors(error: BaseException) -> Iterator[str]:
    """Yield OpenSSL's name of each TLS error among the causes."""
    for cause in causes(error):
        # aiohttp's errors of this kind have no reason, and the cause has.
        if isinstance(cause, ssl.SSLError) and isinstance(name := getattr(cause, "reason", None), str):
            yield name


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, its cause, the cause of that, and so on; of a group, its first.

    httpx2 hides some with `from None`.
    """
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        inner = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else None
        cause = inner or cause.__cause__ or cause.__context__
