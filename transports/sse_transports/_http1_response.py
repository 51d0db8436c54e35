"""Reading an HTTP/1.1 response without I/O, with llhttp: the parser of Node, in Python as `httptools`.

llhttp is strict in what says where a body ends (RFC 9112, 6). What this file adds: limits, interim responses,
and the end of a body that ends with its connection.
"""

from __future__ import annotations

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MAX_HEAD = 2**16
"""The largest number of bytes of the response headers, together with interim responses."""

MAX_FIELDS = 256
"""The largest number of response headers."""

MAX_WITHOUT_BODY = 2**14
"""The largest number of bytes in a row without any of the body: chunk extensions and trailers."""

SWITCHING_PROTOCOLS = 101

VERSIONS = frozenset({"1.1", "1.0"})


class ResponseReader:
    """Reads the response to one request: bytes in, the headers and the body's bytes out.

    Attributes:
        status: the status code; 0 until the response headers are complete.
        reason: the reason phrase, for messages.
        headers: the header fields as (name, value), in order.
        started: whether any byte of the response has arrived.
        ended: whether the body is complete.
        fault: what is malformed or too large, or `""`. Bytes of the body that came before it are valid.
    """

    def __init__(self, method: str) -> None:
        self.status = 0
        self.reason = ""
        self.headers: list[tuple[bytes, bytes]] = []
        self.started = False
        self.ended = False
        self.fault = ""
        self._method = method
        # Bytes of the response until its headers were complete; then, those since the last of the body.
        self._size = 0
        self._until_close = False
        # Whether the server keeps the connection. httptools knows it only before the end of the message.
        self._keeps_alive = False
        # Whether more than the response has arrived. Then the connection cannot be used again.
        self._surplus = False
        # The body's bytes of one call of `feed`.
        self._pieces: list[bytes] = []
        # How many of them this response has, once it has ended. A response to no request may follow.
        self._count = 0
        # httptools looks these methods up here. It calls this for each piece of the body: a method of our own
        # would double the cost of a chunk.
        self.on_body = self._pieces.append
        self._parser = HttpResponseParser(self)

    def feed(self, data: bytes) -> bytes:
        """Parse the next bytes, and return those of the body. `fault` says what is wrong, if anything is."""
        in_head = not self.status
        if self._until_close and not in_head:
            return data
        self.started = True
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            # They stop at 101 too, and at what follows the last response of a connection.
            if self.ended:
                self._surplus = True
            else:
                self.fault = f"malformed HTTP: {error}"
        pieces = self._pieces
        if self.ended and len(pieces) > self._count:
            self._surplus = True
            del pieces[self._count :]
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        if body or (in_head and self.status):
            self._size = 0
        elif not self.ended:
            self._check_size(len(data))
        return body

    def end(self) -> None:
        """Note the end of the connection."""
        if self._until_close and self.status:
            self.ended = True
        elif not self.started:
            self.fault = "the server closed the connection without a response"
        elif not self.ended and not self.fault:
            self.fault = f"the connection ended inside the {'body' if self.status else 'response headers'}"
        self._surplus = True

    @property
    def is_reusable(self) -> bool:
        """Whether the connection can carry another request: nothing follows this response."""
        return self.ended and not self._surplus and not self.fault and self._keeps_alive

    def _check_size(self, size: int) -> None:
        self._size += size
        limit = MAX_WITHOUT_BODY if self.status else MAX_HEAD
        if self._size > limit and not self.fault:
            what = "chunk extensions and trailers" if self.status else "the response headers"
            self.fault = f"{what} are larger than {limit} bytes"

    # What httptools calls.

    def on_message_begin(self) -> None:
        """Note the first byte of a response: of this one, or of one that must not be there."""
        self._surplus = self.ended

    def on_status(self, reason: bytes) -> None:
        """Keep the reason phrase, or a piece of it."""
        if not self.status:
            self.reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header field; ignore trailers."""
        if not self.status:
            self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Accept the response headers, or skip those of an interim response (RFC 9110, 15.2)."""
        if self.status:
            return
        status, version = self._parser.get_status_code(), self._parser.get_http_version()
        size = sum(len(name) + len(value) for name, value in self.headers)
        if version not in VERSIONS:
            self.fault = f"the response is of HTTP/{version}, expected HTTP/1.0 or 1.1"
        elif status < 100:
            self.fault = f"malformed HTTP: the status {status:03}"
        elif len(self.headers) > MAX_FIELDS:
            self.fault = f"the response has more than {MAX_FIELDS} headers"
        elif size > MAX_HEAD:
            self.fault = f"the response headers are larger than {MAX_HEAD} bytes"
        elif 100 <= status < 200 and status != SWITCHING_PROTOCOLS:
            self.headers.clear()
            self.reason = ""
        else:
            self.status = status
            names = {name.lower() for name, _ in self.headers}
            self._keeps_alive = self._parser.should_keep_alive()
            self._until_close = not names & {b"content-length", b"transfer-encoding"}
            if self._method == "HEAD":
                self.ended = True

    def on_message_complete(self) -> None:
        """Note the end of the body, but not that of an interim response."""
        if self.status and not self.ended:
            self.ended = True
            self._count = len(self._pieces)
