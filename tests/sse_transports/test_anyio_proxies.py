"""`AnyioTransport` through proxies: which one, what it is sent, and what its refusal means."""

from __future__ import annotations

import ssl
from base64 import b64encode
from typing import Any

import pytest

from sse_core import ConnectError, InvalidArgument
from sse_transports import AnyioTransport, AsyncEventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.connection_server import ConnectionServer, Peer
from tests.sse_transports.proxy import forward
from tests.sse_transports.runtimes import each_runtime, fetch, run

CREDENTIALS = b"Basic " + b64encode(b"us:er:p@ss")


def one_and_end(call: Call) -> None:
    call.respond(body=b"id: 1\ndata: a\n\n")


def read(runtime: str, url: str, transport: AnyioTransport, **options: Any) -> list[str]:
    async def main() -> list[str]:
        async with transport, AsyncEventSource(url, retry=None, transport=transport, **options) as source:
            return [event.data async for event in source]

    return run(runtime, main)


@pytest.fixture(params=[False, True], ids=["plain proxy", "TLS proxy"])
def proxy_tls(request: pytest.FixtureRequest, server_tls: ssl.SSLContext) -> ssl.SSLContext | None:
    return server_tls if request.param else None


@each_runtime
def test_http_is_requested_from_the_proxy_by_its_whole_url(
    runtime: str, proxy_tls: ssl.SSLContext | None, client_tls: ssl.SSLContext
) -> None:
    with SSEServer(one_and_end) as server, SSEServer(forward, context=proxy_tls) as proxy:
        transport = AnyioTransport(context=client_tls, proxy=proxy.url)
        assert read(runtime, f"{server.url}/stream?a=b", transport) == ["a"]
        assert [(call.method, call.path) for call in proxy.calls] == [("GET", f"{server.url}/stream?a=b")]
        assert proxy.calls[0].headers["host"] == f"127.0.0.1:{server.port}".encode()
        assert server.calls[0].path == "/stream"


@each_runtime
def test_https_is_tunneled_also_inside_tls(
    runtime: str, proxy_tls: ssl.SSLContext | None, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    with SSEServer(one_and_end, context=server_tls) as server, SSEServer(forward, context=proxy_tls) as proxy:
        transport = AnyioTransport(context=client_tls, proxy=proxy.url)
        headers = {"Authorization": "Bearer secret"}
        assert read(runtime, f"{server.url}/stream", transport, headers=headers) == ["a"]
        (call,) = proxy.calls
        assert (call.method, call.path) == ("CONNECT", f"127.0.0.1:{server.port}")
        assert call.headers["host"] == f"127.0.0.1:{server.port}".encode()
        # Headers for the server are sent inside the tunnel only.
        assert "authorization" not in call.headers
        assert (server.calls[0].path, server.calls[0].headers["authorization"]) == (
            "/stream",
            b"Bearer secret",
        )


@each_runtime
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("own", [False, True], ids=["of the URL", "of the caller"])
def test_proxy_credentials_are_sent_to_the_proxy_only(
    runtime: str, encrypted: bool, own: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    headers = {"proxy-authorization": "Bearer own"} if own else {}
    with (
        SSEServer(one_and_end, context=server_tls if encrypted else None) as server,
        SSEServer(forward) as proxy,
    ):
        url = proxy.url.replace("//", "//us%3Aer:p%40ss@")
        transport = AnyioTransport(context=client_tls, proxy=url)
        assert read(runtime, server.url, transport, headers=headers) == ["a"]
        expected = b"Bearer own" if own else CREDENTIALS
        assert proxy.calls[0].headers["proxy-authorization"] == expected
        assert "proxy-authorization" not in server.calls[0].headers


@each_runtime
def test_proxy_authorization_is_sent_to_no_server_without_a_proxy(runtime: str) -> None:
    with SSEServer(one_and_end) as server:
        headers = {"Proxy-Authorization": "Bearer own"}
        assert read(runtime, server.url, AnyioTransport(proxy=""), headers=headers) == ["a"]


@each_runtime
@pytest.mark.parametrize(("status", "final"), [(407, True), (403, False), (502, False), (302, False)])
def test_refused_tunnel_says_what_the_proxy_answered(runtime: str, status: int, final: bool) -> None:
    def refuse(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 %d Not for you\r\nContent-Length: 4\r\n\r\nbody" % status)

    with ConnectionServer(refuse) as proxy:
        transport = AnyioTransport(proxy=proxy.url.replace("//", "//user:secret@"))
        with pytest.raises(ConnectError) as caught:
            read(runtime, "https://stream.test/?token=secret", transport)
    message = f"stream.test: proxy 127.0.0.1:{proxy.port}: the proxy answered {status} Not for you"
    assert str(caught.value) == message
    assert caught.value.final == final


@each_runtime
@pytest.mark.parametrize(
    ("response", "fault"),
    [
        (b"", "closed the connection without a response"),
        (b"HTTP/1.1 200", "ended inside the response headers"),
        (b"SSH-2.0-OpenSSH_9\r\n", "malformed HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, "the response headers are larger than"),
    ],
)
def test_malformed_answer_of_a_proxy_is_an_error(runtime: str, response: bytes, fault: str) -> None:
    def answer(peer: Peer) -> None:
        peer.read_request()
        peer.send(response)

    with ConnectionServer(answer) as proxy, pytest.raises(ConnectError, match=fault) as caught:
        read(runtime, "https://stream.test/", AnyioTransport(proxy=proxy.url))
    assert f"proxy 127.0.0.1:{proxy.port}: " in str(caught.value)
    assert not caught.value.final


@each_runtime
def test_connection_through_a_proxy_is_used_again(
    runtime: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    def one_event_each(peer: Peer) -> None:
        while peer.read_request():
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ndata: a\n\n")

    async def main() -> None:
        async with AnyioTransport(context=client_tls, proxy=proxy.url) as transport:
            for _ in range(2):
                assert (await fetch(transport, server.url))[0] == 200

    with ConnectionServer(one_event_each, context=server_tls) as server, SSEServer(forward) as proxy:
        run(runtime, main)
        assert len(proxy.calls) == 1
    assert (len(server.requests), len(server.peers)) == (2, 1)


# Which proxy.


@each_runtime
def test_callers_proxy_or_none_replaces_the_environments(
    runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with SSEServer(one_and_end) as server, SSEServer(forward) as proxy:
        assert read(runtime, server.url, AnyioTransport(proxy=proxy.url)) == ["a"]
        assert len(proxy.calls) == 1
        assert read(runtime, server.url, AnyioTransport(proxy="")) == ["a"]
        assert len(proxy.calls) == 1
        with pytest.raises(ConnectError, match=r"proxy 127\.0\.0\.1:9: "):
            read(runtime, server.url, AnyioTransport())
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert read(runtime, server.url, AnyioTransport()) == ["a"]
        assert len(proxy.calls) == 1


@pytest.mark.parametrize(
    "proxy",
    ["socks5://u:secret@127.0.0.1:9", "ftp://u:secret@h", "http://", "http://u:secret@h:port", "http://[::1"],
)
def test_proxy_that_cannot_be_used_is_refused_at_once(proxy: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^proxy: ") as caught:
        AnyioTransport(proxy=proxy)
    assert "secret" not in str(caught.value)


@each_runtime
def test_proxys_certificate_is_verified(runtime: str, server_tls: ssl.SSLContext) -> None:
    with (
        SSEServer(forward, context=server_tls) as proxy,
        pytest.raises(ConnectError, match="certificate verify failed") as caught,
    ):
        read(runtime, "http://stream.test/", AnyioTransport(proxy=proxy.url))
    assert caught.value.final
    assert f"proxy 127.0.0.1:{proxy.port}: " in str(caught.value)
