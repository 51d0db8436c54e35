"""The least that reading a stream costs: httptools over anyio's sockets, without parsing the events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import anyio
from anyio.abc import ByteReceiveStream
from httptools import HttpResponseParser


class _Response:
    """Keeps the pieces of the body. httptools calls its methods."""

    def __init__(self) -> None:
        self.has_headers = False
        self.pieces: list[bytes] = []
        self.on_body = self.pieces.append

    def on_headers_complete(self) -> None:
        self.has_headers = True


@asynccontextmanager
async def open_bare(url: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """Send a request, wait for the response headers, and return the body: the bytes of each read."""
    server = urlsplit(url)
    assert server.hostname is not None
    assert server.port is not None
    response = _Response()
    parser = HttpResponseParser(response)
    async with await anyio.connect_tcp(server.hostname, server.port) as stream:
        await stream.send(f"GET {server.path} HTTP/1.1\r\nHost: {server.netloc}\r\n\r\n".encode())
        while not response.has_headers:
            parser.feed_data(await stream.receive())
        yield _read(stream, parser, response.pieces)


async def _read(
    stream: ByteReceiveStream, parser: HttpResponseParser, pieces: list[bytes]
) -> AsyncIterator[bytes]:
    while True:
        if pieces:
            body = b"".join(pieces)
            pieces.clear()
            yield body
        try:
            data = await stream.receive()
        except anyio.EndOfStream:
            return
        parser.feed_data(data)
