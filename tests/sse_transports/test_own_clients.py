"""What every other transport does with connections of its own, as `UrllibTransport` does."""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import socket
import ssl
import stat
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import aiohttp
import anyio
import httpx2
import pytest

from sse_core import ConnectError, ContentEncodingError, HTTPStatusError, IncompleteStream, RetryPolicy
from sse_transports import (
    AiohttpTransport,
    AnyioTransport,
    AsyncEventSource,
    AsyncHttpx2Transport,
    AsyncTransport,
    EventSource,
    Httpx2Transport,
    _httpx2_client,
)
from sse_transports._httpx2_client import _ssl_context
from sse_transports._sockets import KEEP_ALIVE
from sse_transports._sockets import connect as connect_to_first
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.proxy import forward
from tests.sse_transports.raw_server import fin, raw_server, reset
from tests.sse_transports.reading import Reading

QUICK = RetryPolicy(initial_delay=0.01, min_delay=0.0, max_attempts=5)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
Read = Callable[..., list[str]]


def one_and_end(call: Call) -> None:
    call.respond(body=b"id: 1\ndata: a\n\n")


def blocking(make: Callable[..., Any]) -> Read:
    def read(url: str, **options: Any) -> list[str]:
        with make() as transport, EventSource(url, transport=transport, **options) as source:
            return [event.data for event in source]

    return read


def on(backend: str, make: Callable[[], AsyncTransport]) -> Read:
    def read(url: str, **options: Any) -> list[str]:
        async def main() -> list[str]:
            transport = make()
            try:
                async with AsyncEventSource(url, transport=transport, **options) as source:
                    return [event.data async for event in source]
            finally:
                await transport.close()

        return anyio.run(main, backend=backend)

    return read


CLIENTS: dict[str, Read] = {
    "httpx2": blocking(Httpx2Transport),
    "anyio on asyncio": on("asyncio", AnyioTransport),
    "anyio on trio": on("trio", AnyioTransport),
    "aiohttp": on("asyncio", AiohttpTransport),
    "httpx2 on asyncio": on("asyncio", AsyncHttpx2Transport),
    "httpx2 on trio": on("trio", AsyncHttpx2Transport),
}
every_client = pytest.mark.parametrize("read", CLIENTS.values(), ids=CLIENTS)


# TCP keep-alive.


@every_client
@pytest.mark.parametrize("way", ["direct", "proxy", "tunnel"])
def test_connections_have_tcp_keep_alive(
    read: Read, way: str, monkeypatch: pytest.MonkeyPatch, server_tls: ssl.SSLContext
) -> None:
    found: list[list[int]] = []

    def options_of_the_client(call: Call) -> None:
        """Read the options of the other end, which is a socket of this process."""
        found.extend(
            [connection.getsockopt(*option[:2]) for option in KEEP_ALIVE]
            for connection in sockets_of_this_process()
            if connection.getsockname() == call._connection.getpeername()
        )
        if way == "direct":
            one_and_end(call)
        elif way == "proxy":
            forward(call)
        else:
            call.respond(403, [("Content-Length", "0")])

    with SSEServer(one_and_end) as server, SSEServer(options_of_the_client) as other:
        if way == "direct":
            assert read(other.url, retry=None) == ["a"]
        elif way == "proxy":
            monkeypatch.setenv("ALL_PROXY", other.url)
            assert read(server.url, retry=None) == ["a"]
        else:
            monkeypatch.setenv("https_proxy", other.url)
            with pytest.raises(ConnectError, match="403"):
                read("https://127.0.0.1:9/", retry=None)
    assert found
    assert all(values == [value for _, _, value in KEEP_ALIVE] for values in found)


def sockets_of_this_process() -> Iterator[socket.socket]:
    """Yield a duplicate of each TCP connection."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # a Path opens more of them
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            descriptor = os.dup(int(name))
            stack.callback(os.close, descriptor)
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                stack.pop_all()
                with socket.socket(fileno=descriptor) as connection:
                    connection.getpeername()
                    if connection.family == socket.AF_INET:
                        yield connection


# Several addresses.


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, SSEServer]]:
    """The URL of a host with two addresses, the first of which never answers."""
    with SSEServer(one_and_end) as server, socket.socket() as hole, socket.socket() as queued:
        hole.bind(("127.0.0.2", server.port))
        hole.listen(0)
        queued.connect(hole.getsockname())
        real = socket.getaddrinfo

        def resolve(host: Any, *args: Any, **options: Any) -> Any:
            if host not in ("two.test", b"two.test"):
                return real(host, *args, **options)
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.port))
                for address in ("127.0.0.2", "127.0.0.1")
            ]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        yield f"http://two.test:{server.port}/", server


only_on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue responds")


@only_on_linux
@every_client
def test_address_without_an_answer_does_not_delay(read: Read, two_addresses: tuple[str, SSEServer]) -> None:
    # The next is tried after a quarter of a second: what waits for the first fails.
    assert read(two_addresses[0], retry=None, timeout=20.0) == ["a"]


@only_on_linux
@pytest.mark.parametrize("limit", [None, 60.0])
def test_callers_client_has_time_for_the_next_address(
    limit: float | None, two_addresses: tuple[str, SSEServer]
) -> None:
    with httpx2.Client(timeout=limit) as client, Httpx2Transport(client) as transport:
        source = EventSource(two_addresses[0], retry=None, timeout=2.0, transport=transport)
        assert [event.data for event in source] == ["a"]


@only_on_linux
def test_close_ends_a_connection_attempt(unanswered: int) -> None:
    with Httpx2Transport() as transport:
        source = EventSource(f"http://127.0.0.1:{unanswered}/", timeout=None, transport=transport)
        with Reading(source) as reading:
            reading.until_blocked_in(connect_to_first)
            source.close()
            reading.until_ended()
            assert reading.error is None


def test_refused_socket_option_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some systems refuse it if the server has already ended the connection."""

    class Refusing(socket.socket):
        def setsockopt(self, *_: Any) -> None:
            raise OSError(errno.EINVAL, "Invalid argument")

    def connect(*args: Any) -> socket.socket:
        return Refusing(fileno=connect_to_first(*args).detach())

    monkeypatch.setattr(_httpx2_client, "connect", connect)
    with SSEServer(one_and_end) as server:
        assert CLIENTS["httpx2"](server.url, retry=None) == ["a"]


# Certificates.


@every_client
def test_rejected_certificate_is_final(read: Read, server_tls: ssl.SSLContext) -> None:
    with SSEServer(one_and_end, context=server_tls) as server:
        with pytest.raises(ConnectError, match="certificate verify failed") as caught:
            read(server.url, retry=QUICK)
        assert caught.value.final
        assert f"127.0.0.1:{server.port}" in str(caught.value)


# Proxies of the environment.


@every_client
@pytest.mark.parametrize("address", ["socks5://user:secret@127.0.0.1:9", "http://user:secret@127.0.0.1:port"])
def test_unusable_proxy_is_final(read: Read, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", address)
    with SSEServer(one_and_end) as server:
        with pytest.raises(ConnectError, match="ALL_PROXY") as caught:
            read(server.url, retry=QUICK)
        assert caught.value.final
        assert "secret" not in str(caught.value)
        assert server.calls == []
        monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
        assert read(server.url, retry=None) == ["a"]


@every_client
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_error_for_unreachable_proxy_names_it(
    read: Read, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        monkeypatch.setenv("ALL_PROXY", f"http://user:secret@127.0.0.1:{port}")
        with pytest.raises(ConnectError) as caught:
            read(f"{scheme}://stream.test/?token=secret", retry=None)
    assert str(caught.value).startswith(f"stream.test: proxy 127.0.0.1:{port}: ")
    assert "Connection refused" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert not caught.value.final


@every_client
@pytest.mark.parametrize("status", [407, 502])
def test_refused_credentials_for_a_proxy_are_final(
    read: Read, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SSEServer(lambda call: call.respond(status, [])) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//user:secret@"))
        with pytest.raises(ConnectError) as caught:
            read("https://stream.test/?token=secret", retry=None)
    assert str(caught.value).startswith(f"stream.test: proxy 127.0.0.1:{proxy.port}: ")
    assert str(status) in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.final == (status == 407)


@every_client
def test_timeout_at_a_proxy_names_it(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(ConnectError, match=rf"^stream.test: proxy 127.0.0.1:{port}: no response within"):
            read("http://stream.test/", retry=None, timeout=0.2)


@every_client
@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200x OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        OK + b"no colon\r\n\r\n",
    ],
)
def test_malformed_headers_show_no_query(read: Read, head: bytes) -> None:
    query = "key='y secret"  # in a line of its own: a traceback shows the line of the call
    with raw_server(head) as server, pytest.raises((ConnectError, IncompleteStream)) as caught:
        read(f"http://127.0.0.1:{server.port}/?{query}", method="POST", retry=None)
    text = "".join(traceback.format_exception(caught.value))
    assert "secret" not in text
    # After the host, whose port may contain any number.
    assert "400" not in str(caught.value).partition(": ")[2]


@pytest.mark.parametrize("name", ["httpx2", "httpx2 on asyncio", "httpx2 on trio"])
def test_unusable_certificate_file_is_final(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _ssl_context.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", "/there/is/no/such/file")
    with pytest.raises(ConnectError, match="certificates") as caught:
        CLIENTS[name]("https://127.0.0.1:9/", retry=QUICK)
    assert caught.value.final


# Bytes after a complete response.


@every_client
def test_bytes_after_a_204_do_not_hide_it(read: Read) -> None:
    first = OK + b"Connection: close\r\n\r\ndata: a\n\n"
    last = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\nbytes"
    with raw_server(first, last) as server:
        assert read(f"http://127.0.0.1:{server.port}/", retry=QUICK) == ["a"]
        assert len(server.requests) == 2


@every_client
def test_bytes_after_an_error_do_not_hide_it(read: Read) -> None:
    answer = b"HTTP/1.1 401 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno bytes"
    with raw_server(answer) as server:
        with pytest.raises(HTTPStatusError, match="401") as caught:
            read(f"http://127.0.0.1:{server.port}/", retry=QUICK)
        assert caught.value.body == b"no"
        assert len(server.requests) == 1


@every_client
def test_headers_may_arrive_byte_by_byte(read: Read) -> None:
    def drip(call: Call) -> None:
        for byte in OK + b"Connection: close\r\n\r\ndata: a\n\ndata: b\n\n":
            call.send(bytes([byte]))

    with SSEServer(drip) as server:
        assert read(server.url, retry=None) == ["a", "b"]


# Transfer codings.


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"gzip, chunked"])
def test_unsupported_transfer_coding_is_an_error(name: str, coding: bytes) -> None:
    body = gzip.compress(b"data: a\n\n")
    if coding.endswith(b"chunked"):
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with raw_server(OK + b"Transfer-Encoding: " + coding + b"\r\n\r\n" + body) as server:
        with pytest.raises((ContentEncodingError, ConnectError), match="not supported") as caught:
            CLIENTS[name](f"http://127.0.0.1:{server.port}/", retry=QUICK)
        assert len(server.requests) == 1
    if "httpx2" not in name:
        assert type(caught.value) is ContentEncodingError
        assert coding.decode() in str(caught.value)
    else:
        # httpx2 does not say what the headers were.
        assert isinstance(caught.value, ConnectError)
        assert caught.value.final


# TLS: what these clients hide ("Known limits").


@contextlib.asynccontextmanager
async def over_aiohttp(context: ssl.SSLContext) -> AsyncIterator[AsyncTransport]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        yield AiohttpTransport(session)


@contextlib.asynccontextmanager
async def over_httpx2(context: ssl.SSLContext) -> AsyncIterator[AsyncTransport]:
    async with httpx2.AsyncClient(verify=context) as client:
        yield AsyncHttpx2Transport(client)


def read_blocking(context: ssl.SSLContext, url: str, **options: Any) -> list[str]:
    with httpx2.Client(verify=context) as client:
        return blocking(lambda: Httpx2Transport(client))(url, **options)


def read_on(
    backend: str, over: Callable[..., Any], context: ssl.SSLContext, url: str, **options: Any
) -> list[str]:
    async def main() -> list[str]:
        async with (
            over(context) as transport,
            AsyncEventSource(url, transport=transport, **options) as source,
        ):
            return [event.data async for event in source]

    return anyio.run(main, backend=backend)


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(read_blocking, id="httpx2"),
        pytest.param(partial(read_on, "asyncio", over_aiohttp), id="aiohttp"),
        pytest.param(partial(read_on, "asyncio", over_httpx2), id="httpx2 on asyncio"),
        pytest.param(partial(read_on, "trio", over_httpx2), id="httpx2 on trio"),
    ],
)
@pytest.mark.parametrize("end", [fin, reset])
def test_until_notices_a_truncated_tls_body(
    read: Callable[..., list[str]],
    end: Callable[[socket.socket], None],
    server_tls: ssl.SSLContext,
    client_tls: ssl.SSLContext,
) -> None:
    """Without `until`, an end without close_notify looks like a clean end."""
    with raw_server(OK + b"\r\ndata: a\n\n", context=server_tls, end=end) as server:
        url = f"https://127.0.0.1:{server.port}/"
        if end is fin:
            assert read(client_tls, url, method="POST") == ["a"]
        # A reset may overtake the response.
        with pytest.raises(IncompleteStream if end is fin else (IncompleteStream, ConnectError)):
            read(client_tls, url, method="POST", until="end")
